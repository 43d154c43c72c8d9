"""Inserting what is missing, and marking the days it moves."""

from datetime import UTC, datetime
from graphlib import TopologicalSorter
from typing import Any

from django.db import connection

from apps.telemetry.operations.restoring.differences import (
    INSTANTS,
    Shape,
    asked,
    reasons_to_leave,
    shapes,
)
from apps.telemetry.operations.rollup import LOCKS
from apps.telemetry.operations.storing import in_schema

_PARENTS = """
select p.relname::text, a.attname::text, f.attname::text
from pg_constraint c join pg_class p on p.oid = c.confrelid
join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
join pg_attribute f on f.attrelid = c.confrelid and f.attnum = c.confkey[1]
where c.contype = 'f' and c.conrelid = %s::regclass
"""
_INSERT = """
with new as (
    insert into {schema}.{table} ({columns}) overriding system value
    select {columns} from {side}.{table} b where {wanted} order by {order}
    on conflict do nothing returning {returned}
), moved as (
    insert into {side}.moved (channel_id, day) select distinct channel_id, day from new
    where day is not null
)
select count(*) from new
"""
_DAY = "({at} at time zone 'UTC')::date"
_DAY_THAT_ENDS = "(({at} at time zone 'UTC') - interval '1 microsecond')::date"
# The UTC day that a row says something of. A level at midnight belongs to the day that ends there.
_DAYS = {
    "telemetry_level": _DAY_THAT_ENDS.format(at="measured_at"),
    "telemetry_delta": _DAY.format(at="counted_at"),
    "telemetry_channelday": "day",
    "telemetry_derivedcarry": "day",
    "telemetry_hourrollup": _DAY.format(at="hour"),
    "telemetry_discontinuity": _DAY_THAT_ENDS.format(at="measured_at"),
    "telemetry_disbelief": "case when event_key is null then "
    f"{_DAY_THAT_ENDS.format(at='measured_at')} else {_DAY.format(at='measured_at')} end",
    "telemetry_declaration": "case when event_key is null then "
    f"{_DAY_THAT_ENDS.format(at='measured_at')} else {_DAY.format(at='measured_at')} end",
}
_LOST_DERIVED = """
insert into {side}.moved (channel_id, day)
select distinct b.channel_id, {day} from {side}.{table} b
where {nowhere} and {derived} and not {past_term}
"""
# A record that was billed names the versions of its days. A restored day gets one that none can name:
# versions rise by one with a roll-up, and there were fewer of these than seconds since 1970.
_RAISE = """
insert into {schema}.telemetry_channelday as d (channel_id, day, version, done_version, reading_count)
select distinct channel_id, day, %(version)s, 0, 0 from {side}.moved
where day >= %(first)s order by 1, 2
on conflict (channel_id, day) do update set version = greatest(d.version + 1, excluded.version)
"""
_MARK = """
insert into {schema}.telemetry_mark (channel_id, day)
select distinct channel_id, day from {side}.moved where day >= %(first)s
"""
_DERIVE = """
insert into {schema}.telemetry_derivemark (channel_id, day)
select distinct m.channel_id, m.day from {side}.moved m
join {schema}.telemetry_channel c on c.id = m.channel_id and c.depth > 0 where m.day >= %(first)s
"""
_SEQUENCES = """
select a.attname, pg_get_serial_sequence(%(table)s, a.attname) from pg_attribute a
where a.attrelid = %(table)s::regclass and a.attnum > 0 and not a.attisdropped
    and pg_get_serial_sequence(%(table)s, a.attname) is not null
"""


