"""What a document's page and the list of open items show of what is owed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum

from apps.billing.models import (
    Allocation,
    CustomerCredit,
    Invoice,
    LineDispute,
    NotedPayment,
    Receivable,
    Reminder,
)
from apps.billing.queries.receivables import held_back
from apps.payments.models import StripeAccount
from apps.payments.queries.money import is_under_way

# Days after the day it was due: the last of each bucket.
AGES = (30, 60, 90)


@dataclass(frozen=True, slots=True)
class Owed:
    """`days` overdue, 0 when not; `credit_minor`: what the customer has in this currency."""

    receivable: Receivable
    paper: Invoice | Reminder
    days: int
    steps: Sequence[Allocation]
    credit_minor: int
    # Whether the issuer takes payments online, and nothing is under way.
    is_payable_online: bool
    # Whether a payment, such as a direct debit, waits for the bank.
    is_under_way: bool
    reminders: Sequence[Reminder] = ()
    disputes: Sequence[LineDispute] = ()
    held: frozenset[Any] = frozenset()

    @property
    def routes(self) -> dict[str, str]:
        """Names of the routes that act on it."""
        of = "charge" if isinstance(self.paper, Reminder) else "invoice"
        return {act: f"{of}_{act}" for act in ("checkout", "payment", "credit", "write_off")}


def owed_on(found: Receivable, today: date) -> Owed:
    """Seven or eight queries."""
    disputes = list(
        found.invoice.disputes.select_related("answer", "line").order_by(
            "line__position", "opened_at"
        )
    )
    held = {dispute.line_id for dispute in held_back([found.invoice_id])} if disputes else set()
    reminders = list(found.reminders.select_related("charge").order_by("level"))
    return replace(
        _owed(found, found.invoice, today), reminders=reminders, disputes=disputes,
        held=frozenset(held),
    )  # fmt: skip


def owed_of(reminder: Reminder, today: date) -> Owed | None:
    """What a reminder charges for being late; None where it charges nothing. Six queries."""
    found = Receivable.objects.filter(reminder=reminder).first()
    return _owed(found, reminder, today) if found else None


def _owed(found: Receivable, paper: Invoice | Reminder, today: date) -> Owed:
    under_way = is_under_way(found.author_id, paper.public_id)
    return Owed(
        found, paper, days_overdue(found, today), _steps(found), credit_of(found),
        not under_way and takes_payments_online(found), under_way,
    )  # fmt: skip


def takes_payments_online(receivable: Receivable) -> bool:
    """Something is open, and the issuer's account at the provider is shown to who asks."""
    accounts = StripeAccount.objects.filter(author=receivable.author_id, charges_enabled=True)
    return receivable.open_minor > receivable.disputed_minor and accounts.exists()


def days_overdue(receivable: Receivable, today: date) -> int:
    return max(0, (today - receivable.due_on).days) if receivable.open_minor else 0


def _steps(receivable: Receivable) -> list[Allocation]:
    """Each step with the payment a person noted, where it is one."""
    steps = list(receivable.allocations.order_by("at", "id"))
    noted = {payment.id: payment for payment in receivable.noted_payments.all()}
    taken = {step.source_id for step in steps if step.source == Allocation.Source.REVERSAL}
    for step in steps:
        payment: NotedPayment | None = noted.get(step.source_id)
        step.noted = payment  # type: ignore[attr-defined]
        step.can_be_taken_back = (  # type: ignore[attr-defined]
            payment is not None
            and step.source == Allocation.Source.PAYMENT
            and payment.id not in taken
        )
    return steps


def credit_of(receivable: Receivable) -> int:
    """What the customer has with the issuer in the document's currency, in minor units."""
    rows = CustomerCredit.objects.filter(
        author=receivable.author_id, customer=receivable.customer_id, currency=receivable.currency
    )
    return int(rows.aggregate(total=Sum("left_minor"))["total"] or 0)


def ageing(receivables: QuerySet[Receivable], today: date) -> list[dict[str, Any]]:
    """By currency what is open: not due, then by days overdue up to AGES, and beyond. One query."""
    edges = [*(date.fromordinal(today.toordinal() - days) for days in (0, *AGES)), date.min]
    sums: dict[str, Any] = {"not_due": Sum("open_minor", filter=Q(due_on__gte=today), default=0)}
    for number, (newest, oldest) in enumerate(pairwise(edges)):
        span = Q(due_on__lt=newest, due_on__gte=oldest)
        sums[f"age_{number}"] = Sum("open_minor", filter=span, default=0)
    rows = receivables.filter(open_minor__gt=0).order_by("currency").values("currency")
    total = {"count": Count("id"), "open": Sum("open_minor"), "disputed": Sum("disputed_minor")}
    return [dict(row) for row in rows.annotate(**total, **sums)]


def exposure(author: Any, customer: Any, currency: str) -> int:
    """What a customer owes an issuer in this currency, less its credits, in minor units."""
    rows = Receivable.objects.filter(author=author, customer=customer, currency=currency)
    owed = rows.aggregate(total=Sum(F("open_minor")))["total"] or 0
    left = CustomerCredit.objects.filter(author=author, customer=customer, currency=currency)
    return int(owed) - int(left.aggregate(total=Sum("left_minor"))["total"] or 0)
