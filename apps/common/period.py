"""Half-open periods of whole local days, stored as UTC instants, that tile over any DST.

A local midnight that does not exist (Casablanca, Apia's skipped day) becomes the first
instant after it; one that exists twice is the first of the two.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from apps.common.quantity import BadValue

KINDS = ("month", "week", "day")
_RFC3339 = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9}))?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})?"
)
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """[start, end), both aware and kept in UTC; never empty."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        for instant in (self.start, self.end):
            if instant.tzinfo is None:
                raise BadValue("naive_time", {"value": instant.isoformat()})
        object.__setattr__(self, "start", self.start.astimezone(UTC))
        object.__setattr__(self, "end", self.end.astimezone(UTC))
        if not self.start < self.end:
            raise BadValue("empty_period", {"start": str(self.start), "end": str(self.end)})

    def __contains__(self, instant: datetime) -> bool:
        return self.start <= instant < self.end

    def overlaps(self, other: "Period") -> bool:
        return self.start < other.end and other.start < self.end

    def intersection(self, other: "Period") -> "Period | None":
        start, end = max(self.start, other.start), min(self.end, other.end)
        return Period(start, end) if start < end else None

    @property
    def duration(self) -> timedelta:
        return self.end - self.start


@lru_cache(maxsize=1024)
def zone_of(name: str) -> ZoneInfo:
    """The zone of the IANA database. Raises BadValue unknown_zone."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise BadValue("unknown_zone", {"zone": name}) from None


@lru_cache(maxsize=65536)
def midnight(day: date, zone: str) -> datetime:
    """The UTC instant at which the local day begins."""
    place = zone_of(zone)
    instant = datetime.combine(day, time(), place).astimezone(UTC)
    if instant.astimezone(place).replace(tzinfo=None) == datetime.combine(day, time()):
        return instant
    return _first_instant(day, place, instant)


def _first_instant(day: date, place: ZoneInfo, near: datetime) -> datetime:
    """The gap's end: the first instant whose local date is the day or later."""
    low, high = near - timedelta(days=2), near + timedelta(days=2)
    while high - low > _MINUTE:
        middle = low + (high - low) // 2
        middle = middle.replace(second=0, microsecond=0)
        if middle <= low:
            break
        if middle.astimezone(place).date() >= day:
            high = middle
        else:
            low = middle
    return high.replace(second=0, microsecond=0)


def local_date(instant: datetime, zone: str) -> date:
    return instant.astimezone(zone_of(zone)).date()


def local_days(period: Period, zone: str) -> list[date]:
    """The local calendar days the period touches; a day the zone skipped is none."""
    first = local_date(period.start, zone)
    last = local_date(period.end - timedelta(microseconds=1), zone)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return [day for day in days if midnight(day, zone) < midnight(day + timedelta(days=1), zone)]


def whole_days(first: date, until: date, zone: str) -> Period:
    """The period from the first day's midnight to the midnight at which `until` begins."""
    return Period(midnight(first, zone), midnight(until, zone))


def add_months(day: date, months: int, anchor: int | None = None) -> date:
    """The day `months` later; a missing day (31 in June) is that month's last one.

    `anchor` is the day of the month to come back to where the month is long enough.
    """
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    following = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    last = (following - timedelta(days=1)).day
    return date(year, month + 1, min(anchor or day.day, last))


def boundary(kind: str, first_day: date, count: int) -> date:
    """The first day of the period number `count` (0 is the one that begins on first_day)."""
    if kind == "month":
        return add_months(first_day, count)
    if kind in ("week", "day"):
        return first_day + timedelta(days=count * (7 if kind == "week" else 1))
    raise BadValue("unknown_period_kind", {"kind": kind})


def periods_between(kind: str, zone: str, first_day: date, until: date) -> Iterator[Period]:
    """Full periods from first_day on, up to and including the one that holds the day before
    `until`; they tile. A day that the zone skipped makes no period."""
    count = 0
    while (begin := boundary(kind, first_day, count)) < until:
        start, end = midnight(begin, zone), midnight(boundary(kind, first_day, count + 1), zone)
        if start < end:
            yield Period(start, end)
        count += 1


def period_of(kind: str, zone: str, instant: datetime, first_day: date | None = None) -> Period:
    """The period that holds the instant: calendar month, week from Monday, or day;
    with first_day, the period counted from that day (month anchors)."""
    day = local_date(instant, zone)
    first = first_day or _calendar_first(kind, day)
    count = _count_of(kind, first, day)
    # Clocks that go back across midnight (St. John's until 2011) repeat the end of a day
    # that has already passed, so the local date alone may point one period too far back.
    while midnight(boundary(kind, first, count + 1), zone) <= instant:
        count += 1
    return whole_days(boundary(kind, first, count), boundary(kind, first, count + 1), zone)


def _calendar_first(kind: str, day: date) -> date:
    if kind == "month":
        return day.replace(day=1)
    return day - timedelta(days=day.weekday()) if kind == "week" else day


def _count_of(kind: str, first_day: date, day: date) -> int:
    if kind == "month":
        count = (day.year - first_day.year) * 12 + day.month - first_day.month
        return count if boundary(kind, first_day, count) <= day else count - 1
    return (day - first_day).days // (7 if kind == "week" else 1)


def parse_month(text: str) -> date:
    """'2026-03' -> 1 March 2026. Raises BadValue bad_month."""
    if not re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])", text) or text[:4] == "0000":
        raise BadValue("bad_month", {"value": text[:64]})
    return date(int(text[:4]), int(text[5:]), 1)


def month_period(text: str, zone: str) -> Period:
    """'2026-03' -> that calendar month in the zone."""
    first = parse_month(text)
    return whole_days(first, add_months(first, 1), zone)


def parse_instant(text: object) -> datetime:
    """RFC 3339 with an offset -> aware UTC time, microseconds at most.

    Raises BadValue: bad_time, naive_time, too_precise_time.
    """
    match = _RFC3339.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise BadValue("bad_time", {"value": str(text)[:64]})
    day, clock, fraction, offset = match.groups()
    if offset is None:
        raise BadValue("naive_time", {"value": match[0]})
    if fraction and fraction[6:].strip("0"):
        raise BadValue("too_precise_time", {"value": match[0]})
    micro = f".{fraction[:6]:0<6}" if fraction else ""
    zone = "+00:00" if offset in "Zz" else offset
    try:
        return datetime.fromisoformat(f"{day}T{clock}{micro}{zone}").astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadValue("bad_time", {"value": match[0]}) from None
