"""Payments that a person saw and noted by hand; the bank's entry of the same money joins them."""

from datetime import datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.payments.models import Payment, Refund
from apps.payments.operations.received import Incoming, hold, record_payment, record_refund
from apps.tenancy.context import current_company


@transaction.atomic
def note_receipt(*, payment: Incoming, now: datetime) -> Payment:
    """It counts as received; whoever notes it knows it by `payment.key`. Twice is once."""
    return record_payment(payment=payment, state=Payment.State.SUCCEEDED, now=now)


@transaction.atomic
def take_receipt_back(*, key: UUID, now: datetime) -> bool:
    """It was noted by mistake; False where there is none of this key. Twice is once.

    The refund has the payment's own key. Raises ValidationError where the bank's statement has it.
    """
    rows = Payment.objects.written_by(current_company()).filter(
        pk=key, method=Payment.Method.NOTED
    )  # fmt: skip
    found = rows.first()
    if found is None:
        return False
    # Held before it is locked, as whoever records it does.
    hold(found.provider_ref)
    found = rows.select_for_update(of=("self",)).get()
    entry = found.bank_entries.first()
    if entry is not None:
        raise ValidationError(
            _("The bank booked this payment on %(day)s: it came in and is not taken back by hand.")
            % {"day": entry.booked_on.isoformat()}
        )
    if found.state == Payment.State.SUCCEEDED:
        record_refund(
            payment=found, provider_ref=f"noted-back:{key}", kind=Refund.Kind.RETURN, now=now,
            amount_minor=found.amount_minor - found.refunded_minor, key=key,
        )  # fmt: skip
    return True
