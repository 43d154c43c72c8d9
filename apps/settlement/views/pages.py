"""Money home, shares, settled periods with their margin, and the ledger."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import django_filters
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from apps.accounts.access import requires
from apps.billing.models import Invoice
from apps.common.pages import Action, Empty, ListPage
from apps.common.period import local_date
from apps.common.sankey import picture
from apps.common.templatetags.portal import translated
from apps.contracts.models import Contract, CreditUse
from apps.settlement.models import SettledPeriod, Share, Transfer
from apps.settlement.queries.pages import (
    flows,
    periods_with_margin,
    shares_of_document,
    shares_seen,
    sides_of_transfers,
    standings,
    transfers_seen,
    unsettled,
)
from apps.settlement.tables import PeriodTable, ShareTable, TransferTable
from apps.tenancy.context import current_company

_SHOWN_CREDITS = 50


@require_GET
@requires("view_money")
def money_home(request: HttpRequest) -> HttpResponse:
    """What the company owes and is owed: documents, and shares of contracts."""
    today = local_date(timezone.now(), current_company().time_zone)
    partners = standings(mine=True)
    context = {
        "to_get": unsettled(mine=True, today=today), "to_pay": unsettled(mine=False, today=today),
        "for_partners": partners, "payable": any(row.payable for row in partners),
        "from_providers": standings(mine=False), "credits": CreditUse.objects.all()[:_SHOWN_CREDITS],
        "provides": Contract.objects.written_by(current_company()).exists(),
    }  # fmt: skip
    return render(request, "settlement/money_home.html", context)


class ShareFilters(django_filters.FilterSet):
    side = django_filters.ChoiceFilter(
        choices=(("ours", gettext_lazy("Our shares")), ("theirs", gettext_lazy("Partners' shares"))),
        method="of_side", label=gettext_lazy("Whose shares"), empty_label=gettext_lazy("All shares"),
    )  # fmt: skip

    def of_side(self, rows: Any, name: str, value: str) -> Any:
        own = current_company()
        return rows.filter(partner=own) if value == "ours" else rows.filter(author=own)


class ShareList(ListPage):
    """The statement: every share with the line it comes from; as CSV too."""

    model = Share
    table_class = ShareTable
    title = gettext_lazy("Shares")
    search_fields = ("contract_title", "partner_name", "provider_name", "document_number")
    filterset_class = ShareFilters
    export_name = "shares"
    empty = Empty(
        "git-fork", gettext_lazy("No shares yet"),
        gettext_lazy("When a document of a contract with an agreed split is issued, everybody's share of it stands here."),
        "terms_list", gettext_lazy("Partner terms"), "view_contracts",
    )  # fmt: skip

    def get_queryset(self) -> Any:
        return shares_seen()

    def sides(self) -> Sequence[Q]:
        own = current_company()
        return Q(partner=own), Q(author=own)


class PeriodList(ListPage):
    """Contract margin by period: revenue, what others have of it, what is left."""

    model = SettledPeriod
    table_class = PeriodTable
    title = gettext_lazy("Contract margin")
    search_fields = ("contract__title",)
    export_name = "contract-margin"
    actions = (
        Action(
            "margin_months", gettext_lazy("By month and asset"), "calendar", "view_money",
            primary=False,
        ),
    )  # fmt: skip
    empty = Empty(
        "scale", gettext_lazy("Nothing is settled yet"),
        gettext_lazy("Periods of contracts with an agreed split are settled when their documents are issued."),
        "contract_list", gettext_lazy("Contracts"), "view_contracts",
    )  # fmt: skip

    def get_queryset(self) -> Any:
        return periods_with_margin()


class TransferList(ListPage):
    """The ledger, row by row; as CSV the postings for a bookkeeping."""

    model = Transfer
    table_class = TransferTable
    title = gettext_lazy("Ledger")
    search_fields = ("debit__partner_name",)
    filter_fields = ("cause",)
    export_name = "postings"
    empty = Empty(
        "book-open", gettext_lazy("The ledger is empty"),
        gettext_lazy("Each share, payment and payout is one row here."),
        "money_home", gettext_lazy("Money"), "view_money",
    )  # fmt: skip

    def get_queryset(self) -> Any:
        return transfers_seen()

    def sides(self) -> Sequence[Q]:
        return sides_of_transfers()


@require_GET
@requires("view_money")
def share_detail(request: HttpRequest, share_id: UUID) -> HttpResponse:
    """One share: where it comes from, by which step."""
    share = get_object_or_404(shares_seen().select_related("terms"), pk=share_id)
    context = {"share": share, "own": share.author_id == current_company().pk}
    return render(request, "settlement/share_detail.html", context)


@require_GET
@requires("view_money")
def settled_detail(request: HttpRequest, settled_id: UUID) -> HttpResponse:
    """A settled period: the picture, each company's sum and the shares behind it."""
    settled = get_object_or_404(periods_with_margin(), pk=settled_id)
    shares = list(Share.objects.filter(settled=settled).order_by("generation", "id"))
    context = {
        "settled": settled, "shares": shares[:_SHOWN_SHARES], "share_count": len(shares),
        **_pictured(shares, settled.currency, settled.version.value.residual),
    }  # fmt: skip
    return render(request, "settlement/settled_detail.html", context)


_SHOWN_SHARES = 200


@require_GET
@requires("view_money")
def invoice_shares(request: HttpRequest, invoice_id: UUID) -> HttpResponse:
    """Part of an invoice's page, for its issuer alone: who gets what of it."""
    invoice = get_object_or_404(Invoice.objects.written_by(current_company()), pk=invoice_id)
    shares = shares_of_document(invoice.id)
    rest = shares[0].settled.version.value.residual if shares else 0
    context = {
        "invoice": invoice, "shares": shares[:_SHOWN_SHARES], "share_count": len(shares),
        **_pictured(shares, invoice.currency, rest),
    }  # fmt: skip
    return render(request, "settlement/invoice_shares.html", context)


def _pictured(shares: Sequence[Share], currency: str, rest: int) -> dict[str, Any]:
    totals: dict[str, int] = {}
    for share in shares:
        totals[share.partner_name] = totals.get(share.partner_name, 0) + share.amount_minor
    found = flows(shares, lambda share: translated(share.title) or _("whole period"), rest)
    return {"picture": picture(found), "currency": currency, "totals": totals.items()}
