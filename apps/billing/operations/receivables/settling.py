"""What a person settles by hand: a payment seen on a bank statement, and a write-off."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.billing.domain.receivables import Overdrawn
from apps.billing.models import Allocation, NotedPayment, Receivable, WriteOff
from apps.billing.operations.receivables.allocating import Applied, Incoming, allocate_payment
from apps.billing.operations.receivables.returning import take_payment_back
from apps.billing.operations.receivables.steps import Steps, lock_receivables
from apps.events.operations import record
from apps.payments.models import Payment
from apps.payments.operations import Incoming as Receipt
from apps.payments.operations import note_receipt, take_receipt_back
from apps.tenancy.context import current_company


@dataclass(frozen=True, slots=True)
class SeenPayment:
    """What stands on the bank statement; minor units of the document's currency.

    `key` is made by the form: the same one twice is the same payment.
    """

    key: UUID
    amount_minor: int
    received_on: date
    bank: str = ""
    reference: str = ""


@transaction.atomic
def note_payment(
    *, receivable_id: UUID, payment: SeenPayment, now: datetime, person: Any
) -> Applied:
    """Keep a payment that a person saw and allocate it. A second click changes nothing.

    Raises ValidationError for a document that is not the company's own.
    """
    found = lock_receivables([receivable_id]).get(receivable_id)
    if found is None:
        raise ValidationError(_("This document is not one of yours."))
    if payment.amount_minor <= 0:
        raise ValidationError(_("Enter an amount above 0."))
    own = NotedPayment.objects.written_by(current_company())
    if own.filter(id=payment.key).exists():
        return Applied()
    noted = NotedPayment.objects.create(
        id=payment.key, author_id=found.author_id, parties=found.parties, receivable=found,
        amount_minor=payment.amount_minor, currency=found.currency,
        received_on=payment.received_on, bank=payment.bank[:80],
        reference=payment.reference[:140], noted_at=now, noted_by=str(person)[:200],
    )  # fmt: skip
    note_receipt(payment=_receipt(noted, found), now=now)
    incoming = Incoming(
        noted.id, found.public_id, noted.amount_minor, found.currency, found.customer_id,
        noted.received_on,
    )  # fmt: skip
    return allocate_payment(payment=incoming, now=now)


def _receipt(noted: NotedPayment, found: Receivable) -> Receipt:
    """As the payments app keeps it, so that the bank's entry of the same money joins it."""
    invoice = found.invoice
    return Receipt(
        key=noted.id, provider_ref=f"noted:{noted.id}", amount_minor=noted.amount_minor,
        currency=noted.currency, method=Payment.Method.NOTED, reference=found.paper.public_id,
        title=found.paper.number or "", payer_id=found.customer_id,
        payer_name=invoice.facts["recipient"]["name"], collected_on=noted.received_on,
    )  # fmt: skip


@transaction.atomic
def take_noted_payment_back(*, payment: NotedPayment, now: datetime, person: Any) -> int:
    """It was noted by mistake, or the bank returned it. Twice is once.

    Returns what is open again. Raises ValidationError when its credit was paid out meanwhile, or
    the bank's statement has it.
    """
    take_receipt_back(key=payment.id, now=now)
    try:
        back = take_payment_back(
            payment_id=payment.id, cause_id=payment.id, amount_minor=payment.amount_minor, now=now,
            is_return=True,
        )  # fmt: skip
    except Overdrawn:
        raise ValidationError(
            _("A part of this payment was refunded already; take back the rest as a refund.")
        ) from None
    record(
        action="billing.noted_payment_taken_back", subject=payment.public_id, now=now,
        actor=person, details={"amount_minor": payment.amount_minor},
    )  # fmt: skip
    return back


@transaction.atomic
def write_off(*, receivable_id: UUID, reason: str, now: datetime, person: Any) -> WriteOff:
    """Give up what is open. A payment that comes later brings it back.

    Raises ValidationError where nothing is open, or no reason is given.
    """
    found = lock_receivables([receivable_id]).get(receivable_id)
    if found is None or not found.open_minor:
        raise ValidationError(_("Nothing is open on this document any more."))
    if not reason.strip():
        raise ValidationError(_("Give a reason: auditors will ask for it."))
    given_up = WriteOff.objects.create(
        author_id=found.author_id, parties=found.parties, receivable=found,
        amount_minor=found.open_minor, currency=found.currency, reason=reason.strip()[:500],
        written_off_at=now, written_off_by=str(person)[:200],
    )  # fmt: skip
    steps = Steps(now)
    steps.add(found, Allocation.Source.WRITE_OFF, given_up.id, given_up.amount_minor)
    steps.keep()
    record(
        action="billing.written_off", subject=Receivable.objects.get(id=found.id).invoice.public_id,
        now=now, actor=person, details={"amount_minor": given_up.amount_minor},
        also=[found.customer_id],
    )  # fmt: skip
    return given_up
