"""Warnings before a limit is met and before a trial is over: each once, until it is far off again."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction

from apps.events.operations import publish
from apps.subscriptions.domain.limits import Level
from apps.subscriptions.domain.standing import Basis
from apps.subscriptions.events import LimitNear, TrialEnds
from apps.subscriptions.models import Subscription
from apps.subscriptions.operations.agreeing import locked_subscription
from apps.subscriptions.queries import uses
from apps.tenancy.context import current_company

TRIAL_WARNED = timedelta(days=7)
TRIAL = "trial"


@transaction.atomic
def warn_ahead(*, now: datetime) -> list[str]:
    """Tell the current company's people what they were not told yet. Returns of what."""
    found = locked_subscription()
    if found is None:
        return []
    due = dict(_due(found, now))
    fresh = [what for what in due if what not in found.warned]
    for what in fresh:
        event = due[what]
        publish(name=event.name, payload=event.payload, now=now)
    found.warned = sorted(due)
    found.save(update_fields=["warned"])
    return fresh


def _due(found: Subscription, now: datetime) -> Iterator[tuple[str, Any]]:
    for use in uses(found, now):
        if use.level != Level.FREE and use.count:
            yield use.what.value, LimitNear(use.what.value)
    until = found.trial_until
    if found.basis == Basis.TRIAL and until is not None and now < until <= now + TRIAL_WARNED:
        day = until.astimezone(ZoneInfo(current_company().time_zone)).date()
        yield TRIAL, TrialEnds(day.isoformat())
