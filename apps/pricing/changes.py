"""When the windows of the week change: local clock time of a zone on the line of UTC instants.

A window changes where the hour of the local clock does, or where the clock itself is put forward
or back. So a day of 23 or 25 hours, a change of half an hour and a zone that is half an hour off
need no rule of their own.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from apps.common.period import Period, zone_of
from apps.common.quantity import add, bounded, divide, multiply, subtract
from apps.pricing.windows import WindowCalendar

# By charge code and window; None: not told apart.
UsageWindows = Mapping[str, Mapping[str, Decimal]] | None
_ONE_HOUR = timedelta(hours=1)
_ONE_MOMENT = timedelta(microseconds=1)


def cuts_of(calendars: Iterable[WindowCalendar], period: Period, zone: str) -> tuple[datetime, ...]:
    """The instants within the period at which a window of any of the calendars begins, in order."""
    found = {
        instant for calendar in calendars for instant in _window_starts(calendar, period, zone)
    }
    return tuple(sorted(found))


@lru_cache(maxsize=512)
def _window_starts(calendar: WindowCalendar, period: Period, zone: str) -> tuple[datetime, ...]:
    place, changes = zone_of(zone), []
    instant = period.start
    window = calendar.window_at(instant.astimezone(place))
    while (instant := _next_hour(instant, place)) < period.end:
        following = calendar.window_at(instant.astimezone(place))
        if following != window:
            changes.append(instant)
        window = following
    return tuple(changes)


def _next_hour(instant: datetime, place: ZoneInfo) -> datetime:
    """Where the local clock shows its next whole hour, or is put forward or back before that."""
    local = instant.astimezone(place)
    passed = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    later = instant + _ONE_HOUR - passed
    if later.astimezone(place).utcoffset() == local.utcoffset():
        return later
    return _clock_change(instant, later, place)


def _clock_change(before: datetime, after: datetime, place: ZoneInfo) -> datetime:
    """The first instant whose offset is not that of `before`; such changes fall on whole seconds."""
    offset = before.astimezone(place).utcoffset()
    low, high = int(before.timestamp()), int(after.timestamp())
    while high - low > 1:
        middle = (low + high) // 2
        if datetime.fromtimestamp(middle, UTC).astimezone(place).utcoffset() == offset:
            low = middle
        else:
            high = middle
    return datetime.fromtimestamp(high, UTC)


def window_of_step(
    calendar: WindowCalendar, measured_at: datetime, period: Period, zone: str
) -> str:
    """The window of a counter's step: that of its later reading; on an edge, the one that ends."""
    instant = max(measured_at - _ONE_MOMENT, period.start)
    return calendar.window_at(instant.astimezone(zone_of(zone)))


def by_window(
    calendar: WindowCalendar, parts: Iterable[tuple[datetime, Decimal]], zone: str
) -> dict[str, Decimal]:
    """The quantity in each window, all of them, from parts that each begin in theirs."""
    found = dict.fromkeys(calendar.codes, Decimal(0))
    for instant, quantity in parts:
        code = calendar.window_at(instant.astimezone(zone_of(zone)))
        found[code] = add(found[code], quantity)
    return found


def steps_by_window(
    calendar: WindowCalendar, steps: Iterable[tuple[datetime, Decimal]], period: Period, zone: str
) -> dict[str, Decimal]:
    """The same from a counter's steps, each of which ends at its instant."""
    found = dict.fromkeys(calendar.codes, Decimal(0))
    for instant, amount in steps:
        window = window_of_step(calendar, instant, period, zone)
        found[window] = add(found[window], amount)
    return found


def spread_by_hours(calendar: WindowCalendar, quantity: Decimal) -> dict[str, Decimal]:
    """A quantity as if every hour of the week had used the same, to the last digit."""
    hours = Counter(calendar.week)
    whole, *others = calendar.codes
    shares = {
        code: bounded(divide(multiply(quantity, Decimal(hours[code])), Decimal(168)))
        for code in others
    }
    return {whole: subtract(quantity, add(*shares.values())), **shares}


def windows_added(one: UsageWindows, other: UsageWindows) -> UsageWindows:
    """Quantities by charge and window of two records of one asset, as one."""
    if one is None or other is None:
        return one or other
    return {
        charge: _summed(one.get(charge, {}), other.get(charge, {})) for charge in {**one, **other}
    }


def _summed(one: Mapping[str, Decimal], other: Mapping[str, Decimal]) -> dict[str, Decimal]:
    zero = Decimal(0)
    return {code: add(one.get(code, zero), other.get(code, zero)) for code in {**one, **other}}
