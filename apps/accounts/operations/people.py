"""People and their positions in the current company."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.accounts.models import Membership, User
from apps.accounts.queries import last_director_of, members, person_by_email
from apps.events.operations import record
from apps.tenancy.context import current_company


def create_person(
    *,
    email: str,
    name: str,
    now: datetime,
    language: str = "en",
    password: str | None = None,
    time_zone: str = "",
) -> User:
    """Create a person, or give the one who has this address unchanged.

    Without a password the person sets one by the mail of “forgotten password”. Raises
    ValidationError for an address that is none, an empty name or an unknown language.
    """
    email = email.strip().lower()
    existing = person_by_email(email)
    if existing is not None:
        return existing
    _check_person(email, name, language)
    try:
        with transaction.atomic():
            return User.objects.create_user(
                email, password, name=name, language=language, time_zone=time_zone, joined_at=now
            )
    except IntegrityError:  # someone created the same person in this moment
        return User.objects.get(email=email)


def _check_person(email: str, name: str, language: str) -> None:
    validate_email(email)
    if not name.strip():
        raise ValidationError({"name": _("A person needs a name.")})
    if language not in dict(settings.LANGUAGES):
        raise ValidationError({"language": _("The portal does not speak this language.")})


def set_language(*, person: User, language: str) -> None:
    """Remember the person's language."""
    person.language = language
    person.save(update_fields=["language"])


def add_membership(*, user: User, position: str, now: datetime, actor: Any = None) -> Membership:
    """Give a person a position in the current company; who has one already keeps it."""
    company = current_company()
    known = members().filter(user=user).first()
    if known is not None:
        return known
    membership = Membership.objects.create(
        author=company,
        parties=[company.pk],
        user=user,
        position=_position(position),
        joined_at=now,
    )
    _record(membership, "person.joined", now, actor, position=position)
    return membership


def change_position(
    *, membership: Membership, position: str, now: datetime, actor: Any = None
) -> Membership:
    """Give a member another position. Raises ValidationError for the last director."""
    with transaction.atomic():
        current = _locked(membership, leaving=position != Membership.Position.DIRECTOR)
        before = current.position
        if before == _position(position):
            return current
        current.position = position
        current.save(update_fields=["position"])
        _record(current, "person.position_changed", now, actor, before=before, position=position)
    return current


def end_membership(*, membership: Membership, now: datetime, actor: Any = None) -> Membership:
    """End a membership; it takes effect with the person's next request.

    Raises ValidationError for the last director.
    """
    with transaction.atomic():
        current = _locked(membership, leaving=True)
        current.ended_at = now
        current.save(update_fields=["ended_at"])
        _record(current, "person.left", now, actor, position=current.position)
    return current


def _locked(membership: Membership, *, leaving: bool) -> Membership:
    """The membership as it stands, locked; with all directors when one of them may go."""
    current = members().filter(pk=membership.pk).first()
    if current is None:
        raise ValidationError(_("This person is no longer a member of your company."))
    if leaving and last_director_of(current):
        raise ValidationError(_("This is the last director. Make somebody else a director first."))
    locked = members().select_for_update(of=("self",)).filter(pk=membership.pk).first()
    if locked is None:
        raise ValidationError(_("This person is no longer a member of your company."))
    return locked


def _position(position: str) -> str:
    if position not in Membership.Position.values:
        raise ValidationError({"position": _("There is no such position.")})
    return position


def _record(membership: Membership, action: str, now: datetime, actor: Any, **details: str) -> None:
    record(
        action=action,
        subject=membership.public_id,
        details={"person": membership.user.email, **details},
        now=now,
        actor=actor,
    )
