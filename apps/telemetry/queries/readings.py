"""Reads of stored readings: believed ones in order, at an instant, latest, thinned for a chart."""

from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

import psycopg
from django.db import connection

from apps.telemetry.domain.belief import Reading
from apps.telemetry.models import Channel
from apps.tenancy.context import current_company

_NOT_DISBELIEVED_LEVEL = """not exists (
    select from {schema}.telemetry_disbelief b
    where b.channel_id = l.channel_id and b.measured_at = l.measured_at and b.event_key is null)"""
_NOT_DISBELIEVED_DELTA = """not exists (
    select from {schema}.telemetry_disbelief b
    where b.channel_id = l.channel_id and b.measured_at = l.counted_at
        and b.event_key = l.event_key)"""
_LEVELS = f"""
select l.measured_at as instant, l.value from {{schema}}.telemetry_level l
where l.channel_id = %s and l.measured_at > %s and l.measured_at <= %s
    and {_NOT_DISBELIEVED_LEVEL}
"""
_DELTAS = f"""
select l.counted_at as instant, l.value from {{schema}}.telemetry_delta l
where l.channel_id = %s and l.counted_at >= %s and l.counted_at < %s
    and {_NOT_DISBELIEVED_DELTA}
"""
_AT = f"""
select l.measured_at, l.value from {{schema}}.telemetry_level l
where l.channel_id = %s and l.measured_at <= %s and {_NOT_DISBELIEVED_LEVEL}
order by l.measured_at desc limit 1
"""
_AFTER = f"""
select l.measured_at, l.value from {{schema}}.telemetry_level l
where l.channel_id = %s and l.measured_at > %s and {_NOT_DISBELIEVED_LEVEL}
order by l.measured_at limit 1
"""
_LATEST = """
select c.id, d.closing_at, d.closing_value from unnest(%s::int[]) as c(id)
cross join lateral (
    select closing_at, closing_value from {schema}.telemetry_channelday d
    where d.channel_id = c.id and d.closing_at is not null order by d.day desc limit 1
) d
"""
# The lowest and the highest of each slice of time stay, and with them every peak.
_THINNED = """
with r as materialized ({rows}), ranked as (
    select instant, value,
        row_number() over (partition by slice order by value, instant) as low,
        row_number() over (partition by slice order by value desc, instant) as high
    from (
        select instant, value, width_bucket(
            extract(epoch from instant), extract(epoch from %s::timestamptz),
            extract(epoch from %s::timestamptz) + 1, %s) as slice
        from r
    ) as sliced
)
select instant, value from ranked
where (select count(*) from r) <= %s or low = 1 or high = 1 order by instant
"""
_ALL_LEVELS = """
select l.measured_at, null::bytea, l.value, l.received_at from {schema}.telemetry_level l
where l.channel_id = %s and l.measured_at > %s and l.measured_at <= %s
order by l.measured_at desc limit %s
"""
_ALL_DELTAS = """
select l.counted_at, l.event_key, l.value, l.received_at from {schema}.telemetry_delta l
where l.channel_id = %s and l.counted_at >= %s and l.counted_at < %s
order by l.counted_at desc, l.event_key limit %s
"""
_SINCE_LEVELS = """
select l.measured_at, null::bytea, l.value, l.received_at from {schema}.telemetry_level l
where l.channel_id = %s and l.measured_at > %s and l.measured_at <= %s and l.received_at > %s
order by l.measured_at limit %s
"""
_SINCE_DELTAS = """
select l.counted_at, l.event_key, l.value, l.received_at from {schema}.telemetry_delta l
where l.channel_id = %s and l.counted_at >= %s and l.counted_at < %s and l.received_at > %s
order by l.counted_at, l.event_key limit %s
"""
_PAGE_LEVELS = f"""
select l.measured_at, null::bytea, l.value from {{schema}}.telemetry_level l
where l.channel_id = %s and l.measured_at > %s and l.measured_at <= %s
    and {_NOT_DISBELIEVED_LEVEL}
order by l.measured_at limit %s
"""
_PAGE_DELTAS = f"""
select l.counted_at, l.event_key, l.value from {{schema}}.telemetry_delta l
where l.channel_id = %s and l.counted_at >= %s and l.counted_at < %s
    and (l.counted_at, l.event_key) > (%s, %s)
    and {_NOT_DISBELIEVED_DELTA}
order by l.counted_at, l.event_key limit %s
"""
PAGE = 20_000


class StoredReading(NamedTuple):
    """A reading as it is stored, believed or not. `event_key`: only of deltas."""

    measured_at: datetime
    event_key: bytes | None
    value: Decimal
    received_at: datetime


def channel_of(channel: Channel | int) -> Channel:
    """The channel itself, or the one with this key. Raises Channel.DoesNotExist."""
    return channel if isinstance(channel, Channel) else Channel.objects.get(pk=channel)


