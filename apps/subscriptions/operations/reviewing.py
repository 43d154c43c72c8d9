"""What follows from the day: reminders, read-only, suspended, and good again."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import transaction

from apps.events.operations import publish, record
from apps.subscriptions.domain.standing import Verdict
from apps.subscriptions.events import PaymentReminded, StandingChanged
from apps.subscriptions.models import Subscription
from apps.subscriptions.operations.agreeing import locked_subscription
from apps.subscriptions.queries import verdict_of
from apps.tenancy.context import current_company


@transaction.atomic
def review_standing(*, now: datetime) -> str:
    """Bring the current company's standing up to the day; twice is once. Returns the standing."""
    found = locked_subscription()
    if found is None:
        return "good"
    return bring_up_to_date(found, now)


def bring_up_to_date(found: Subscription, now: datetime) -> str:
    """Of a locked row with its newest facts: its standing follows, all is saved, what is new is told."""
    verdict = verdict_of(found, now)
    _remind(found, verdict, now)
    before, found.standing = found.standing, verdict.standing.value
    found.reminders = verdict.reminders
    found.save()
    if before != found.standing:
        _tell(found, before, now)
    return found.standing


def _remind(found: Subscription, verdict: Verdict, now: datetime) -> None:
    """One message, of the latest that is due, however many days nobody looked."""
    if verdict.reminders <= found.reminders or verdict.read_only_at is None:
        return
    day = verdict.read_only_at.astimezone(ZoneInfo(current_company().time_zone)).date()
    event = PaymentReminded(verdict.reminders, day.isoformat())
    publish(name=event.name, payload=event.payload, now=now)


def _tell(found: Subscription, before: str, now: datetime) -> None:
    event = StandingChanged(before, found.standing)
    publish(name=event.name, payload=event.payload, now=now)
    record(
        action=event.name, subject=found.public_id, now=now, details=event.payload,
    )  # fmt: skip
