"""Money that comes in: whole, part, over."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from apps.billing.domain.receivables import place
from apps.billing.models import Allocation, CustomerCredit, Invoice, Receivable, Reminder
from apps.billing.operations.receivables.steps import Steps, lock_receivables
from apps.common.ids import BadId, decode
from apps.events.operations import record
from apps.tenancy.context import current_company


@dataclass(frozen=True, slots=True)
class Incoming:
    """A payment to the current company; `reference` is the public id of the document it is for."""

    payment_id: UUID
    reference: str
    amount_minor: int
    currency: str
    payer_id: int | None
    # The day on the bank statement, where it is known.
    received_on: date | None = None


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of it, in minor units; `over` is the customer's credit now."""

    applied_minor: int = 0
    over_minor: int = 0


@transaction.atomic
def allocate_payment(*, payment: Incoming, now: datetime) -> Applied:
    """On the document it names, as far as that is open; then on what was charged for paying that
    document late (or, if it names the charge, on the document); the rest is the payer's credit.

    Done twice is done once. A payment in another currency never meets the document: all of it is
    credit. One that names no document and no known payer is left to a person (nothing is applied).
    """
    key = _document(payment.reference)
    family = _family(key) if key else []
    receivable = family[0] if family else None
    if _is_placed(payment.payment_id):
        return Applied()
    applied, steps = 0, Steps(now, payment.received_on)
    if receivable is not None and receivable.currency == payment.currency:
        applied = _apply(receivable, payment, steps)
        applied += _apply_rest(family[1:], payment, payment.amount_minor - applied, steps)
    over = _keep_over(receivable, payment, payment.amount_minor - applied, now)
    steps.keep()
    record(
        action="billing.payment_allocated", subject=payment.reference, now=now,
        details={"applied_minor": applied, "over_minor": over, "currency": payment.currency},
        also=[receivable.customer_id] if receivable else (),
    )  # fmt: skip
    return Applied(applied, over)


def _document(reference: str) -> UUID | None:
    """The document's key; None for a reference of another kind."""
    for prefix in (Invoice.prefix, Receivable.prefix, Reminder.prefix):
        try:
            return decode(prefix, reference)
        except BadId:
            continue
    return None


def _family(key: UUID) -> list[Receivable]:
    """The one of this key, then its document and that document's charges, oldest first; locked."""
    own = Receivable.objects.written_by(current_company())
    of_document = own.filter(invoice__receivables=key).values_list("id", flat=True)
    found = lock_receivables([key, *of_document])
    if key not in found:
        return []
    named = found.pop(key)
    return [named, *sorted(found.values(), key=lambda row: (row.reminder_id is not None, row.id))]


def _is_placed(payment_id: UUID) -> bool:
    """A payment of the current company that was allocated or kept as credit before."""
    own = current_company()
    allocated = Allocation.objects.written_by(own).filter(
        source=Allocation.Source.PAYMENT, source_id=payment_id
    )
    kept = CustomerCredit.objects.written_by(own).filter(
        source=CustomerCredit.Source.OVERPAYMENT, source_id=payment_id
    )
    return allocated.exists() or kept.exists()


def _apply(receivable: Receivable, payment: Incoming, steps: Steps) -> int:
    placed = place(payment.amount_minor, receivable.standing)
    if placed.recovered:
        recovery = Allocation.Source.RECOVERY
        steps.add(receivable, recovery, payment.payment_id, -placed.recovered)
    if placed.applied:
        steps.add(receivable, Allocation.Source.PAYMENT, payment.payment_id, placed.applied)
    return placed.applied


def _apply_rest(
    others: Iterable[Receivable], payment: Incoming, left: int, steps: Steps
) -> int:  # fmt: skip
    """What is over of the one it names, on the others as far as they are open."""
    applied = 0
    for receivable in others:
        amount = min(left - applied, receivable.open_minor)
        if amount:
            steps.add(receivable, Allocation.Source.PAYMENT, payment.payment_id, amount)
            applied += amount
    return applied


def _keep_over(receivable: Receivable | None, payment: Incoming, over: int, now: datetime) -> int:
    customer = receivable.customer_id if receivable else payment.payer_id
    if not over or customer is None:
        return 0
    own = current_company()
    CustomerCredit.objects.create(
        author=own, parties=sorted({own.pk, customer}), customer_id=customer,
        source=CustomerCredit.Source.OVERPAYMENT, source_id=payment.payment_id,
        currency=payment.currency, amount_minor=over, left_minor=over, made_at=now,
    )  # fmt: skip
    return over
