"""What people change about their ways in leaves a row of theirs, and one in each of their companies."""

from datetime import datetime
from typing import Any

from apps.accounts.door import tell_companies_of
from apps.accounts.models import Membership, PersonAct
from apps.events.operations import record


def note_change(
    *, person: Any, change: str, now: datetime, what: str = "", address: str = ""
) -> PersonAct:
    """Append what was changed (`PersonAct.Change`), on the person's own sign-in host.

    Their companies' audits say that it was done and what, not from where: who else may sign in as one of
    their people concerns them.
    """
    row: PersonAct = PersonAct.objects.create(
        person_id=person.pk, at=now, change=change, what=what[:200], address=address[:45]
    )

    def tell(membership: Membership) -> None:
        record(
            action="person.way_in_changed", subject=membership.public_id, now=now, actor=person,
            details={"change": change},
        )  # fmt: skip

    tell_companies_of(person, tell)
    return row
