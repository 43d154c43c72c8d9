"""Working marked (channel, day) pairs in: belief, discontinuities, hours, openings and closings.

Two workers never interleave on a channel (a transaction-scoped lock each, taken in order). Marks
are read before readings, so a mark raised meanwhile stays dirty and is worked again. Intake only
appends marks; they are folded into their days here, under the channel's lock. Channels that are
derived from others come after them, depth by depth.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import F

from apps.assets.queries import series_grants
from apps.common.fields import uuid7
from apps.common.quantity import canonical
from apps.events.operations import enqueue, publish
from apps.telemetry.domain.belief import DeltaDisbelief, Disbelief, Reading
from apps.telemetry.domain.days import DayTrace, WorkedDay, day_start
from apps.telemetry.models import Channel, ChannelDay
from apps.telemetry.operations.deriving import derive_marked, mark_dependents
from apps.telemetry.operations.packing import pack_decimals, pack_instants, pack_integers
from apps.telemetry.operations.reworking import rework
from apps.telemetry.operations.storing import in_schema, raw_cursor
from apps.telemetry.queries.derived import channels_by_depth

CHUNK = 200
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
LOCKS = """
select pg_advisory_xact_lock(hashtext('{schema}.roll_up'), id)
from (select unnest(%s::int[]) as id order by 1) as ordered
"""
_MARKED = """
select channel_id from {schema}.telemetry_mark
union select channel_id from {schema}.telemetry_derivemark
"""
_MARKED_OF = """
select channel_id from {schema}.telemetry_mark where channel_id = any(%(channels)s)
union select channel_id from {schema}.telemetry_derivemark where channel_id = any(%(channels)s)
"""
_FOLD = """
with found as materialized (
    select ctid from {schema}.telemetry_mark where channel_id = any(%s)
    order by channel_id, day for update
), gone as (
    delete from {schema}.telemetry_mark m using found f where m.ctid = f.ctid
    returning m.channel_id, m.day
)
insert into {schema}.telemetry_channelday as d (channel_id, day, version, done_version, reading_count)
select distinct channel_id, day, 1, 0, 0 from gone order by 1, 2
on conflict (channel_id, day) do update set version = d.version + 1
"""
_HOURS = """
with new as materialized (
    select * from unnest(%s, %s, %s::int[], %s::numeric[], %s, %s::numeric[], %s::numeric[],
        %s::numeric[])
    as n(channel_id, hour, reading_count, usage, last_at, last_value, minimum, maximum)
), gone as (
    delete from {schema}.telemetry_hourrollup h
    using unnest(%s, %s) as d(channel_id, start)
    where h.channel_id = d.channel_id and h.hour >= d.start
        and h.hour < d.start + interval '1 day'
        and not exists (select from new n where n.channel_id = h.channel_id and n.hour = h.hour)
)
insert into {schema}.telemetry_hourrollup as h
    (channel_id, hour, reading_count, usage, last_at, last_value, minimum, maximum)
select * from new
on conflict (channel_id, hour) do update set reading_count = excluded.reading_count,
    usage = excluded.usage, last_at = excluded.last_at, last_value = excluded.last_value,
    minimum = excluded.minimum, maximum = excluded.maximum
where (h.reading_count, h.usage, h.last_at, h.last_value, h.minimum, h.maximum) is distinct from
    (excluded.reading_count, excluded.usage, excluded.last_at, excluded.last_value,
    excluded.minimum, excluded.maximum)
"""
_JUMPS = """
with new as materialized (
    select * from unnest(%s::int[], %s::timestamptz[], %s::text[], %s::numeric[])
    as n(channel_id, measured_at, kind, amount)
), gone as (
    delete from {schema}.telemetry_discontinuity x
    using unnest(%s, %s) as d(channel_id, start)
    where x.channel_id = d.channel_id and x.measured_at > d.start
        and x.measured_at <= d.start + interval '1 day' and not exists (
            select from new n where n.channel_id = x.channel_id and n.measured_at = x.measured_at)
)
insert into {schema}.telemetry_discontinuity as x (channel_id, measured_at, kind, amount)
select * from new
on conflict (channel_id, measured_at) do update set kind = excluded.kind, amount = excluded.amount
where (x.kind, x.amount) is distinct from (excluded.kind, excluded.amount)
"""
_DISBELIEFS = """
with new as materialized (
    select * from unnest(%s::uuid[], %s::int[], %s::timestamptz[], %s::bytea[], %s::numeric[],
        %s::text[], %s::jsonb[])
    as n(id, channel_id, measured_at, event_key, value, reason, params)
), gone as (
    delete from {schema}.telemetry_disbelief b
    using unnest(%s, %s, %s::boolean[]) as d(channel_id, start, is_delta)
    where b.channel_id = d.channel_id
        and case when d.is_delta
            then b.measured_at >= d.start and b.measured_at < d.start + interval '1 day'
            else b.measured_at > d.start and b.measured_at <= d.start + interval '1 day' end
        and not exists (
            select from new n where n.channel_id = b.channel_id and n.measured_at = b.measured_at
                and n.event_key is not distinct from b.event_key)
)
insert into {schema}.telemetry_disbelief as b
    (id, channel_id, measured_at, event_key, value, reason, params, found_at)
