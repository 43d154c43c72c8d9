"""Deriving: the days of derived channels that their inputs' days have marked, and marking them.

The caller holds the channels' locks. Marks are taken away before definitions and inputs are read,
so one that is set meanwhile stays and its day is derived again. What comes out is written as
ordinary readings where it differs from what stands, and marks its day like every other reading. What
stood before is kept (`queries.replaced`) once a period could have been billed from it.
"""

import time
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import closing
from datetime import date, datetime, timedelta
from hashlib import blake2b
from typing import Any
from uuid import UUID

from django.db import connection

from apps.assets.domain.derived import SeriesFunction, in_force
from apps.assets.domain.derived_units import Measured, ratio_of
from apps.telemetry.domain.belief import Reading
from apps.telemetry.domain.days import ONE_DAY, WorkedDay, day_start
from apps.telemetry.domain.deriving import Carry, DerivedDay, derive_day
from apps.telemetry.models import Channel, DerivedCarry
from apps.telemetry.operations.storing import in_schema, raw_cursor

# What is derived in one transaction; the rest stays marked.
MOST_DAYS = 400
MOST_SECONDS = 10.0
_TAKE = """
with found as materialized (
    select ctid from {schema}.telemetry_derivemark where channel_id = any(%s) for update
), gone as (
    delete from {schema}.telemetry_derivemark m using found f where m.ctid = f.ctid
    returning m.channel_id, m.day
)
select distinct channel_id, day from gone order by 1, 2
"""
_PUT = "insert into {schema}.telemetry_derivemark (channel_id, day) select * from unnest(%s::int[], %s::date[])"
_BEFORE = """
select closing_at, closing_value from {schema}.telemetry_channelday
where channel_id = %s and day < %s order by day desc limit 1
"""
_WITHIN = """
select l.measured_at, l.value from {schema}.telemetry_level l
where l.channel_id = %s and l.measured_at > %s and l.measured_at <= %s and not exists (
    select from {schema}.telemetry_disbelief b
    where b.channel_id = l.channel_id and b.measured_at = l.measured_at and b.event_key is null)
order by l.measured_at
"""
# Periods end at midnights, and midnights of every zone at full quarters of an hour: what stood at one
# after its own instant may have been billed.
_SETTLED = "to_timestamp(floor(extract(epoch from %(now)s::timestamptz) / 900) * 900)"
_LEVELS = """
with new as materialized (
    select * from unnest(%(instants)s::timestamptz[], %(values)s::numeric[]) as n(measured_at, value)
), gone as (
    delete from {schema}.telemetry_level l
    where l.channel_id = %(channel)s and l.measured_at > %(start)s and l.measured_at <= %(end)s
        and not exists (select from new n where n.measured_at = l.measured_at)
    returning 1
), kept as (
    insert into {schema}.telemetry_replaced
        (channel_id, measured_at, value, stood_from, stood_until, was_believed)
    select l.channel_id, l.measured_at, l.value, l.received_at, %(now)s, not exists (
        select from {schema}.telemetry_disbelief b where b.channel_id = l.channel_id
            and b.measured_at = l.measured_at and b.event_key is not distinct from null)
    from {schema}.telemetry_level l left join new n on n.measured_at = l.measured_at
    where l.channel_id = %(channel)s and l.measured_at > %(start)s and l.measured_at <= %(end)s
        and (n.value is null or n.value <> l.value) and l.measured_at <= {settled}
), put as (
    insert into {schema}.telemetry_level as l (channel_id, measured_at, value, received_at)
    select %(channel)s, n.measured_at, n.value, %(now)s from new n
    on conflict (channel_id, measured_at) do update
    set value = excluded.value, received_at = excluded.received_at
    where l.value <> excluded.value
    returning 1
)
select (select count(*) from gone) + (select count(*) from put)
"""
_DELTAS = """
with new as materialized (
    select * from unnest(%(keys)s::bytea[], %(instants)s::timestamptz[], %(values)s::numeric[])
        as n(event_key, counted_at, value)
), gone as (
    delete from {schema}.telemetry_delta l
    where l.channel_id = %(channel)s and l.counted_at >= %(start)s and l.counted_at < %(end)s
        and not exists (select from new n where n.event_key = l.event_key)
    returning 1
), kept as (
    insert into {schema}.telemetry_replaced
        (channel_id, measured_at, value, stood_from, stood_until, was_believed)
    select l.channel_id, l.counted_at, l.value, l.received_at, %(now)s, not exists (
        select from {schema}.telemetry_disbelief b where b.channel_id = l.channel_id
            and b.measured_at = l.counted_at and b.event_key is not distinct from l.event_key)
    from {schema}.telemetry_delta l left join new n on n.event_key = l.event_key
    where l.channel_id = %(channel)s and l.counted_at >= %(start)s and l.counted_at < %(end)s
        and (n.value is null or n.value <> l.value) and l.counted_at < {settled}
), put as (
    insert into {schema}.telemetry_delta as l (channel_id, event_key, counted_at, value, received_at)
    select %(channel)s, n.event_key, n.counted_at, n.value, %(now)s from new n
    on conflict (channel_id, event_key) do update
    set value = excluded.value, received_at = excluded.received_at
    where l.value <> excluded.value
    returning 1
)
select (select count(*) from gone) + (select count(*) from put)
"""
_MARK = "insert into {schema}.telemetry_mark (channel_id, day) values (%s, %s)"


