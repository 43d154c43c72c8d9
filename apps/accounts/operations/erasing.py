"""Taking a person's data away: what the law lets go goes, what it wants kept loses its link to a way in."""

from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import (
    ERASED_NAME,
    EntryCode,
    Invitation,
    Membership,
    PersonAct,
    SignOnLink,
    User,
)
from apps.accounts.queries import companies_naming, last_director_of
from apps.events.operations import record
from apps.tenancy.context import Inside, as_app, as_platform, current_company, no_company
from apps.tenancy.models import Company

NAME = ERASED_NAME


def erased_address(person: User) -> str:
    """The address an erased person's row carries; the domain can belong to nobody (RFC 2606)."""
    return f"erased-{person.pk}@erased.invalid"


def is_erased(person: User) -> bool:
    """Whether a person's name and address were taken away."""
    return person.email == erased_address(person)


@transaction.atomic
def erase_person(
    *, person: User, now: datetime, inside: Inside, actor: Any = None
) -> dict[str, int]:
    """End memberships and forget invitations in each company, then take the identity away. All or nothing.

    Returns how many rows of each kind. Raises ValidationError that names every company which would be left
    without a director.
    """
    done = {"memberships": 0, "invitations": 0, "links": 0}
    refusals: list[ValidationError] = []
    for company in companies_naming(person):
        try:
            for kind, count in _left(person, company, now, inside, actor).items():
                done[kind] += count
        except ValidationError as refusal:
            refusals.append(refusal)
    if refusals:
        raise ValidationError(refusals)
    with no_company(), as_platform():
        if Membership.all_parties.filter(user=person, ended_at=None).exists():
            raise ValidationError(_("A membership began meanwhile; do it again."))
    with no_company(), as_app():
        return {**done, **erase_identity(person=person)}


def _left(
    person: User, company: Company, now: datetime, inside: Inside, actor: Any
) -> dict[str, int]:
    with inside(company):
        return {
            "memberships": end_for_erasure(person=person, now=now, actor=actor),
            "invitations": forget_invitations(address=person.email, person=person, now=now),
            "links": _forget_links(person),
        }


@transaction.atomic
def erase_identity(*, person: User) -> dict[str, int]:
    """Take name, address, password, second factors and open entries from a person. Twice is once.

    Every session of theirs ends with the password. Their memberships end first, each in its
    company (`end_for_erasure`).
    """
    locked = User.objects.select_for_update().get(pk=person.pk)
    gone = {
        "second factors": Authenticator.objects.filter(user=locked).delete()[0],
        "addresses": EmailAddress.objects.filter(user=locked).delete()[0],
        "changes of ways in": _forget_changes(locked),
        "sign-ins": UserSession.objects.filter(user=locked).delete()[0],
        "entry codes": EntryCode.objects.filter(user=locked).delete()[0],
    }
    locked.email, locked.name, locked.time_zone = erased_address(locked), NAME, ""
    locked.is_active = locked.is_staff = False
    locked.last_login = None
    locked.set_unusable_password()
    locked.save()
    return gone


def _forget_changes(person: User) -> int:
    """Nobody but the platform may take them away."""
    with as_platform():
        return int(PersonAct.objects.filter(person_id=person.pk).delete()[0])


def _forget_links(person: User) -> int:
    """Who the person is at the current company's identity provider."""
    rows = SignOnLink.objects.filter(author=current_company(), user=person)
    return int(rows.delete()[0])


def end_for_erasure(*, person: User, now: datetime, actor: Any = None) -> int:
    """End the person's membership of the current company; the audit row names the position alone.

    Returns how many ended. Raises ValidationError for a last director: the company would be
    nobody's.
    """
    with transaction.atomic():
        rows = Membership.objects.written_by(current_company()).filter(user=person, ended_at=None)
        row = rows.select_for_update(of=("self",)).first()
        if row is None:
            return 0
        if last_director_of(row):
            raise ValidationError(
                _("%(company)s would have no director left: name another one there first."),
                params={"company": current_company().name},
            )
        row.ended_at = now
        row.save(update_fields=["ended_at"])
        details = {"position": row.position, "erased": True}
        record(action="person.left", subject=row.public_id, details=details, now=now, actor=actor)
    return 1


def forget_invitations(*, address: str, person: User, now: datetime) -> int:
    """Take the address out of the current company's invitations; open ones are withdrawn."""
    rows = Invitation.objects.written_by(current_company()).filter(email=address)
    rows.filter(accepted_at=None, withdrawn_at=None).update(withdrawn_at=now)
    return int(rows.update(email=erased_address(person)))
