"""Lists and sheets of contracts."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import django_filters
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from apps.accounts.access import requires
from apps.assets.models import Asset, DataGrant
from apps.assets.queries import seen_grants
from apps.common.canonical import exact
from apps.common.navigation import SELLS
from apps.common.pages import Action, Empty, ListPage
from apps.common.templatetags.portal import day
from apps.contracts.forms.costs import cost_form
from apps.contracts.models import (
    Contract,
    ContractItem,
    CoverChange,
    EndNotice,
    PlanProposal,
    Refusal,
    Signature,
)
from apps.contracts.queries import (
    content_of,
    content_sha256,
    contracts_of_asset,
    history_of,
    offered_before,
    signatures_of,
)
from apps.contracts.queries.covers import can_be_accepted, covers_to_accept, open_change
from apps.contracts.queries.ends import ShownEnd, ends_to_sign, shown_ends
from apps.contracts.queries.plans import (
    acceptable,
    prices_to_accept,
    versions_of,
)
from apps.contracts.queries.refusals import latest_refusal, refusals_of
from apps.contracts.tables import ContractTable
from apps.contracts.wording import act_words, plan_words
from apps.contracts.wording.changes import Change, content_changes, plan_changes
from apps.contracts.wording.clause import clause_words
from apps.contracts.wording.commercial import commercial_words
from apps.contracts.wording.items import item_words
from apps.contracts.wording.notice import end_words, notice_words
from apps.contracts.wording.opening import opening_words
from apps.tenancy.context import current_company

WHAT = Refusal.What
_SHOWN_ACTS = 50
_SHOWN_ITEMS = 200


class ContractFilters(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(
        choices=Contract.State.choices, empty_label=gettext_lazy("Every state")
    )
    waits = django_filters.ChoiceFilter(
        choices=(
            ("prices", gettext_lazy("New prices to accept")),
            ("assets", gettext_lazy("A change of assets to accept")),
            ("end", gettext_lazy("An end to sign")),
        ),
        method="waiting", label=gettext_lazy("Waits for"), empty_label=gettext_lazy("All contracts"),
    )  # fmt: skip

    def waiting(self, rows: QuerySet[Contract], name: str, value: str) -> QuerySet[Contract]:
        waits = {"prices": prices_to_accept, "assets": covers_to_accept, "end": ends_to_sign}
        return rows.filter(waits[value](timezone.localdate()))


class ContractList(ListPage):
    """Contracts the company provides, and those it is the customer of."""

    model = Contract
    table_class = ContractTable
    title = gettext_lazy("Contracts")
    search_fields = ("title", "provider_name", "customer_name", "order_number")
    filterset_class = ContractFilters
    export_name = "contracts"
    actions = (
        Action("order_new", gettext_lazy("Bill a single job"), "wrench", "sign_contracts", False, SELLS),
        Action("contract_new", gettext_lazy("New contract"), capability="draft_contracts", sides=SELLS),
    )  # fmt: skip
    empty = Empty(
        "handshake", gettext_lazy("No contracts yet"),
        gettext_lazy("A contract says which assets are covered and what their use costs."),
        "contract_new", gettext_lazy("Draft a contract"), "draft_contracts", SELLS,
    )  # fmt: skip

    def get_queryset(self) -> QuerySet[Contract]:
        rows: QuerySet[Contract] = Contract.objects.all()
        return rows

    def sides(self) -> Sequence[Q]:
        own = current_company()
        return Q(author=own), Q(customer=own)


@require_GET
@requires("view_contracts")
def contract_detail(request: HttpRequest, contract_id: UUID) -> HttpResponse:
    """The sheet: parties, items, plan in words, signatures, history, and what comes next."""
    read_once = Contract.objects.select_related("network").prefetch_related("items", "plans")
    contract = get_object_or_404(read_once, pk=contract_id)
    company = current_company().pk
    proposals = list(PlanProposal.objects.filter(contract=contract))
    signatures = list(signatures_of(contract))
    ends = shown_ends(contract, signatures, timezone.now())
    refusals = refusals_of(contract) if signatures else []
    later = _signed_later(contract, proposals, ends)
    content = content_sha256(contract)
    offered_at = contract.offered_at
    # An offer taken back and made again wants a new yes.
    signed = {
        row.author_id for row in signatures
        if row.content_sha256 == content and offered_at and row.signed_at >= offered_at
    }  # fmt: skip
    items = list(contract.items.all())
    first_plan = min(contract.plans.all(), key=lambda row: row.number, default=None)
    context: dict[str, Any] = {
        "contract": contract, **_prices(contract, proposals, signatures, refusals),
        **_change(contract, items, signatures, refusals),
        "offer_refusal": _offer_refused(contract, refusals, content),
        "items": [(item, item_words(item)) for item in items[:_SHOWN_ITEMS]], "item_count": len(items),
        "changed": _changed(contract, signatures, content),
        "opening": opening_words(
            contract.opening_balances, first_plan.plan if first_plan else None
        ),
        "commercial": commercial_words(contract),
        "seen_assets": _seen(items[:_SHOWN_ITEMS]),
        "signatures": [(row, later.get(row.content_sha256)) for row in signatures], "content": content,
        "ends": [
            (end_words(end.row), end, _refused(refusals, WHAT.END, end.row)) for end in ends
        ], "own": contract.author_id == company,
        "to_sign": contract.state == Contract.State.OFFERED
        and company == contract.customer_id
        and company not in signed,
        "signed_waits": contract.state == Contract.State.OFFERED
        and contract.customer_id in signed,
        "notice": notice_words(contract),
        "clause": list(map(clause_words, contract.clause)),
        "grants": _grants(contract),
        "history": [(act_words(row.action), row) for row in history_of(contract)[:_SHOWN_ACTS]],
    }  # fmt: skip
    if contract.customer_id == company and contract.state != Contract.State.DRAFT:
        context["cost_form"] = cost_form(contract)
    return render(request, "contracts/contract_detail.html", context)


def _grants(contract: Contract) -> list[DataGrant]:
    """What the contract bore, as far as the company sees it."""
    if contract.activated_at is None:
        return []
    rows = seen_grants().filter(contract_id=contract.pk)
    return list(rows.order_by("asset_label", "pk")[:100])


def _seen(items: list[ContractItem]) -> set[UUID]:
    """The covered assets that the company may open."""
    covered = Asset.objects.filter(pk__in={item.asset_id for item in items})
    return set(covered.order_by().values_list("pk", flat=True))


def _prices(
    contract: Contract,
    proposals: list[PlanProposal],
    signatures: list[Signature],
    refusals: list[Refusal],
) -> dict[str, Any]:
    """The plan's versions in words, and the proposed next one."""
    now = timezone.now()
    standing = (row for row in proposals if row.state == PlanProposal.State.OPEN)
    proposal = next(standing, None)
    context: dict[str, Any] = {
        "versions": [(row, plan_words(row.version.plan)) for row in versions_of(contract, now)],
        "proposal": proposal,
    }  # fmt: skip
    if proposal is not None:
        context |= {
            "proposed_charges": plan_words(proposal.plan),
            "proposed_changes": _proposed(contract, proposal),
            "proposal_refusal": _refused(refusals, WHAT.PRICES, proposal),
            "proposal_open": acceptable(contract, proposal, now),
            "accepted_waits": any(
                row.author_id == contract.customer_id
                and row.content_sha256 == proposal.content_sha256
                for row in signatures
            ),
        }
    return context