select n.*, %s from new n
on conflict (channel_id, measured_at, event_key)
do update set reason = excluded.reason, params = excluded.params
where (b.reason, b.params) is distinct from (excluded.reason, excluded.params)
"""
_LOCK_DAYS = """
select 1 from {schema}.telemetry_channelday d
join unnest(%s::int[], %s::date[]) as w(channel_id, day) using (channel_id, day)
order by d.channel_id, d.day for update of d
"""
# A day that nobody marked but whose opening moved is another version of itself.
_DONE = """
update {schema}.telemetry_channelday d set
    version = d.version + w.moved, done_version = w.version + w.moved,
    opening_at = w.opening_at, opening_value = w.opening_value,
    closing_at = w.closing_at, closing_value = w.closing_value, reading_count = w.reading_count,
    usage = w.usage, digest = w.digest, first_at = w.first_at,
    longest_silence = w.longest_silence
from unnest(%s::int[], %s::date[], %s::bigint[], %s::int[], %s::timestamptz[], %s::numeric[],
    %s::timestamptz[], %s::numeric[], %s::int[], %s::numeric[], %s::bytea[], %s::timestamptz[],
    %s::bigint[])
    as w(channel_id, day, version, moved, opening_at, opening_value, closing_at, closing_value,
    reading_count, usage, digest, first_at, longest_silence)
where d.channel_id = w.channel_id and d.day = w.day
"""
_LAST_SEEN = """
update assets_asset a set last_reading_at = w.seen
from unnest(%s::uuid[], %s::timestamptz[]) as w(id, seen)
where a.id = w.id and (a.last_reading_at is null or a.last_reading_at + interval '1 minute' <= w.seen)
"""


def recompute_dirty(
    *,
    now: datetime,
    channel_ids: Sequence[int] | None = None,
    limit: int | None = None,
    after_chunk: Callable[[int], None] | None = None,
) -> int:
    """Work marked days in, a transaction for each chunk of channels. Returns how many days.

    At most `limit` channels of a depth (all by default); `after_chunk` hears the number of days so
    far. What these channels are derived from is worked in before them.
    """
    by_depth = channels_by_depth(channel_ids)
    done = 0
    for depth in sorted(by_depth):
        channels = _dirty_channels(by_depth[depth], limit)
        for place in range(0, len(channels), CHUNK):
            is_through = False
            while not is_through:
                worked, is_through = _recompute_chunk(channels[place : place + CHUNK], now)
                done += worked
                if after_chunk is not None:
                    after_chunk(done)
    return done


def _dirty_channels(channel_ids: Sequence[int] | None, limit: int | None) -> list[int]:
    days = ChannelDay.objects.filter(version__gt=F("done_version"))
    if channel_ids is not None:
        days = days.filter(channel__in=list(channel_ids))
    found = days.values_list("channel_id", flat=True).order_by().distinct()
    return sorted({*found, *_marked_channels(channel_ids)})[:limit]


def _marked_channels(channel_ids: Sequence[int] | None) -> set[int]:
    with connection.cursor() as cursor:
        if channel_ids is None:
            cursor.execute(in_schema(_MARKED))
        else:
            cursor.execute(in_schema(_MARKED_OF), {"channels": list(channel_ids)})
        return {row[0] for row in cursor.fetchall()}


def _recompute_chunk(channel_ids: list[int], now: datetime) -> tuple[int, bool]:
    """How many days were worked in, and whether none is left that had to be derived."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(in_schema(LOCKS), [channel_ids])
        is_through = derive_marked(channel_ids, now)
        with connection.cursor() as cursor:
            cursor.execute(in_schema(_FOLD), [channel_ids])
        channels = list(Channel.objects.filter(id__in=channel_ids).order_by("id"))
        worked = rework(channels)
        if worked:
            _write(worked, now)
            mark_dependents(channels, worked)
            _tell(channels, worked, now)
    return len(worked), is_through


def _write(worked: list[WorkedDay], now: datetime) -> None:
    worked.sort(key=lambda day: (day.marked.channel, day.marked.day))
    days = _day_columns(worked)
    with connection.wrap_database_errors, closing(raw_cursor()) as cursor:
        for statement, parameters in (
            (_HOURS, [*_hour_columns(worked), *days]),
            (_JUMPS, [*_jump_columns(worked), *days]),
            (_DISBELIEFS, [*_disbelief_columns(worked), *days, _are_deltas(worked), now]),
            (_LOCK_DAYS, _keys(worked)),
            (_DONE, _done_columns(worked)),
        ):
            cursor.execute(in_schema(statement), parameters)


