"""The invited company's side, and how the founder's portal notes what it said."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.events.operations import publish, record
from apps.networks.events import InvitationAnswered, MemberJoined
from apps.networks.models import Answer, Participation
from apps.networks.operations.common import last_answer, locked, show, tell_ended
from apps.subscriptions.operations import note_sponsor
from apps.tenancy.context import current_company
from apps.tenancy.operations import make_acquaintance

STATE = Participation.State


@transaction.atomic
def answer_invitation(
    *, participation: Participation, accepts: bool, now: datetime, actor: Any
) -> Answer:
    """Yes or no, in the invited company's own portal. The first answer stands; twice is once.

    Raises ValidationError when the invitation was taken back or answered the other way.
    """
    kind = Answer.Kind.ACCEPTED if accepts else Answer.Kind.DECLINED
    said = _own_answer(participation)
    if said is not None:
        if said.kind == kind:
            return said
        raise ValidationError(_("This invitation is answered already."))
    if participation.state != STATE.INVITED:
        raise ValidationError(_("This invitation was taken back."))
    if accepts:
        note_sponsor(sponsor=participation.author, now=now)
    return _say(participation, kind, now, actor)


@transaction.atomic
def leave_network(*, participation: Participation, now: datetime, actor: Any) -> Answer:
    """Play this role no longer. Ends what is to come, never what was. Twice is once."""
    said = _own_answer(participation)
    if said is not None and said.kind == Answer.Kind.LEFT:
        return said
    if participation.state != STATE.ACTIVE:
        raise ValidationError(_("You are no member in this role."))
    return _say(participation, Answer.Kind.LEFT, now, actor)


def _own_answer(participation: Participation) -> Answer | None:
    """What the own company said last; of two at once the database lets the first stand."""
    if participation.company_id != current_company().pk:
        raise Participation.DoesNotExist
    return last_answer(participation)


def _say(participation: Participation, kind: str, now: datetime, actor: Any) -> Answer:
    founder = participation.author_id
    answer, made = _written(participation, kind, now, actor)
    if made:
        record(
            action=f"invitation_{kind}", subject=participation.public_id, now=now, actor=actor,
            also=[founder], details={"network": participation.network.name},
        )  # fmt: skip
        event = InvitationAnswered(participation.pk)
        publish(name=event.name, payload=event.payload, now=now, to=[founder])
    return answer


def _written(
    participation: Participation, kind: str, now: datetime, actor: Any
) -> tuple[Answer, bool]:
    """The answer, and whether it is new. Raises ValidationError where another came before it."""
    try:
        found: tuple[Answer, bool] = Answer.objects.get_or_create(
            author=current_company(), participation=participation, kind=kind,
            defaults={
                "parties": sorted({participation.author_id, participation.company_id}),
                "said_by": str(actor)[:200], "said_at": now,
            },
        )  # fmt: skip
    except IntegrityError as error:
        raise ValidationError(_("This invitation is answered already, or taken back.")) from error
    return found


@transaction.atomic
def note_answer(*, participation_id: UUID, now: datetime) -> bool:
    """In the founder's company: what the company said last becomes the participation's state.

    Returns whether anything changed; the company and the founder know each other from then on.
    """
    row: Participation = Participation.objects.select_related("network").get(pk=participation_id)
    network = locked(row.network_id)
    row.refresh_from_db()
    said, seen_by = last_answer(row), list(row.parties)
    if said is None or not _apply(row, said):
        return False
    row.save(update_fields=["state", "joined_at", "ended_at"])
    show(network)
    if row.state == STATE.ACTIVE:
        make_acquaintance(other=row.company, now=now)
    _tell(row, seen_by, now)
    return True


def _apply(row: Participation, said: Answer) -> bool:
    """Whether the answer moved the participation; one that was taken back stays so."""
    if said.kind == Answer.Kind.ACCEPTED and row.state == STATE.INVITED:
        row.state, row.joined_at = STATE.ACTIVE, said.said_at
    elif said.kind == Answer.Kind.DECLINED and row.state == STATE.INVITED:
        row.state, row.ended_at = STATE.DECLINED, said.said_at
    elif said.kind == Answer.Kind.LEFT and row.state == STATE.ACTIVE:
        row.state, row.ended_at = STATE.ENDED, said.said_at
    else:
        return False
    return True


def _tell(row: Participation, seen_by: Iterable[int], now: datetime) -> None:
    if row.state == STATE.ENDED:
        tell_ended(row, seen_by, now)
    elif row.state == STATE.ACTIVE:
        event = MemberJoined(row.pk)
        publish(name=event.name, payload=event.payload, now=now, to=[row.author_id, row.company_id])
