"""Pages of invoices, for their issuer and for their customer."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import django_filters
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.access import requires
from apps.billing.models import DocumentFile, Invoice, Receivable
from apps.billing.operations import approve_invoices, discard_draft, issue_invoices
from apps.billing.operations.documents import broken_rules
from apps.billing.queries.composing import document_of_invoice, ways_to_pay
from apps.billing.queries.documents import document_of, sums_of
from apps.billing.queries.evidence import evidence_file
from apps.billing.queries.owed import days_overdue
from apps.billing.queries.receivables import held_back
from apps.billing.tables import InvoiceTable
from apps.billing.wording import rule_words
from apps.common.forms import MonthInput
from apps.common.ids import BadId, decode, encode
from apps.common.navigation import SELLS
from apps.common.pages import Empty, ListPage
from apps.common.period import local_date, month_period
from apps.common.quantity import BadValue
from apps.tenancy.context import current_company
from apps.tenancy.models import Company
from apps.tenancy.queries import known_companies

MINE, THEIRS = "out", "in"


def _known(request: HttpRequest | None) -> QuerySet[Company]:
    return known_companies()


class InvoiceFilters(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(
        choices=Invoice.State.choices, empty_label=gettext_lazy("Every state")
    )
    kind = django_filters.ChoiceFilter(
        choices=Invoice.Kind.choices, empty_label=gettext_lazy("Every kind")
    )
    direction = django_filters.ChoiceFilter(
        choices=[
            (MINE, gettext_lazy("written by us")), (THEIRS, gettext_lazy("addressed to us")),
        ],
        method="by_direction", label=gettext_lazy("Direction"),
        empty_label=gettext_lazy("Both directions"),
    )  # fmt: skip
    month = django_filters.CharFilter(
        method="by_month", widget=MonthInput(), label=gettext_lazy("Month of service")
    )
    customer = django_filters.ModelChoiceFilter(
        queryset=_known, empty_label=gettext_lazy("Every customer")
    )

    def by_direction(self, rows: QuerySet[Invoice], _name: str, value: str) -> QuerySet[Invoice]:
        own = current_company()
        return rows.filter(author=own) if value == MINE else rows.exclude(author=own)

    def by_month(self, rows: QuerySet[Invoice], _name: str, value: str) -> QuerySet[Invoice]:
        """Periods that end within the month, in the company's zone."""
        try:
            month = month_period(value, current_company().time_zone)
        except BadValue:
            return rows.none()
        return rows.filter(period_end__gt=month.start, period_end__lte=month.end)


class InvoiceList(ListPage):
    model = Invoice
    table_class = InvoiceTable
    title = gettext_lazy("Invoices")
    search_fields = ("number", "contract__title", "contract__customer_name")
    filterset_class = InvoiceFilters
    intro_template = "billing/invoice_tools.html"
    export_name = "invoices"
    empty = Empty(
        "receipt-text", gettext_lazy("No invoice yet"),
        gettext_lazy("Invoices come from billing runs; those addressed to you appear when they "
                     "are issued."),
        "run_new", gettext_lazy("Start a billing run"), "run_billing", SELLS,
    )  # fmt: skip

    def get_queryset(self) -> QuerySet[Invoice]:
        return Invoice.objects.select_related("contract")

    def sides(self) -> Sequence[Q]:
        own = current_company()
        return Q(author=own), Q(customer=own, state=Invoice.State.ISSUED)

    def annotate_rows(self, rows: Sequence[Any]) -> None:
        own = current_company().pk
        for row in rows:
            row.own = row.author_id == own
            row.other_party = row.facts["recipient" if row.own else "issuer"]["name"]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        narrowing = self.request.GET.urlencode()
        context = super().get_context_data(**kwargs, narrowing=narrowing)
        # What is not counted is not added up while somebody waits: the page asks for it afterwards.
        return {**context, "sums": None if context["more"] else sums_of(self.found)}


class InvoiceSums(InvoiceList):
    """Part of the list: what its invoices come to, over as many as there are."""

    template_name = "billing/invoice_sums.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {"sums": sums_of(self.found)}

    def get_template_names(self) -> list[str]:
        return [self.template_name]


