"""The statements of intake: one per table, keyed, marking the touched days as it stores.

Tables are named with their schema (a changed search path would plan again), values go as binary
arrays on psycopg's own cursor (Django's binds on the client). Rows are sorted by key, so that two
batches never wait for each other in a circle.
"""

import time
from collections.abc import Iterable
from contextlib import closing
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakSet

import psycopg
from django.db import connection, transaction

from apps.telemetry.operations.channels import company_key
from apps.telemetry.operations.judgement import Rows
from apps.telemetry.operations.packing import (
    pack_decimals,
    pack_instants,
    pack_integers,
    pack_keys,
    teach,
)
from apps.tenancy.context import current_company

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Most batches hold nothing that is there already: without ON CONFLICT a row costs a quarter less.
_ALL_NEW_LEVELS = """
with marked as ({marks}), counted as ({count})
insert into {schema}.telemetry_level (channel_id, measured_at, value, received_at)
select s.*, %s from unnest(%s, %s, %s::numeric[]) as s(channel_id, measured_at, value)
"""
_ALL_NEW_DELTAS = """
with marked as ({marks}), counted as ({count})
insert into {schema}.telemetry_delta (channel_id, event_key, counted_at, value, received_at)
select s.*, %s from unnest(%s, %s, %s, %s::numeric[])
    as s(channel_id, event_key, counted_at, value)
"""
_MARKS = """
    insert into {schema}.telemetry_mark (channel_id, day) select * from unnest(%s, %s::date[])
"""
# What a plan counts in a month: so many stored, received now.
_COUNT = """
    insert into {schema}.telemetry_received (received_at, readings) values (%s, %s)
"""
_MARK = """
marked as (
    insert into {schema}.telemetry_mark (channel_id, day)
    select distinct channel_id, {day} from stored
), counted as (
    insert into {schema}.telemetry_received (received_at, readings)
    select %s, count(*) from stored having count(*) > 0
)
"""
# A level at exactly midnight belongs to the day that ends there, a delta to the day that begins.
_LEVELS = """
with sent as materialized (
    select * from unnest(%s, %s, %s::numeric[]) with ordinality
        as s(channel_id, measured_at, value, n)
), stored as (
    insert into {schema}.telemetry_level (channel_id, measured_at, value, received_at)
    select channel_id, measured_at, value, %s from sent order by n
    on conflict do nothing returning channel_id, measured_at
), {mark}
select s.n from sent s where (select count(*) from stored) < %s and not exists (
    select from stored t where t.channel_id = s.channel_id and t.measured_at = s.measured_at)
"""
_DELTAS = """
with sent as materialized (
    select * from unnest(%s, %s, %s, %s::numeric[]) with ordinality
        as s(channel_id, event_key, counted_at, value, n)
), stored as (
    insert into {schema}.telemetry_delta (channel_id, event_key, counted_at, value, received_at)
    select channel_id, event_key, counted_at, value, %s from sent order by n
    on conflict do nothing returning channel_id, event_key, counted_at
), {mark}
select s.n from sent s where (select count(*) from stored) < %s and not exists (
    select from stored t where t.channel_id = s.channel_id and t.event_key = s.event_key)
"""
_EXISTING_LEVELS = """
select s.n, l.value, l.value = s.value
from unnest(%s, %s, %s::numeric[]) with ordinality as s(channel_id, measured_at, value, n)
join {schema}.telemetry_level l
    on l.channel_id = s.channel_id and l.measured_at = s.measured_at
"""
_EXISTING_DELTAS = """
select s.n, d.value, d.value = s.value and d.counted_at = s.counted_at
from unnest(%s, %s, %s, %s::numeric[]) with ordinality
    as s(channel_id, event_key, counted_at, value, n)
join {schema}.telemetry_delta d on d.channel_id = s.channel_id and d.event_key = s.event_key
"""
_LEVEL_DAY = "((measured_at at time zone 'UTC') - interval '1 microsecond')::date"
_DELTA_DAY = "(counted_at at time zone 'UTC')::date"
_months: dict[tuple[str, int], set[str]] = {}
_taught: WeakSet[psycopg.Connection[Any]] = WeakSet()
# A sender that repeats itself will do so again: for a while its company's batches are compared.
COMPARED_SECONDS = 10.0
_compare_until: dict[tuple[str, int], float] = {}
_DAY = 86_400_000_000  # microseconds
_DAY_BITS = 20


