"""Taking a person's data away: what the law lets go goes, what it wants kept loses its link to a way in."""

from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.core.exceptions import ValidationError
from django.db import transaction

from apps.accounts.models import EntryCode, Invitation, Membership, PersonAct, User
from apps.accounts.queries import last_director_of
from apps.events.operations import record
from apps.tenancy.context import as_platform, current_company

NAME = "Erased person"


def erased_address(person: User) -> str:
    """The address an erased person's row carries; the domain can belong to nobody (RFC 2606)."""
    return f"erased-{person.pk}@erased.invalid"


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
            raise ValidationError(f"{current_company().name} would have no director left.")
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
