"""Periods of subscriptions on the calendar, in Unix seconds (UTC)."""

import calendar
from datetime import UTC, datetime, timedelta

from portal.local.stripe.store import Thing

STEPS = {"day": timedelta(days=1), "week": timedelta(weeks=1)}
MONTHS = {"month": 1, "year": 12}


def end_of(start: int, recurring: Thing, anchor: int) -> int:
    """When a period that begins at `start` ends: by the day of the month of `anchor`, or the
    month's last day where it has none (docs.stripe.com/billing/subscriptions/billing-cycle)."""
    count = int(recurring.get("interval_count") or 1)
    interval = recurring["interval"]
    if interval in STEPS:
        return start + int(STEPS[interval].total_seconds()) * count
    begun, day = _time(start), _time(anchor).day
    index = begun.year * 12 + begun.month - 1 + MONTHS[interval] * count
    year, month = divmod(index, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return int(begun.replace(year=year, month=month + 1, day=min(day, last)).timestamp())


def _time(stamp: int) -> datetime:
    return datetime.fromtimestamp(stamp, UTC)


def prorated(amount: int, start: int, end: int, since: int) -> int:
    """The part of `amount` for `[since, end)` of `[start, end)`, to the second, halves up."""
    whole, part = end - start, max(0, min(end, end - since))
    return (2 * amount * part + whole) // (2 * whole) if whole else 0
