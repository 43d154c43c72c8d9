"""What left in a bank file and did not arrive: two people say so, and the payout has failed."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.events.operations import record
from apps.payments.models import Payout, PayoutLoss
from apps.payments.models.payouts import Way
from apps.payments.operations.confirming import Approval, refuse_alone
from apps.payments.operations.sending import note_payout_failed
from apps.tenancy.context import current_company

STATE = PayoutLoss.State


@transaction.atomic
def report_loss(*, payout: Payout, reason: str, now: datetime, person: Any) -> PayoutLoss:
    """The bank refused it, or its file never reached the bank; it waits for a second person.

    Twice is once. Raises ValidationError: it did not leave by bank file, the bank booked it, it has
    failed already, or no reason is given.
    """
    row = _on_its_way(payout)
    if not reason.strip():
        raise ValidationError(_("Give a reason: auditors will ask for it."))
    rows = PayoutLoss.objects.written_by(row.author_id)
    known: PayoutLoss | None = rows.filter(payout=row, state=STATE.ASKED).first()
    if known is not None:
        return known
    made: PayoutLoss = PayoutLoss.objects.create(
        author_id=row.author_id, parties=[row.author_id], payout=row, reason=reason.strip(),
        asked_by_id=person.pk, asked_by=str(person)[:200], asked_at=now,
    )  # fmt: skip
    record(
        action="payments.loss_reported", subject=row.public_id, now=now, actor=person,
        details={"reason": made.reason, "amount_minor": row.amount_minor},
    )  # fmt: skip
    return made


def _on_its_way(payout: Payout) -> Payout:
    """Under lock: what the bank books meanwhile has arrived."""
    rows = Payout.objects.written_by(current_company()).select_for_update(of=("self",))
    row: Payout = rows.get(pk=payout.pk)
    if row.method != Way.SEPA or row.state != Payout.State.SENT:
        raise ValidationError(
            _("Only what left in a bank file, and is not booked, can have failed to arrive.")
        )
    return row


def _locked(loss: PayoutLoss) -> PayoutLoss:
    rows = PayoutLoss.objects.written_by(current_company()).select_for_update(of=("self",))
    found: PayoutLoss = rows.select_related("payout").get(pk=loss.pk)
    return found


@transaction.atomic
def confirm_loss(*, loss: PayoutLoss, approval: Approval, now: datetime) -> PayoutLoss:
    """The second pair of eyes: the payout has failed, its reference may be paid anew. Twice is once.

    Raises ValidationError: the person said so first, or did not show within five minutes
    who they are, it was discarded, or the bank booked the payout meanwhile.
    """
    row = _locked(loss)
    if row.state == STATE.CONFIRMED:
        return row
    if row.state != STATE.ASKED:
        raise ValidationError(_("This was discarded."))
    refuse_alone(row, approval, now)
    payout = _on_its_way(row.payout)
    note_payout_failed(payout=payout, provider_ref="", now=now, why=row.reason)
    row.note_approval(person=approval.person, state=STATE.CONFIRMED, now=now)
    record(
        action="payments.loss_confirmed", subject=payout.public_id, now=now, actor=approval.person
    )  # fmt: skip
    return row


@transaction.atomic
def discard_loss(*, loss: PayoutLoss, now: datetime, actor: Any) -> PayoutLoss:
    """It arrived after all. Twice is once. Raises ValidationError for a confirmed one."""
    row = _locked(loss)
    if row.state == STATE.CONFIRMED:
        raise ValidationError(_("This is confirmed; it cannot be discarded any more."))
    if row.state == STATE.ASKED:
        row.state = STATE.DISCARDED
        row.save(update_fields=["state"])
        record(
            action="payments.loss_discarded", subject=row.payout.public_id, now=now, actor=actor
        )  # fmt: skip
    return row
