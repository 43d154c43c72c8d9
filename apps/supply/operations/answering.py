"""What the buyer says, in its own portal and in a row of its own."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.events.operations import publish
from apps.supply.domain.terms import LONGEST_DEFECT, MOST_DEFECTS
from apps.supply.events import TransferAnswered
from apps.supply.models import AssetTransfer, TransferAnswer
from apps.supply.operations.common import answer_to, tell
from apps.tenancy.context import current_company

OUTCOME = TransferAnswer.Outcome


@transaction.atomic
def accept_transfer(
    *, transfer_id: UUID, now: datetime, actor: Any, defects: Sequence[str] = ()
) -> TransferAnswer:
    """Accept the asset as it is, with the defects found. The first answer stands; twice is once.

    Of a sale the buyer thereby agrees to its price. Raises AssetTransfer.DoesNotExist,
    ValidationError.
    """
    found = [line.strip()[:LONGEST_DEFECT] for line in defects if line.strip()]
    if len(found) > MOST_DEFECTS:
        raise ValidationError({"defects": _("At most 50 defects.")})
    outcome = OUTCOME.WITH_DEFECTS if found else OUTCOME.ACCEPTED
    return _said(transfer_id, now, actor, outcome=outcome, defects=found)


@transaction.atomic
def refuse_transfer(*, transfer_id: UUID, reason: str, now: datetime, actor: Any) -> TransferAnswer:
    """Refuse it, saying why. The first answer stands; twice is once.

    Raises AssetTransfer.DoesNotExist, ValidationError.
    """
    why = reason.strip()[:500]
    if not why:
        raise ValidationError({"reason": _("Say why.")})
    return _said(transfer_id, now, actor, outcome=OUTCOME.REFUSED, reason=why)


def _said(transfer_id: UUID, now: datetime, actor: Any, **words: Any) -> TransferAnswer:
    own = current_company()
    transfer = AssetTransfer.objects.get(pk=transfer_id, buyer=own)
    answer = TransferAnswer(
        author=own, parties=transfer.parties, transfer=transfer, answered_by=str(actor)[:200],
        answered_at=now, **words,
    )  # fmt: skip
    if answer_to(transfer) is None:
        try:
            with transaction.atomic():
                answer.save(force_insert=True)
        except IntegrityError:
            pass  # answered or withdrawn at the same moment: looked at below
        else:
            _announce(transfer, answer, now, actor)
            return answer
    standing = answer_to(transfer)
    if standing is None:
        raise ValidationError(_("This offer is not open any more."))
    if (standing.outcome, standing.defects) != (answer.outcome, answer.defects):
        raise ValidationError(_("This offer is answered already."))
    return standing


def _announce(transfer: AssetTransfer, answer: TransferAnswer, now: datetime, actor: Any) -> None:
    tell("transfer_accepted" if answer.accepts else "transfer_refused", transfer, now, actor)
    event = TransferAnswered(transfer.pk)
    publish(name=event.name, payload=event.payload, now=now, to=[transfer.author_id])
