"""What became of payouts that were sent. Each done twice is done once."""

from datetime import datetime

from django.db import transaction

from apps.events.operations import publish, record
from apps.payments.events import PaidOut, PayoutFailed
from apps.payments.models import Payout
from apps.tenancy.context import current_company

STATE = Payout.State


@transaction.atomic
def note_paid_out(*, payout: Payout, provider_ref: str, now: datetime) -> bool:
    """The transfer is made, or the bank booked it. Whether it was news."""
    return _become(payout, STATE.PAID, (STATE.SENT,), provider_ref, "", now)


@transaction.atomic
def note_payout_failed(
    *, payout: Payout, provider_ref: str, now: datetime, why: str = "returned"
) -> bool:
    """The money came back; the reference may be paid out anew. Whether it was news."""
    return _become(payout, STATE.FAILED, (STATE.SENT, STATE.PAID), provider_ref, why, now)


def _become(
    payout: Payout, state: str, from_states: tuple[str, ...], provider_ref: str, why: str,
    now: datetime,
) -> bool:  # fmt: skip
    rows = Payout.objects.written_by(current_company()).select_for_update(of=("self",))
    row = rows.get(pk=payout.pk)
    if row.state not in from_states:
        return False
    row.state, row.moved_at, row.failure = state, now, why[:200]
    row.provider_ref = provider_ref or row.provider_ref
    row.save(update_fields=["state", "moved_at", "failure", "provider_ref"])
    event = (PaidOut if state == STATE.PAID else PayoutFailed)([row.pk])
    publish(name=event.name, payload=event.payload, now=now)
    record(action=event.name, subject=row.public_id, now=now, also=[row.payee_id])
    return True