class Existing(NamedTuple):
    """What stands in the table where an item was not stored."""

    value: Decimal
    same: bool


def store_rows(rows: Rows, now: datetime) -> dict[int, Existing]:
    """Store what is new; for the rest, by item index, what was there first.

    Runs in the caller's transaction; without one the rows are committed when it returns. Of two
    rows of one batch with the same key the first counts.
    """
    if not rows.indexes:
        return {}
    order, columns = _sorted_columns(rows)
    doubled = columns.repeated()
    if not doubled and _stored_as_new(columns, now):
        return {}
    insert, existing = (_DELTAS, _EXISTING_DELTAS) if rows.keys else (_LEVELS, _EXISTING_LEVELS)
    with connection.wrap_database_errors, closing(raw_cursor()) as cursor:
        cursor.execute(
            in_schema(insert, mark=_MARK.strip(), day=_DELTA_DAY if rows.keys else _LEVEL_DAY),
            [*columns.packed(), now, now, len(order)],
        )
        missing = [row[0] - 1 for row in cursor.fetchall()]
        if not missing and not doubled:
            return {}
        missing = sorted({*missing, *doubled})
        cursor.execute(in_schema(existing), columns.only(missing).packed())
        found = cursor.fetchall()
    return {rows.indexes[order[missing[n - 1]]]: Existing(value, same) for n, value, same in found}


def _stored_as_new(columns: "_Columns", now: datetime) -> bool:
    """Whether all rows were new and are stored. Else nothing is, and they are to be compared.

    Only outside a transaction, which a clash would break.
    """
    key = company_key()
    if connection.in_atomic_block or _compare_until.get(key, 0.0) > time.monotonic():
        return False
    statement = _ALL_NEW_DELTAS if columns.keys else _ALL_NEW_LEVELS
    with connection.wrap_database_errors, closing(raw_cursor()) as cursor:
        try:
            cursor.execute(
                in_schema(statement, marks=_MARKS, count=_COUNT),
                [*columns.marks(), now, len(columns.values), now, *columns.packed()],
            )
        except psycopg.errors.UniqueViolation:
            _compare_until[key] = time.monotonic() + COMPARED_SECONDS
            return False
    return True