def derive_marked(channel_ids: Sequence[int], now: datetime) -> bool:
    """Derive the marked days of these channels, within bounds. Whether none of them is left."""
    marked = _rows(_TAKE, [list(channel_ids)])
    if not marked:
        return True
    channels = {row.pk: row for row in Channel.objects.filter(pk__in={key for key, _ in marked})}
    left = marked[MOST_DAYS:]
    days: dict[int, set[date]] = defaultdict(set)
    for key, day in marked[:MOST_DAYS]:
        if channels[key].depth:
            days[key].add(day)
    until = time.monotonic() + MOST_SECONDS
    for key, wanted in days.items():
        left += [(key, day) for day in _Derivation(channels[key], now).work(wanted, until)]
    mark_days(left)
    return not left


def mark_days(pairs: Iterable[tuple[int, date]]) -> None:
    """Have these (channel, day) derived."""
    columns = list(zip(*sorted(set(pairs)), strict=True))
    if columns:
        with connection.cursor() as cursor:
            cursor.execute(in_schema(_PUT), [list(column) for column in columns])


class _Derivation:
    """One derived channel: its definitions, its inputs, and the carries of its days."""

    def __init__(self, channel: Channel, now: datetime) -> None:
        self.channel, self.now = channel, now
        self.versions = channel.derivations
        codes = {code for item in self.versions for code in item.definition.inputs}
        rows = Channel.objects.filter(asset_id=channel.asset_id, code__in=codes)
        self.inputs = {row.code: row for row in rows}
        self.units = {code: Measured(row.kind, row.unit) for code, row in self.inputs.items()}

    def work(self, wanted: set[date], until: float) -> list[date]:
        """Derive these days in order, and the later ones whose carry has changed.

        Returns the days that are left: at least one is derived, the others while there is time.
        """
        carries = self._carries(min(wanted))
        queue, done = sorted(wanted), 0
        while queue and done < MOST_DAYS and (not done or time.monotonic() < until):
            day = queue.pop(0)
            done += 1
            if self._derive(day, carries) and (later := carries.after(day)) is not None:
                queue = sorted({*queue, later})
        carries.write()
        return queue

    def _carries(self, first: date) -> "_Carries":
        rows = DerivedCarry.objects.filter(channel=self.channel)
        before = rows.filter(day__lt=first).order_by("-day").values_list("day", "carry")[:1]
        later = rows.filter(day__gte=first).order_by("day").values_list("day", "carry")
        return _Carries(self.channel, dict([*before, *later]))

    def _derive(self, day: date, carries: "_Carries") -> bool:
        """Whether the day hands on something else than before."""
        before = carries.before(day)
        derived = self._day(day, before)
        if self._write(day, derived.readings):
            with connection.cursor() as cursor:
                cursor.execute(in_schema(_MARK), [self.channel.pk, day])
        stood = carries.of(day, before)
        carries.put(day, derived.carry)
        return derived.carry != stood

    def _day(self, day: date, carry: Carry) -> DerivedDay:
        derivation = in_force(self.versions, day)
        if derivation is None:
            return DerivedDay((), carry)
        definition = derivation.definition
        inputs = {
            code: self._readings(self.inputs[code], day)
            for code in definition.inputs if code in self.inputs
        }  # fmt: skip
        ratio = None
        if isinstance(definition, SeriesFunction):
            ratio = ratio_of(definition, Measured(self.channel.kind, self.channel.unit), self.units)
        return derive_day(derivation, day, inputs, ratio, carry)

    def _readings(self, channel: Channel, day: date) -> list[Reading]:
        opening = _rows(_BEFORE, [channel.pk, day])
        start = day_start(day)
        within = _rows(_WITHIN, [channel.pk, start, start + ONE_DAY])
        return [Reading(*row) for row in [*opening, *within] if row[0] is not None]

    def _write(self, day: date, readings: Sequence[Reading]) -> bool:
        start = day_start(day)
        parameters = {
            "channel": self.channel.pk, "start": start, "end": start + ONE_DAY, "now": self.now,
            "instants": [item.measured_at for item in readings],
            "values": [item.value for item in readings],
            "keys": [self._key(item.measured_at) for item in readings],
        }  # fmt: skip
        statement = _DELTAS if self.channel.kind == "delta" else _LEVELS
        return bool(_rows(statement.replace("{settled}", _SETTLED), parameters)[0][0])

    def _key(self, instant: datetime) -> bytes:
        name = f"derived\0{self.channel.pk}\0{instant.isoformat()}"
        return blake2b(name.encode(), digest_size=16).digest()


