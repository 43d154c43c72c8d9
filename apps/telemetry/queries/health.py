"""How much arrives in the current company and how far its work is: figures without content."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import connection

from apps.telemetry.queries.quarantine import open_counts

MOST = 100_000
# By channel, so that the keys of days and hours are used.
_DAYS = """
select d.day, sum(d.reading_count), count(*) filter (where d.version > d.done_version)
from telemetry_channel c
cross join lateral (
    select day, reading_count, version, done_version from telemetry_channelday
    where channel_id = c.id and day between %s and %s
) d group by d.day order by d.day
"""
_LAST = """
select max(h.last_at) from telemetry_channel c
cross join lateral (
    select last_at from telemetry_hourrollup where channel_id = c.id order by hour desc limit 1
) h
"""


@dataclass(frozen=True, slots=True)
class IntakeHealth:
    """`by_day`: each UTC day with its readings, oldest first; `days_behind`: channels' days whose
    roll-up is behind; open refused items and readings that are not believed."""

    last_reading_at: datetime | None
    by_day: tuple[tuple[date, int], ...]
    days_behind: int
    refused: int
    disbelieved: int


def intake_health(*, since: date, today: date) -> IntakeHealth:
    """Of the current company, from `since` to `today` (UTC days, both included)."""
    with connection.cursor() as cursor:
        cursor.execute(_DAYS, [since, today])
        days = {day: (int(count), behind) for day, count, behind in cursor.fetchall()}
        cursor.execute(_LAST)
        last = cursor.fetchone()[0]
    refused, disbelieved = open_counts(MOST)
    span = [since + timedelta(days=n) for n in range((today - since).days + 1)]
    return IntakeHealth(
        last_reading_at=last,
        by_day=tuple((day, days.get(day, (0, 0))[0]) for day in span),
        days_behind=sum(behind for _count, behind in days.values()),
        refused=refused,
        disbelieved=disbelieved,
    )
