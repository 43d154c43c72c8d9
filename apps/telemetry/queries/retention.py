"""Which months of readings there are, and the reading a later period still opens with."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from django.db import connection

from apps.telemetry.models import RetentionEdge
from apps.tenancy.context import current_company

_MONTHS = """
select right(c.relname, 7), case when c.reltuples >= 0 then c.reltuples::bigint end, pg_total_relation_size(c.oid)
from pg_inherits i join pg_class c on c.oid = i.inhrelid
where i.inhparent = %s::regclass order by 1
"""
_OPENINGS = """
select min(d.closing_at) from unnest(%s::int[], %s::timestamptz[]) as w(channel_id, instant)
cross join lateral (
    select closing_at from telemetry_channelday d
    where d.channel_id = w.channel_id and d.day <= (w.instant at time zone 'UTC')::date
        and d.closing_at <= w.instant
    order by d.day desc limit 1
) d
"""


class ReadingMonth(NamedTuple):
    """A month partition: '2014-03', its end in UTC, about how many readings (None: not counted yet,
    the database does so by itself), bytes on disk."""

    name: str
    end: datetime
    readings: int | None
    size: int


def months_of_readings() -> list[ReadingMonth]:
    """The current company's months of levels, the oldest first."""
    parent = f"{connection.ops.quote_name(current_company().schema_name)}.telemetry_level"
    with connection.cursor() as cursor:
        cursor.execute(_MONTHS, [parent])
        return [_month(*row) for row in cursor.fetchall()]


def _month(name: str, readings: int | None, size: int) -> ReadingMonth:
    year, month = (int(part) for part in name.split("_"))
    end = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
    return ReadingMonth(f"{year:04d}-{month:02d}", end, readings, size)


def kept_months() -> int:
    """For how many months the current company keeps readings."""
    found = RetentionEdge.objects.filter(pk=1).values_list("keep_months", flat=True).first()
    return found or RetentionEdge.KEEP_MONTHS


def earliest_opening(wanted: Sequence[tuple[int, datetime]]) -> datetime | None:
    """The oldest of the last believed readings at or before these (channel, instant) pairs."""
    with connection.cursor() as cursor:
        cursor.execute(_OPENINGS, [[key for key, _ in wanted], [instant for _, instant in wanted]])
        found: datetime | None = cursor.fetchone()[0]
    return found