def _day_columns(worked: list[WorkedDay]) -> list[Any]:
    return [
        _integers(day.marked.channel for day in worked),
        _instants(day_start(day.marked.day) for day in worked),
    ]


def _hour_columns(worked: list[WorkedDay]) -> list[Any]:
    rows = [(day.marked.channel, hour) for day in worked for hour in day.hours]
    return [
        _integers(channel for channel, _ in rows),
        _instants(hour.hour for _, hour in rows),
        [hour.reading_count for _, hour in rows],
        pack_decimals([f"{hour.usage:f}" for _, hour in rows]),
        _instants(hour.last_at for _, hour in rows),
        pack_decimals([f"{hour.last_value:f}" for _, hour in rows]),
        pack_decimals([f"{hour.minimum:f}" for _, hour in rows]),
        pack_decimals([f"{hour.maximum:f}" for _, hour in rows]),
    ]


def _jump_columns(worked: list[WorkedDay]) -> list[Any]:
    rows = [(day.marked.channel, jump) for day in worked for jump in day.discontinuities]
    return [
        [channel for channel, _ in rows], [jump.measured_at for _, jump in rows],
        [jump.kind for _, jump in rows], [jump.amount for _, jump in rows],
    ]  # fmt: skip


def _disbelief_columns(worked: list[WorkedDay]) -> list[Any]:
    rows = [(day.marked.channel, found) for day in worked for found in day.disbelieved]
    return [
        [uuid7() for _ in rows], [channel for channel, _ in rows],
        [found.reading.measured_at for _, found in rows],
        [_event_key(found) for _, found in rows],
        [found.reading.value for _, found in rows], [found.reason for _, found in rows],
        [json.dumps(dict(found.params)) for _, found in rows],
    ]  # fmt: skip


def _event_key(found: Disbelief | DeltaDisbelief) -> bytes | None:
    return bytes.fromhex(found.reading.key) if isinstance(found, DeltaDisbelief) else None


def _are_deltas(worked: list[WorkedDay]) -> list[bool]:
    return [day.is_delta for day in worked]


def _keys(worked: list[WorkedDay]) -> list[Any]:
    return [[day.marked.channel for day in worked], [day.marked.day for day in worked]]


def _done_columns(worked: list[WorkedDay]) -> list[Any]:
    return [
        *_keys(worked),
        [day.marked.version for day in worked], [int(day.moved) for day in worked],
        *_reading_columns(day.opening for day in worked),
        *_reading_columns(day.closing for day in worked),
        [day.reading_count for day in worked],
        pack_decimals([canonical(day.usage) for day in worked]),
        *_trace_columns(day.trace for day in worked),
    ]  # fmt: skip


def _trace_columns(traces: Iterable[DayTrace | None]) -> list[Any]:
    found = list(traces)
    return [
        [trace and trace.digest for trace in found],
        [trace and trace.first_at for trace in found],
        [trace and trace.longest_silence // _MICROSECOND for trace in found],
    ]


def _reading_columns(readings: Iterable[Reading | None]) -> list[Any]:
    found = list(readings)
    return [
        [None if reading is None else reading.measured_at for reading in found],
        [None if reading is None else canonical(reading.value) for reading in found],
    ]


def _integers(numbers: Iterable[int]) -> Any:
    return pack_integers(list(numbers))


def _instants(instants: Iterable[datetime]) -> Any:
    return pack_instants([(instant - _EPOCH) // _MICROSECOND for instant in instants])


def _tell(channels: Sequence[Channel], worked: Sequence[WorkedDay], now: datetime) -> None:
    touched = {day.marked.channel for day in worked}
    asset_of = {channel.id: channel.asset_id for channel in channels}
    sent = {channel.id for channel in channels if not channel.depth}
    _note_last_readings(asset_of, [day for day in worked if day.marked.channel in sent])
    assets = sorted({str(asset_of[channel]) for channel in touched})
    since = min(day.marked.day for day in worked)
    payload = {"channels": sorted(touched), "assets": assets, "since": since.isoformat()}
    publish(name="telemetry.rolled_up", payload=payload, now=now)
    if series_grants(now).filter(asset__in=list(asset_of.values())).exists():
        enqueue(kind="telemetry.deliver", payload=payload, now=now)


def _note_last_readings(asset_of: dict[int, Any], worked: Sequence[WorkedDay]) -> None:
    seen: dict[Any, datetime] = {}
    for day in worked:
        if day.closing is not None:
            asset = asset_of[day.marked.channel]
            seen[asset] = max(seen.get(asset, day.closing.measured_at), day.closing.measured_at)
    if seen:
        with connection.cursor() as cursor:
            cursor.execute(_LAST_SEEN, [list(seen), list(seen.values())])