class _Carries:
    """Carries by day of one channel; days that hand on nothing of their own have none."""

    def __init__(self, channel: Channel, stored: dict[date, Carry]) -> None:
        self.channel, self.stored = channel, stored
        self.days = sorted(stored)
        self.changed: dict[date, Carry] = {}

    def before(self, day: date) -> Carry:
        place = bisect_right(self.days, day - ONE_DAY)
        return self.stored[self.days[place - 1]] if place else {}

    def after(self, day: date) -> date | None:
        place = bisect_right(self.days, day)
        return self.days[place] if place < len(self.days) else None

    def of(self, day: date, otherwise: Carry) -> Carry:
        return self.stored.get(day, otherwise)

    def put(self, day: date, carry: Carry) -> None:
        if not carry and day not in self.stored:
            return
        if self.stored.get(day) != carry:
            self.changed[day] = carry
        if day not in self.stored:
            self.days.insert(bisect_right(self.days, day), day)
        self.stored[day] = carry

    def write(self) -> None:
        DerivedCarry.objects.bulk_create(
            [DerivedCarry(channel=self.channel, day=day, carry=carry) for day, carry in self.changed.items()],
            update_conflicts=True, unique_fields=["channel", "day"], update_fields=["carry"],
        )  # fmt: skip


def mark_dependents(channels: Sequence[Channel], worked: Sequence[WorkedDay]) -> None:
    """Mark the days of derived channels that rest on the days just worked."""
    dependents = _dependents({channel.asset_id for channel in channels})
    if not dependents:
        return
    names = {channel.pk: (channel.asset_id, channel.code) for channel in channels}
    pairs: set[tuple[int, date]] = set()
    for day in worked:
        for key, hold in dependents.get(names[day.marked.channel], ()):
            pairs.add((key, day.marked.day))
            if _reaches_on(day, hold):
                pairs.add((key, day.marked.day + ONE_DAY))
    mark_days(pairs)


Name = tuple[UUID, str]


def _dependents(assets: set[UUID]) -> dict[Name, list[tuple[int, timedelta]]]:
    """By asset and code of an input: channels derived from it, and how long it holds there."""
    found: dict[Name, dict[int, timedelta]] = defaultdict(dict)
    for channel in Channel.objects.filter(asset_id__in=assets, depth__gt=0):
        for item in channel.derivations:
            for code in item.definition.inputs:
                held = found[channel.asset_id, code]
                held[channel.pk] = max(held.get(channel.pk, timedelta(0)), item.hold)
    return {name: list(held.items()) for name, held in found.items()}


def _reaches_on(day: WorkedDay, hold: timedelta) -> bool:
    """Whether the next day sees another value than before: what held at this day's end has changed."""
    before, after = day.marked.closing, day.closing
    if before == after:
        return False
    end = day_start(day.marked.day) + ONE_DAY
    return any(item is not None and item.measured_at + hold >= end for item in (before, after))


def _rows(statement: str, parameters: Any) -> list[tuple[Any, ...]]:
    with connection.wrap_database_errors, closing(raw_cursor()) as cursor:
        cursor.execute(in_schema(statement), parameters, binary=True)
        return cursor.fetchall()
