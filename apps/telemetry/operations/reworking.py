"""One chunk of channels: read what is marked, judge it by the domain, hand over what came out."""

from collections import defaultdict
from collections.abc import Sequence
from contextlib import closing
from typing import Any

from django.db import connection

from apps.telemetry.domain.belief import Carry, DeltaReading, Reading
from apps.telemetry.domain.days import (
    ONE_DAY,
    MarkedDay,
    WorkedDay,
    day_start,
    work_deltas,
    work_levels,
)
from apps.telemetry.models import Channel
from apps.telemetry.operations.storing import in_schema, raw_cursor
from apps.telemetry.queries.belief import (
    declarations_in_force,
    declared_deltas,
    delta_rules_of,
    rules_of,
)

FURTHEST = 256  # days read at once when a changed opening value runs on into later days
_DAYS = """
select d.channel_id, d.day, d.version, d.done_version, d.opening_at, d.opening_value,
    d.closing_at, d.closing_value
from (
    select channel_id, min(day) as first from {schema}.telemetry_channelday
    where version > done_version and channel_id = any(%s) group by channel_id
) as f
join {schema}.telemetry_channelday d on d.channel_id = f.channel_id and d.day >= f.first
order by d.channel_id, d.day
"""
_CARRY = """
select f.channel_id, d.closing_at, d.closing_value
from unnest(%s::int[], %s::date[]) as f(channel_id, first)
cross join lateral (
    select closing_at, closing_value from {schema}.telemetry_channelday d
    where d.channel_id = f.channel_id and d.day < f.first order by d.day desc limit 1
) d
where d.closing_at is not null
"""
_LEVELS = """
select d.channel_id, d.day, l.measured_at, l.value
from unnest(%s::int[], %s::date[]) as d(channel_id, day)
join {schema}.telemetry_level l on l.channel_id = d.channel_id
    and l.measured_at > (d.day::timestamp at time zone 'UTC')
    and l.measured_at <= ((d.day + 1)::timestamp at time zone 'UTC')
where l.measured_at > %s and l.measured_at <= %s
"""
_DELTAS = """
select d.channel_id, d.day, l.event_key, l.counted_at, l.value
from unnest(%s::int[], %s::date[]) as d(channel_id, day)
join {schema}.telemetry_delta l on l.channel_id = d.channel_id
    and l.counted_at >= (d.day::timestamp at time zone 'UTC')
    and l.counted_at < ((d.day + 1)::timestamp at time zone 'UTC')
"""
Key = tuple[int, Any]


def rework(channels: Sequence[Channel]) -> list[WorkedDay]:
    """The marked days of these channels, judged. The caller holds the channels' locks."""
    days = _marked_days([channel.id for channel in channels])
    by_id = {channel.id: channel for channel in channels}
    levels = {key: rows for key, rows in days.items() if by_id[key].kind != "delta"}
    deltas = {key: rows for key, rows in days.items() if by_id[key].kind == "delta"}
    return [*_rework_levels(by_id, levels), *_rework_deltas(by_id, deltas)]


def _marked_days(channel_ids: list[int]) -> dict[int, list[MarkedDay]]:
    days: dict[int, list[MarkedDay]] = defaultdict(list)
    for channel, day, version, done, opening_at, opening, closing_at, value in _rows(
        _DAYS, [channel_ids]
    ):
        days[channel].append(
            MarkedDay(
                channel, day, version, done, _reading(opening_at, opening),
                _reading(closing_at, value),
            )
        )  # fmt: skip
    return days


def _reading(instant: Any, value: Any) -> Reading | None:
    return None if instant is None else Reading(instant, value)


def _rework_levels(
    channels: dict[int, Channel], days: dict[int, list[MarkedDay]]
) -> list[WorkedDay]:
    if not days:
        return []
    said = declarations_in_force(days)
    carries = _carries({channel: rows[0] for channel, rows in days.items()})
    readings = _Readings(days)
    worked = []
    for channel, rows in days.items():
        worked += work_levels(
            rows, carries.get(channel), readings.of, said.get(channel, []),
            rules_of(channels[channel]),
        )  # fmt: skip
    return worked


def _carries(first: dict[int, MarkedDay]) -> dict[int, Carry]:
    rows = _rows(_CARRY, [list(first), [marked.day for marked in first.values()]])
    return {channel: Reading(instant, value) for channel, instant, value in rows}


class _Readings:
    """Readings by channel and day: the dirty days in one read, later ones as the work runs on."""

    def __init__(self, days: dict[int, list[MarkedDay]]) -> None:
        self._days = days
        self._ahead: dict[int, int] = {}
        self._read: dict[Key, list[Reading]] = {}
        self._load([marked for rows in days.values() for marked in rows if marked.is_dirty])

    def of(self, marked: MarkedDay) -> list[Reading]:
        key = (marked.channel, marked.day)
        if key not in self._read:
            self._load(self._next(marked))
        return self._read.pop(key)

    def _next(self, marked: MarkedDay) -> list[MarkedDay]:
        count = min(2 * self._ahead.get(marked.channel, 1), FURTHEST)
        self._ahead[marked.channel] = count
        rows = self._days[marked.channel]
        place = rows.index(marked)
        return [
            row for row in rows[place : place + count] if (row.channel, row.day) not in self._read
        ]

    def _load(self, wanted: list[MarkedDay]) -> None:
        if not wanted:
            return
        self._read.update(((row.channel, row.day), []) for row in wanted)
        days = [row.day for row in wanted]
        since, until = day_start(min(days)), day_start(max(days)) + ONE_DAY
        parameters = [[row.channel for row in wanted], days, since, until]
        for channel, day, instant, value in _rows(_LEVELS, parameters):
            self._read[channel, day].append(Reading(instant, value))


def _rework_deltas(
    channels: dict[int, Channel], days: dict[int, list[MarkedDay]]
) -> list[WorkedDay]:
    dirty = [marked for rows in days.values() for marked in rows if marked.is_dirty]
    if not dirty:
        return []
    said = declared_deltas(days)
    readings: dict[Key, list[DeltaReading]] = defaultdict(list)
    parameters = [[row.channel for row in dirty], [row.day for row in dirty]]
    for channel, day, key, instant, value in _rows(_DELTAS, parameters):
        readings[channel, day].append(DeltaReading(key.hex(), instant, value))
    return [
        work_deltas(
            marked, readings[marked.channel, marked.day], said.get(marked.channel, {}),
            delta_rules_of(channels[marked.channel]),
        )
        for marked in dirty
    ]  # fmt: skip


def _rows(statement: str, parameters: list[Any]) -> list[tuple[Any, ...]]:
    with connection.wrap_database_errors, closing(raw_cursor()) as cursor:
        cursor.execute(in_schema(statement), parameters, binary=True)
        return cursor.fetchall()