class _Columns(NamedTuple):
    """Sorted columns of one table; `keys` is empty for levels."""

    channels: "NDArray[np.int64]"
    micros: "NDArray[np.int64]"
    values: list[str]
    keys: list[bytes]

    def packed(self) -> list[Any]:
        channels, micros = pack_integers(self.channels), pack_instants(self.micros)
        keys = [pack_keys(self.keys)] if self.keys else []
        return [channels, *keys, micros, pack_decimals(self.values)]

    def marks(self) -> list[Any]:
        """Channels and UTC days that the rows touch, each pair once."""
        instants = self.micros if self.keys else self.micros - 1
        pairs = _each_once((self.channels << _DAY_BITS) + instants // _DAY)
        days = (pairs & ((1 << _DAY_BITS) - 1)).astype("datetime64[D]")
        return [pack_integers(pairs >> _DAY_BITS), "{" + ",".join(days.astype(str)) + "}"]

    def only(self, places: list[int]) -> "_Columns":
        return _Columns(
            self.channels[places], self.micros[places], [self.values[n] for n in places],
            [self.keys[n] for n in places] if self.keys else [],
        )  # fmt: skip

    def repeated(self) -> list[int]:
        """Places whose key is that of the place before."""
        import numpy as np

        same = self.channels[1:] == self.channels[:-1]
        if self.keys:
            pairs = zip(self.keys, self.keys[1:], strict=False)
            same &= np.fromiter((one == other for one, other in pairs), bool, len(same))
        else:
            same &= self.micros[1:] == self.micros[:-1]
        return [int(place) + 1 for place in np.flatnonzero(same)]


def _sorted_columns(rows: Rows) -> tuple[list[int], _Columns]:
    import numpy as np

    channels = np.array(rows.channels, dtype=np.int64)
    micros = np.array(rows.micros, dtype=np.int64)
    if rows.keys:
        order = sorted(range(len(channels)), key=lambda n: (rows.channels[n], rows.keys[n]))
    else:
        # lexsort is stable: of equal keys the earlier item stays first.
        order = np.lexsort((micros, channels)).tolist()
    values = [rows.values[n] for n in order]
    keys = [rows.keys[n] for n in order] if rows.keys else []
    return order, _Columns(channels[order], micros[order], values, keys)


def _each_once(column: "NDArray[Any]") -> "NDArray[Any]":
    """In order. numpy's own `unique` would load its masked arrays, another 3 MiB."""
    import numpy as np

    ordered = np.sort(column)
    return ordered[np.append(True, ordered[1:] != ordered[:-1])[: len(ordered)]]


def columns_of(rows: Rows) -> dict[str, Any]:
    """Judged rows as arrays by name; `keys` of deltas alone. Their order is of no account."""
    import numpy as np

    keys = {"keys": pack_keys(rows.keys)} if rows.keys else {}
    return {
        "channels": pack_integers(np.array(rows.channels, dtype=np.int64)),
        "instants": pack_instants(np.array(rows.micros, dtype=np.int64)),
        "values": pack_decimals(rows.values), **keys,
    }  # fmt: skip


def raw_cursor() -> psycopg.Cursor[Any]:
    """psycopg's own cursor on Django's connection, asking as the current company.

    Use it inside `connection.wrap_database_errors`.
    """
    connection.cursor().close()  # names company, role and search path where they changed
    if connection.connection not in _taught:
        teach(connection.connection)
        _taught.add(connection.connection)
    cursor: psycopg.Cursor[Any] = psycopg.Cursor(connection.connection)
    return cursor


def in_schema(statement: str, **parts: str) -> str:
    """The statement with `{schema}` (and other parts) filled in."""
    for name, text in parts.items():
        statement = statement.replace(f"{{{name}}}", text)
    schema = connection.ops.quote_name(current_company().schema_name)
    return statement.replace("{schema}", schema)


def make_months_of(rows: Rows) -> None:
    """Make the month partitions these levels need."""
    import numpy as np

    if rows.micros:
        micros = np.array(rows.micros, dtype=np.int64).view("datetime64[us]")
        _make_missing({str(month) for month in _each_once(micros.astype("datetime64[M]"))})


def make_months(instants: Iterable[datetime]) -> None:
    """Make the month partitions of these instants (in UTC)."""
    _make_missing({f"{instant:%Y-%m}" for instant in instants})


def _make_missing(months: set[str]) -> None:
    """In a short transaction of its own, so that nobody waits for an insert."""
    known = _months.setdefault(company_key(), set())
    missing = months - known
    if not missing:
        return
    statement = in_schema("select {schema}.telemetry_make_month(%s)")
    with transaction.atomic(), connection.cursor() as cursor:
        for month in sorted(missing):
            cursor.execute(statement, [date.fromisoformat(f"{month}-01")])
    if not connection.in_atomic_block:
        known.update(missing)


def forget_months() -> None:
    """Empty this process's memory of month partitions."""
    _months.clear()


def forget_clashes() -> None:
    """Take every batch for new again (tests)."""
    _compare_until.clear()