@require_GET
@requires("view_invoices")
def invoice_detail(request: HttpRequest, invoice_id: UUID) -> HttpResponse:
    """The invoice as a document that prints well; what is owed on it is a part of its own."""
    owed = Receivable.objects.select_related("invoice__contract")
    receivable = owed.filter(id=invoice_id, reminder=None).first()
    rows = Invoice.objects.select_related("contract")
    invoice = receivable.invoice if receivable else get_object_or_404(rows, id=invoice_id)
    today = local_date(timezone.now(), current_company().time_zone)
    context = {
        "invoice": invoice, "document": document_of(invoice),
        "own": invoice.author_id == current_company().pk, "evidence": evidence_file(invoice),
        "receivable": receivable, "days": days_overdue(receivable, today) if receivable else 0,
        "held": {item.line_id for item in held_back([invoice.id])} if receivable else set(),
        "files": list(DocumentFile.objects.filter(document_id=invoice.id)),
        "broken": _broken(invoice),
    }  # fmt: skip
    return render(request, "billing/invoice_detail.html", context)


def _broken(invoice: Invoice) -> list[dict[str, str]]:
    """Of a draft what keeps it from being approved, in words."""
    if invoice.state != Invoice.State.DRAFT:
        return []
    today = local_date(timezone.now(), current_company().time_zone)
    document = document_of_invoice(invoice, today, ways=ways_to_pay())
    return [rule_words(item) for item in broken_rules(document)]


@require_POST
@requires("approve_invoices")
def approve(request: HttpRequest) -> HttpResponse:
    """The chosen drafts, or all drafts of the list as it was narrowed."""
    chosen = _chosen(request, Invoice.State.DRAFT)
    done = approve_invoices(invoices=chosen, now=timezone.now(), approved_by=request.user)
    parked = Invoice.objects.filter(id__among=chosen, state=Invoice.State.DRAFT).count()
    if parked:
        text = ngettext(
            "%(n)s draft breaks a rule for e-invoices and is parked. Its page says which.",
            "%(n)s drafts break a rule for e-invoices and are parked. Their pages say which.",
            parked,
        )
        messages.error(request, text % {"n": parked})
    text = ngettext("%(n)s invoice approved.", "%(n)s invoices approved.", len(done))
    return _back(request, text % {"n": len(done)}, bool(done))


@require_POST
@requires("issue_invoices")
def issue(request: HttpRequest) -> HttpResponse:
    """The chosen approved invoices, or all approved ones of the list as it was narrowed."""
    chosen = _chosen(request, Invoice.State.APPROVED)
    done = issue_invoices(invoices=chosen, now=timezone.now(), issued_by=request.user)
    text = ngettext("%(n)s invoice issued.", "%(n)s invoices issued.", len(done))
    return _back(request, text % {"n": len(done)}, bool(done))


@require_POST
@requires("approve_invoices")
def discard(request: HttpRequest, invoice_id: UUID) -> HttpResponse:
    """Deletes a draft; its period can be billed again."""
    invoice = get_object_or_404(Invoice.objects.written_by(current_company()), id=invoice_id)
    try:
        discard_draft(invoice=invoice_id, now=timezone.now(), discarded_by=request.user)
    except ValidationError as problem:
        messages.error(request, " ".join(problem.messages))
        return redirect("invoice_detail", invoice.public_id)
    messages.success(request, _("The draft is discarded. Its period is billed by the next run."))
    return redirect("invoice_list")


def _chosen(request: HttpRequest, state: str) -> list[UUID]:
    if request.POST.get("scope") != "list":
        return _ticked(request)
    page, narrowed = InvoiceList(), HttpRequest()
    narrowed.GET = QueryDict(request.POST.get("narrowing", "")[:2000])
    page.setup(narrowed)
    page.filters = page._filters()
    rows = page._searched(page._filtered()).filter(author=current_company(), state=state)
    return list(rows.order_by().values_list("id", flat=True))


def _ticked(request: HttpRequest) -> list[UUID]:
    found = []
    for text in request.POST.getlist("invoice"):
        try:
            found.append(decode(Invoice.prefix, text))
        except BadId:
            continue
    return found


def _back(request: HttpRequest, text: str, done: bool) -> HttpResponse:
    if done:
        messages.success(request, text)
    else:
        messages.info(request, _("There was nothing to do: no chosen invoice was in that state."))
    ticked = _ticked(request)
    if request.POST.get("single") and len(ticked) == 1:
        return redirect("invoice_detail", encode(Invoice.prefix, ticked[0]))
    narrowing = request.POST.get("narrowing", "")[:2000]
    return redirect(reverse("invoice_list") + (f"?{narrowing}" if narrowing else ""))