def readings_between(channel: Channel | int, start: datetime, end: datetime) -> list[Reading]:
    """Believed readings in order.

    Of a level those in (start, end] after the last one at or before the start, where there is one;
    of a delta channel those in [start, end).
    """
    channel = channel_of(channel)
    statement = _DELTAS if channel.kind == "delta" else _LEVELS
    # Amounts of one instant in the order of the usage record's digest.
    order = "1, l.event_key" if channel.kind == "delta" else "1"
    rows = rows_of(f"{statement} order by {order}", [channel.pk, start, end])
    readings = [Reading(*row) for row in rows]
    if channel.kind == "delta":
        return readings
    opening = value_at(channel, start)
    return readings if opening is None else [opening, *readings]


def level_readings(channel: Channel, start: datetime, end: datetime) -> Iterator[Reading]:
    """A level's `readings_between`, a page at a time: however many there are, few are in memory."""
    opening = value_at(channel, start)
    if opening is not None:
        yield opening
    after = start
    while True:
        rows = rows_of(_PAGE_LEVELS, [channel.pk, after, end, PAGE])
        for at, _key, value in rows:
            yield Reading(at, value)
        if len(rows) < PAGE:
            return
        after = rows[-1][0]


def value_at(channel: Channel | int, instant: datetime) -> Reading | None:
    """The last believed reading at or before the instant; None for deltas and before the first."""
    channel = channel_of(channel)
    if channel.kind == "delta":
        return None
    return next((Reading(*row) for row in rows_of(_AT, [channel.pk, instant])), None)


def next_reading(channel: Channel | int, instant: datetime) -> Reading | None:
    """The first believed reading of a level after the instant; None for deltas and after the last."""
    channel = channel_of(channel)
    if channel.kind == "delta":
        return None
    return next((Reading(*row) for row in rows_of(_AFTER, [channel.pk, instant])), None)


def latest(channel_ids: Iterable[int]) -> dict[int, Reading]:
    """The last believed reading of each channel that is rolled up; of a delta its last amount."""
    keys = list(channel_ids)
    rows = rows_of(_LATEST, [keys]) if keys else []
    return {channel: Reading(instant, value) for channel, instant, value in rows}


def series(
    channel: Channel | int, start: datetime, end: datetime, max_points: int = 2000
) -> list[tuple[datetime, Decimal]]:
    """Believed readings for a chart, at most `max_points`; each slice keeps its extremes."""
    channel = channel_of(channel)
    rows = _DELTAS if channel.kind == "delta" else _LEVELS
    slices = max(max_points // 2, 1)
    parameters = [channel.pk, start, end, start, end, slices, max_points]
    return [(row[0], row[1]) for row in rows_of(_THINNED.replace("{rows}", rows), parameters)]


def stored_readings(
    channel: Channel, start: datetime, end: datetime, limit: int = 200
) -> list[StoredReading]:
    """Everything that was stored, believed or not, latest first."""
    statement = _ALL_DELTAS if channel.kind == "delta" else _ALL_LEVELS
    rows = rows_of(statement, [channel.pk, start, end, limit])
    return [
        StoredReading(at, key and bytes(key), value, received) for at, key, value, received in rows
    ]


def readings_received_since(
    channel: Channel, start: datetime, end: datetime, since: datetime, limit: int = 200
) -> list[StoredReading]:
    """What was stored for the span after an instant, believed or not, in order."""
    statement = _SINCE_DELTAS if channel.kind == "delta" else _SINCE_LEVELS
    rows = rows_of(statement, [channel.pk, start, end, since, limit])
    return [
        StoredReading(at, key and bytes(key), value, received) for at, key, value, received in rows
    ]


def readings_page(
    channel: Channel,
    start: datetime,
    end: datetime,
    limit: int,
    after: tuple[datetime, bytes] | None = None,
) -> list[tuple[datetime, bytes, Decimal]]:
    """Believed readings in order, without the opening one, after a place: (instant, key, value)."""
    if channel.kind == "delta":
        place = after or (start, b"")
        rows = rows_of(_PAGE_DELTAS, [channel.pk, start, end, *place, limit])
    else:
        rows = rows_of(
            _PAGE_LEVELS, [channel.pk, max(start, after[0]) if after else start, end, limit]
        )
    return [(at, bytes(key or b""), value) for at, key, value in rows]


def rows_of(statement: str, parameters: list[Any] | dict[str, Any]) -> list[tuple[Any, ...]]:
    """The rows of a statement in the current company's schema; `{schema}` stands for its name."""
    schema = connection.ops.quote_name(current_company().schema_name)
    connection.cursor().close()  # names company, role and search path where they changed
    with connection.wrap_database_errors, closing(psycopg.Cursor(connection.connection)) as cursor:
        # Values are judged text or Decimals; the schema's name is the company's own.
        cursor.execute(statement.replace("{schema}", schema), parameters, binary=True)
        return cursor.fetchall()
