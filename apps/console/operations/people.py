"""What is stored of a person: told to them, and erased, at their word to the operator."""

import re
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts import operations as accounts
from apps.accounts.models import User
from apps.accounts.personal import as_json, everything_of
from apps.console.operations.audit import note_act
from apps.console.operations.companies import checked_reason
from apps.tenancy.context import acting_as


@transaction.atomic
def export_person(*, person: User, by: Any, now: datetime, reason: str) -> str:
    """Everything stored of the person as JSON; the operator's audit says why.

    Raises ValidationError without a reason, or with one that names the person.
    """
    _note("console.person_exported", person, by, now, _checked(reason, person))
    return as_json(everything_of(person, acting_as))


@transaction.atomic
def erase_person(*, person: User, by: Any, now: datetime, reason: str) -> dict[str, int]:
    """Erase the person as `manage.py erase_person` does; the operator's audit says why.

    Returns how many rows of each kind. Raises ValidationError without a reason or with one that names the person,
    for the operator's own account, and where a company would be left without a director.
    """
    checked = _checked(reason, person)
    if person.pk == by.pk:
        raise ValidationError(_("Your own account is erased by another operator."))
    done = accounts.erase_person(person=person, now=now, inside=acting_as, actor=by)
    _note("console.person_erased", person, by, now, checked)
    return done


def _checked(reason: str, person: User) -> str:
    """A reason that may stay: without the person's name and address."""
    checked = checked_reason(reason)
    for word in filter(None, (person.name, person.email)):
        if re.search(rf"\b{re.escape(word)}\b", checked, re.IGNORECASE):
            raise ValidationError(
                _("The reason names the person, and it stays: say it without the name.")
            )
    return checked


def _note(action: str, person: User, by: Any, now: datetime, reason: str) -> None:
    """The row has the person's number: a name in it could never be taken away."""
    note_act(action=action, by=by, now=now, subject=f"person {person.pk}", reason=reason)
