"""Bank statements and the entries that are left to a person."""

from collections.abc import Callable
from typing import Any, ClassVar
from uuid import UUID

import django_filters
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.access import requires
from apps.common.pages import Empty, ListPage
from apps.payments.domain.matching import suggestions
from apps.payments.forms import StatementForm
from apps.payments.models import BankEntry, Payment
from apps.payments.operations import import_bank_statement, match_entry, set_entry_aside
from apps.payments.queries.bank import candidates, own_entries, returnable, unmatched_count
from apps.payments.tables import EntryTable

# Open documents offered on an entry's page beside the suggested ones.
OFFERED = 200


class EntryFilters(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(
        label=gettext_lazy("State"), choices=BankEntry.State.choices
    )

    class Meta:
        model = BankEntry
        fields: ClassVar[list[str]] = ["state"]


class EntryList(ListPage):
    """Bookings of the company's accounts; what is to assign first."""

    model = BankEntry
    table_class = EntryTable
    title = gettext_lazy("Bank entries")
    search_fields = ("text", "other_name", "end_to_end_id")
    filterset_class = EntryFilters
    export_name = "bank-entries"
    intro_template = "payments/statement_upload.html"
    empty = Empty(
        "landmark", gettext_lazy("No bank entries yet"),
        gettext_lazy("Bring in a bank statement: payments that name a document are assigned by themselves."),
    )  # fmt: skip

    def get_queryset(self) -> QuerySet[BankEntry]:
        return own_entries()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kwargs.setdefault("statement_form", StatementForm())
        return super().get_context_data(**kwargs, left=unmatched_count())


@require_POST
@requires("match_payments")
def new_statement(request: HttpRequest) -> HttpResponse:
    """Bring in a bank statement."""
    form = StatementForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            found = import_bank_statement(
                content=form.cleaned_data["file"].read(), now=timezone.now(), actor=request.user
            )
        except ValidationError as error:
            form.add_error("file", error.messages[0])
        else:
            told = _("%(new)s new entries, %(matched)s assigned; %(known)s were known before.")
            named = {"new": found.new, "matched": found.matched, "known": found.known}
            messages.success(request, told % named)
            return redirect("bank_entry_list")
    return render(request, "payments/statement_new.html", {"statement_form": form}, status=422)


@require_GET
@requires("match_payments")
def entry_detail(request: HttpRequest, entry_id: UUID) -> HttpResponse:
    """One booking, what it may be, and the two ways to decide."""
    entry = get_object_or_404(own_entries().select_related("statement", "payment"), pk=entry_id)
    open_ones = candidates() if entry.state == "unmatched" and entry.amount_minor > 0 else []
    near = suggestions(
        f"{entry.text} {entry.end_to_end_id}", entry.other_name, entry.amount_minor,
        entry.currency, open_ones,
    )  # fmt: skip
    others = [one for one in open_ones if one.currency == entry.currency and one not in near]
    context = {
        "entry": entry, "near": near, "others": others[:OFFERED],
        "returns": _returns(entry),
    }  # fmt: skip
    return render(request, "payments/entry_detail.html", context)


def _returns(entry: BankEntry) -> list[Payment] | None:
    """Which payments it may take back; None where it is no open return."""
    if entry.state != BankEntry.State.UNMATCHED or entry.amount_minor > 0 or not entry.is_return:
        return None
    return list(returnable(entry)[:OFFERED])


def _decided(
    request: HttpRequest, entry: BankEntry, told: str, act: Callable[[], Any]
) -> HttpResponse:
    try:
        act()
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("bank_entry_detail", entry.public_id)
    messages.success(request, told)
    return redirect("bank_entry_list")


@require_POST
@requires("match_payments")
def entry_assignment(request: HttpRequest, entry_id: UUID) -> HttpResponse:
    """The entry pays this document, or takes this payment back."""
    entry = get_object_or_404(own_entries(), pk=entry_id)
    reference = request.POST.get("reference", "").replace("\0", "")[:80]
    told = _("The entry is assigned; the payment is noted.")
    if entry.amount_minor < 0:
        told = _("The entry is assigned; the payment came back.")
    return _decided(
        request, entry, told,
        lambda: match_entry(
            entry=entry, reference=reference, now=timezone.now(), actor=request.user
        ),
    )  # fmt: skip


@require_POST
@requires("match_payments")
def entry_exclusion(request: HttpRequest, entry_id: UUID) -> HttpResponse:
    """The entry is no customer's payment."""
    entry = get_object_or_404(own_entries(), pk=entry_id)
    return _decided(
        request, entry, _("The entry is set aside."),
        lambda: set_entry_aside(entry=entry, now=timezone.now(), actor=request.user),
    )  # fmt: skip