def insert_missing(side: str, edge: datetime, now: datetime) -> tuple[dict[str, int], int]:
    """Rows inserted by table (those with some), and how many (channel, day) are marked.

    In the caller's transaction, as the owner. Roll-ups of the company wait until it ends.
    """
    _run(f"create unlogged table {side}.moved (channel_id integer, day date)")
    channels = [row[0] for row in asked(f"select id from {side}.telemetry_channel")]
    asked(in_schema(LOCKS), [channels])
    lost = {shape.table: shape for shape in shapes()}
    inserted = {}
    for table in _parents_first(lost):
        if table == "telemetry_level":
            _make_months(side, edge)
        if count := _insert(lost[table], side, edge):
            inserted[table] = count
            _move_sequences_on(table)
    for table in INSTANTS:
        _note_derived(lost[table], side, edge)
    return inserted, _mark(side, edge, now)


def _parents_first(lost: dict[str, Shape]) -> list[str]:
    graph = {table: {parent for parent, _own, _key in _parents(table)} for table in lost}
    return list(TopologicalSorter(graph).static_order())


def _parents(table: str) -> list[tuple[str, str, str]]:
    """Per foreign key: the table it points to, the column here, the column there."""
    rows = asked(_PARENTS, [in_schema(f"{{schema}}.{table}")])
    return [(parent, own, key) for parent, own, key in rows]


def _insert(shape: Shape, side: str, edge: datetime) -> int:
    day = _DAYS.get(shape.table)
    statement = in_schema(
        _INSERT, table=shape.table, side=side, wanted=_wanted(shape, side),
        columns=", ".join(map(connection.ops.quote_name, shape.columns)),
        order=", ".join(map(connection.ops.quote_name, shape.keys[0])),
        returned=f"channel_id, {day} as day" if day else "null::int as channel_id, null::date as day",
    )  # fmt: skip
    return int(asked(statement, {"edge": edge})[0][0])


def _wanted(shape: Shape, side: str) -> str:
    """Condition that a row of the backup is to be inserted: missing, not left, and not an orphan."""
    conditions = [shape.stands_nowhere(in_schema(f"{{schema}}.{shape.table}"))]
    conditions += [f"not ({reason})" for reason in reasons_to_leave(shape.table, side).values()]
    for parent, own, key in _parents(shape.table):
        there = in_schema(f"{{schema}}.{parent}")
        conditions.append(
            f"(b.{own} is null or exists (select from {there} p where p.{key} = b.{own}))"
        )
    return " and ".join(conditions)


def _make_months(side: str, edge: datetime) -> None:
    months = asked(
        f"select distinct date_trunc('month', measured_at at time zone 'UTC')::date "
        f"from {side}.telemetry_level where measured_at >= %(edge)s",
        {"edge": edge},
    )
    for (month,) in months:
        asked(in_schema("select {schema}.telemetry_make_month(%s)"), [month])


def _note_derived(shape: Shape, side: str, edge: datetime) -> None:
    """Readings of derived channels are not inserted: their days are derived again."""
    reasons = reasons_to_leave(shape.table, side)
    live = in_schema(f"{{schema}}.{shape.table}")
    statement = in_schema(
        _LOST_DERIVED, side=side, table=shape.table, day=_DAYS[shape.table],
        nowhere=shape.stands_nowhere(live), derived=reasons["derived"],
        past_term=reasons["past_term"],
    )  # fmt: skip
    _run(statement, {"edge": edge})


def _mark(side: str, edge: datetime, now: datetime) -> int:
    """Days whose readings are gone by the company's term are left: nothing can be worked out of them."""
    words = {"first": edge.astimezone(UTC).date(), "version": int(now.timestamp())}
    for statement in (_RAISE, _DERIVE):
        _run(in_schema(statement, side=side), words)
    return _run(in_schema(_MARK, side=side), words)


def _move_sequences_on(table: str) -> None:
    """Numbers that came back are not given again."""
    name = in_schema(f"{{schema}}.{table}")
    for column, sequence in asked(_SEQUENCES, {"table": name}):
        asked(
            f"select setval('{sequence}', greatest((select max({column}) from {name}), "
            f"(select last_value from {sequence})))"
        )


def _run(statement: str, words: Any = None) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, words)
        return int(cursor.rowcount)
