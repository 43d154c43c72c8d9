"""Hours and days as they are delivered under a grant: over, and wholly within it."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from apps.common.period import local_date, midnight
from apps.common.quantity import add

HOUR = timedelta(hours=1)


class Slot(NamedTuple):
    """One hour or day of a channel; `usage` and values in the channel's unit."""

    start: datetime
    reading_count: int
    usage: Decimal
    last_value: Decimal
    minimum: Decimal
    maximum: Decimal


def whole_hours(hours: Iterable[Slot], start: datetime, until: datetime) -> list[Slot]:
    """The hours that lie wholly in [start, until)."""
    return [hour for hour in hours if start <= hour.start and hour.start + HOUR <= until]


def whole_days(hours: Iterable[Slot], zone: str, start: datetime, until: datetime) -> list[Slot]:
    """Days of the zone that lie wholly in [start, until); an hour belongs to the day it begins in."""
    days = days_of(hours, zone)
    return [
        day._replace(start=begun) for name, day in days.items()
        if start <= (begun := midnight(name, zone))
        and midnight(name + timedelta(days=1), zone) <= until
    ]  # fmt: skip


def days_of(hours: Iterable[Slot], zone: str) -> dict[date, Slot]:
    """Hours in their order added up to days of the zone."""
    days: dict[date, Slot] = {}
    for hour in hours:
        name = local_date(hour.start, zone)
        days[name] = _joined(days[name], hour) if name in days else hour
    return days


def _joined(day: Slot, hour: Slot) -> Slot:
    return Slot(
        day.start, day.reading_count + hour.reading_count, add(day.usage, hour.usage),
        hour.last_value, min(day.minimum, hour.minimum), max(day.maximum, hour.maximum),
    )  # fmt: skip
