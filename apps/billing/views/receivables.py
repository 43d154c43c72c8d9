"""Pages of what is owed: open items with their ages, payments by hand, credits, write-offs."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import django_filters
from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.access import requires
from apps.billing.forms import PaymentForm, WriteOffForm
from apps.billing.models import CustomerCredit, NotedPayment, Receivable
from apps.billing.operations import note_payment, take_noted_payment_back, use_credit, write_off
from apps.billing.queries.owed import ageing, days_overdue, owed_on
from apps.billing.tables import CreditTable, ReceivableTable
from apps.common.money import Money, format_money
from apps.common.navigation import SELLS
from apps.common.pages import Action, Empty, ListPage
from apps.common.period import local_date
from apps.payments.operations import start_checkout
from apps.tenancy.context import current_company

OURS, THEIRS = "out", "in"


def today_here() -> Any:
    """The day in the company's zone."""
    return local_date(timezone.now(), current_company().time_zone)


class ReceivableFilters(django_filters.FilterSet):
    show = django_filters.ChoiceFilter(
        choices=[
            ("overdue", gettext_lazy("overdue")), ("disputed", gettext_lazy("disputed")),
            ("reminded", gettext_lazy("reminded")), ("all", gettext_lazy("settled ones too")),
        ],
        method="by_standing", label=gettext_lazy("Show"),
        empty_label=gettext_lazy("What is open"),
    )  # fmt: skip
    direction = django_filters.ChoiceFilter(
        choices=[(OURS, gettext_lazy("owed to us")), (THEIRS, gettext_lazy("owed by us"))],
        method="by_direction", label=gettext_lazy("Direction"),
        empty_label=gettext_lazy("Both directions"),
    )  # fmt: skip

    def by_standing(self, rows: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        if value == "overdue":
            return rows.filter(due_on__lt=today_here())
        if value == "disputed":
            return rows.filter(disputed_minor__gt=0)
        return rows.filter(level__gt=0) if value == "reminded" else rows

    def by_direction(self, rows: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        own = current_company()
        return rows.filter(author=own) if value == OURS else rows.exclude(author=own)


class ReceivableList(ListPage):
    model = Receivable
    table_class = ReceivableTable
    title = gettext_lazy("Open items")
    search_fields = ("invoice__number", "reminder__number", "invoice__contract__customer_name")
    search_hint = gettext_lazy("Search number or customer …")
    filterset_class = ReceivableFilters
    intro_template = "billing/receivables/ageing.html"
    export_name = "open-items"
    actions = (
        Action(
            "reminder_run",
            gettext_lazy("Reminders"),
            "bell-ring",
            "settle_receivables",
            sides=SELLS,
        ),
    )
    empty = Empty(
        "circle-check", gettext_lazy("Nothing is open"),
        gettext_lazy("Issued invoices appear here until they are paid, credited or written off."),
        "invoice_list", gettext_lazy("Open the invoices"), "view_invoices",
    )  # fmt: skip

    def get_queryset(self) -> QuerySet[Any]:
        rows = Receivable.objects.select_related("invoice", "reminder")
        return rows if self.request.GET.get("show") == "all" else rows.filter(open_minor__gt=0)

    def sides(self) -> Sequence[Q]:
        own = current_company()
        return Q(author=own), Q(customer=own)

    def annotate_rows(self, rows: Sequence[Any]) -> None:
        own, today = current_company().pk, today_here()
        for row in rows:
            row.own = row.author_id == own
            row.number = row.paper.number
            row.other_party = row.invoice.facts["recipient" if row.own else "issuer"]["name"]
            row.days_overdue = days_overdue(row, today)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        own, today = current_company(), today_here()
        sides = [
            (_("Owed to us"), ageing(Receivable.objects.filter(author=own), today)),
            (_("Owed by us"), ageing(Receivable.objects.filter(customer=own), today)),
        ]
        return super().get_context_data(**kwargs, ages=[side for side in sides if side[1]])


@require_GET
@requires("view_invoices")
def invoice_owed(request: HttpRequest, invoice_id: UUID) -> HttpResponse:
    """Part of an invoice's page: what is open, and what was paid, reminded of and disputed.

    A page of its own where scripts are off.
    """
    rows = Receivable.objects.select_related("invoice")
    receivable = get_object_or_404(rows, id=invoice_id)
    context = {
        "invoice": receivable.invoice, "own": receivable.author_id == current_company().pk,
        "owed": owed_on(receivable, today_here()),
    }  # fmt: skip
    part = request.htmx  # type: ignore[attr-defined]
    name = "owed" if part else "owed_page"
    return render(request, f"billing/receivables/{name}.html", context)


class CreditList(ListPage):
    model = CustomerCredit
    table_class = CreditTable
    title = gettext_lazy("Customers' credits")
    pretitle = gettext_lazy("Open items")
    export_name = "credits"
    empty = Empty(
        "wallet", gettext_lazy("No credit"),
        gettext_lazy("What a customer pays too much, and what a credit note has beyond its invoice, "
                     "waits here for the next invoice."),
        "receivable_list", gettext_lazy("Open items"), "view_invoices",
    )  # fmt: skip

    def get_queryset(self) -> QuerySet[Any]:
        return CustomerCredit.objects.select_related("author", "customer").order_by(
            "-made_at", "-id"
        )

    def annotate_rows(self, rows: Sequence[Any]) -> None:
        own = current_company().pk
        for row in rows:
            row.other_party = (row.customer if row.author_id == own else row.author).name


def _own(paper_id: UUID) -> Receivable:
    """Of one of our documents, or of what one of our reminders charges: it has its key."""
    rows = Receivable.objects.written_by(current_company()).select_related("invoice", "reminder")
    return get_object_or_404(rows, id=paper_id)


def _page(owed: Receivable) -> str:
    """Where the document, or the reminder, is shown."""
    name = "invoice_detail" if owed.reminder_id is None else "reminder_detail"
    return reverse(name, args=[owed.paper.public_id])


@require_http_methods(["GET", "POST"])
@requires("settle_receivables")
def new_payment(request: HttpRequest, paper_id: UUID) -> HttpResponse:
    """A payment a person saw on the bank statement."""
    owed = _own(paper_id)
    form = PaymentForm(owed, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            done = note_payment(
                receivable_id=owed.id, payment=form.seen(), now=timezone.now(),
                person=request.user,
            )  # fmt: skip
        except ValidationError as problem:
            form.add_error(None, problem)
        else:
            messages.success(request, _payment_words(owed, done.applied_minor, done.over_minor))
            return redirect(_page(owed))
    return _form_page(request, "billing/receivables/payment.html", owed, form)


def _payment_words(owed: Receivable, applied: int, over: int) -> str:
    if not applied and not over:
        return _("This payment is noted already.")
    if not over:
        return _("The payment is noted.")
    credit = format_money(Money(over, owed.currency), _language())
    return _("The payment is noted. %(credit)s are over and stay the customer's credit.") % {
        "credit": credit
    }


def _language() -> str:
    from django.utils.translation import get_language

    return get_language() or "en"


@require_http_methods(["GET", "POST"])
@requires("settle_receivables")
def new_write_off(request: HttpRequest, paper_id: UUID) -> HttpResponse:
    """Gives up what is open, with a reason."""
    owed = _own(paper_id)
    form = WriteOffForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            write_off(
                receivable_id=owed.id, reason=form.cleaned_data["reason"], now=timezone.now(),
                person=request.user,
            )  # fmt: skip
        except ValidationError as problem:
            form.add_error(None, problem)
        else:
            messages.success(request, _("What was open is written off."))
            return redirect(_page(owed))
    return _form_page(request, "billing/receivables/write_off.html", owed, form)


def _form_page(
    request: HttpRequest, template: str, owed: Receivable, form: forms.Form
) -> HttpResponse:
    context = {"owed": owed, "paper": owed.paper, "back": _page(owed), "form": form}
    return render(request, template, context)


@require_POST
@requires("settle_receivables")
def payment_return(request: HttpRequest, payment_id: UUID) -> HttpResponse:
    """A payment noted by mistake, or returned by the bank."""
    rows = NotedPayment.objects.written_by(current_company()).select_related(
        "receivable__invoice", "receivable__reminder"
    )
    payment = get_object_or_404(rows, id=payment_id)
    return _done(
        request, payment.receivable, _("The payment is taken back."),
        lambda: take_noted_payment_back(
            payment=payment, now=timezone.now(), person=request.user
        ),
    )  # fmt: skip


@require_POST
@requires("settle_receivables")
def credit_use(request: HttpRequest, paper_id: UUID) -> HttpResponse:
    """Settles the document with what the customer has."""
    owed = _own(paper_id)
    return _done(
        request, owed, _("The customer's credit is used."),
        lambda: use_credit(receivable=owed, now=timezone.now(), used_by=request.user),
    )  # fmt: skip


def _done(
    request: HttpRequest, owed: Receivable, text: str, act: Callable[[], Any]
) -> HttpResponse:
    try:
        act()
        messages.success(request, text)
    except ValidationError as problem:
        messages.error(request, " ".join(problem.messages))
    return redirect(_page(owed))


@require_POST
@requires("pay")
def checkout(request: HttpRequest, paper_id: UUID) -> HttpResponse:
    """By the customer: pay what is open and not disputed, at the payment provider's page."""
    rows = Receivable.objects.select_related("invoice", "reminder", "author")
    owed = get_object_or_404(rows, id=paper_id, customer=current_company())
    page = _page(owed)
    try:
        address = start_checkout(
            payee=owed.author, reference=owed.paper.public_id, title=owed.paper.number or "",
            amount_minor=owed.open_minor - owed.disputed_minor, currency=owed.currency,
            return_url=page, now=timezone.now(),
        )  # fmt: skip
    except ValidationError as problem:
        messages.error(request, " ".join(problem.messages))
        return redirect(page)
    return redirect(address)
