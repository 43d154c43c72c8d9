"""When the mail of the day leaves."""

from datetime import UTC, date, datetime, time, timedelta

from apps.common.period import local_date, zone_of

# By the company's clock. No zone skips this hour when its clocks change.
DIGEST_AT = time(7)


def next_digest(now: datetime, zone: str) -> tuple[date, datetime]:
    """The local day of the next mail of the day after `now`, and its instant."""
    day = local_date(now, zone)
    due = _digest_on(day, zone)
    if due <= now:
        day += timedelta(days=1)
        due = _digest_on(day, zone)
    return day, due


def _digest_on(day: date, zone: str) -> datetime:
    return datetime.combine(day, DIGEST_AT, zone_of(zone)).astimezone(UTC)