def _proposed(contract: Contract, proposal: PlanProposal) -> list[Change]:
    """The proposed prices beside those they follow."""
    before = [row for row in contract.plans.all() if row.valid_from < proposal.valid_from]
    latest = max(before, key=lambda row: (row.valid_from, row.number), default=None)
    return [] if latest is None else plan_changes(latest.plan, proposal.plan)


def _change(
    contract: Contract,
    items: list[ContractItem],
    signatures: list[Signature],
    refusals: list[Refusal],
) -> dict[str, Any]:
    """The proposed change of what is covered, and what of it would go."""
    change = open_change(contract) if contract.state == Contract.State.ACTIVE else None
    if change is None:
        return {"change": None}
    labels = {str(item.pk): f"{item.asset_label} · {item.channel_code}" for item in items}
    return {
        "change": change, "leaving": [labels[key] for key in change.withdrawn if key in labels],
        "change_refusal": _refused(refusals, WHAT.ASSETS, change),
        "change_open": can_be_accepted(contract, change, timezone.now()),
        "change_accepted": any(
            row.author_id == contract.customer_id and row.content_sha256 == change.content_sha256
            for row in signatures
        ),
    }  # fmt: skip


def _refused(
    refusals: list[Refusal], what: str, row: PlanProposal | CoverChange | EndNotice
) -> Refusal | None:
    return latest_refusal(refusals, what, row.content_sha256, row.made_at)


def _offer_refused(contract: Contract, refusals: list[Refusal], content: str) -> Refusal | None:
    """The no to the offer that stands; of a draft that to the offer before it."""
    if contract.state == Contract.State.OFFERED:
        return latest_refusal(refusals, WHAT.OFFER, content, contract.offered_at)
    said = [row for row in refusals if row.what == WHAT.OFFER]
    return said[-1] if said and contract.state == Contract.State.DRAFT else None


def _signed_later(
    contract: Contract, proposals: list[PlanProposal], ends: list[ShownEnd]
) -> dict[str, str]:
    """By digest what a signature beside those of the contract itself is for."""
    changes = contract.cover_changes.all() if contract.is_concluded else ()
    prices, assets = _("new prices from %(day)s"), _("change of assets from %(day)s")
    found = {row.content_sha256: prices % {"day": day(row.valid_from)} for row in proposals}
    found |= {row.content_sha256: assets % {"day": day(row.valid_from)} for row in changes}
    return found | {end.row.content_sha256: end_words(end.row) for end in ends}


def _changed(contract: Contract, signatures: list[Signature], content: str) -> list[Change]:
    """What an offer, or a draft that was one, says otherwise than the offer before."""
    if contract.state not in (Contract.State.DRAFT, Contract.State.OFFERED):
        return []
    earlier = offered_before(contract, signatures, content)
    if earlier is None:
        return []
    return content_changes(earlier.content, exact(content_of(contract)))  # type: ignore[arg-type]


@require_GET
@requires("view_contracts")
def asset_contracts(request: HttpRequest, asset_id: UUID) -> HttpResponse:
    """Part of an asset's page: the contracts that cover it."""
    get_object_or_404(Asset, pk=asset_id)
    context = {"contracts": contracts_of_asset(asset_id)[:50]}
    return render(request, "contracts/asset_contracts.html", context)
