"""Before money leaves a second person looks, and gives the password again."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from apps.events.models import AuditRow
from apps.events.operations import record
from apps.payments.domain.accounts import is_confirmed
from apps.payments.models.approving import TwoPeople
from apps.tenancy.context import current_company

REFUSED = "payments.password_refused"
TRIES, WITHIN = 5, timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Approval:
    """Who approves, and when this person last gave the password."""

    person: Any
    confirmed_at: datetime | None


def refuse_alone(row: TwoPeople, approval: Approval, now: datetime) -> None:
    """The one place that holds every approval to two people.

    Raises ValidationError: the person asked for it, or did not give the password within five
    minutes.
    """
    if row.is_asked_by(approval.person):
        raise ValidationError(row.told_asker)
    if not is_confirmed(approval.confirmed_at, now):
        raise ValidationError(_("Give your password again; it counts for five minutes."))


def confirm_person(*, person: Any, password: str, now: datetime) -> datetime:
    """The time of the confirmation. Raises ValidationError for a wrong password.

    Wrong ones are recorded and counted: after five within 15 minutes none is tried. The caller
    must let the transaction commit, or they are not counted.
    """
    wrong = AuditRow.objects.written_by(current_company()).filter(
        action=REFUSED, actor_id=person.pk, at__gt=now - WITHIN
    )
    if wrong.count() >= TRIES:
        raise ValidationError(_("Too many wrong passwords. Try again in 15 minutes."))
    if not person.check_password(password):
        record(action=REFUSED, now=now, actor=person)
        raise ValidationError(_("This is not your password."))
    return now
