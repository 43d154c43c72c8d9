"""The person gives the password again before money leaves."""

from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from apps.events.models import AuditRow
from apps.events.operations import record
from apps.tenancy.context import current_company

REFUSED = "payments.password_refused"
TRIES, WITHIN = 5, timedelta(minutes=15)


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
