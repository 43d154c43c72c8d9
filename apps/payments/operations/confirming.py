"""Before money leaves a second person looks, who showed just before who they are."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from apps.accounts.confirming import is_recent
from apps.payments.models.approving import TwoPeople


@dataclass(frozen=True, slots=True)
class Approval:
    """Who approves, and when this person last showed who they are."""

    person: Any
    confirmed_at: datetime | None


def refuse_alone(row: TwoPeople, approval: Approval, now: datetime) -> None:
    """The one place that holds every approval to two people.

    Raises ValidationError: the person asked for it, or did not show within five minutes who they
    are.
    """
    if row.is_asked_by(approval.person):
        raise ValidationError(row.told_asker)
    if not is_recent(approval.confirmed_at, now):
        raise ValidationError(_("Confirm who you are first; it counts for five minutes."))
