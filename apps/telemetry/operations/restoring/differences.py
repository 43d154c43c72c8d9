"""What a backup's tables hold that the live ones do not, and the other way round."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection

from apps.telemetry.operations.restoring.beside import HISTORY, live_tables
from apps.telemetry.operations.storing import in_schema

# What waits to be worked in is no fact; a restore marks what it brings by itself. What is brought back was
# received, and counted, before.
PASSING = {
    HISTORY, "telemetry_mark", "telemetry_derivemark", "telemetry_received",
    "telemetry_receivedhour",
}  # fmt: skip
# Found anew from readings and declarations whenever a day is worked in.
WORKED_OUT = {
    "telemetry_channelday", "telemetry_derivedcarry", "telemetry_disbelief",
    "telemetry_discontinuity", "telemetry_hourrollup",
}  # fmt: skip
INSTANTS = {"telemetry_level": "measured_at", "telemetry_delta": "counted_at"}
SHOWN = 5
_KEYS = """
select array_agg(a.attname::text order by k.n)
from pg_index i cross join unnest(i.indkey) with ordinality as k(attnum, n)
join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
where i.indrelid = %s::regclass and i.indisunique and i.indpred is null and i.indexprs is null
group by i.indexrelid order by max(i.indisprimary::int), 1
"""
_NULLABLE = """
select attname::text from pg_attribute
where attrelid = %s::regclass and attnum > 0 and not attnotnull and not attisdropped
"""
# Taken away on purpose, by the undo of the import that brought it.
_WITHDRAWN = """
exists (select from {schema}.telemetry_replaced r where r.channel_id = b.channel_id
    and r.measured_at = b.{at} and r.value = b.value and r.stood_from = b.received_at)
"""
_DERIVED = """
b.channel_id in (select id from {schema}.telemetry_channel where depth > 0
    union select id from {side}.telemetry_channel where depth > 0)
"""


@dataclass(frozen=True)
class Difference:
    """One table's rows: in the backup, missing live, standing with another content, only live.

    Of readings: `withdrawn` on purpose, `past_term` and `derived` are among the missing and are not
    inserted. `changed_rows`: some of the changed, as both have them; of what people and machines said.
    """

    table: str
    worked_out: bool
    in_backup: int
    missing: int
    changed: int
    extra: int
    changed_rows: list[dict[str, Any]]
    withdrawn: int = 0
    past_term: int = 0
    derived: int = 0


class Shape(NamedTuple):
    """A table's columns, what makes two rows the same one (best key first), and what may be null."""

    table: str
    columns: Sequence[str]
    keys: Sequence[Sequence[str]]
    nullable: frozenset[str]

    @property
    def facts(self) -> list[str]:
        """Columns that say something: a number of a row's own does not where another key stands."""
        has_other = "id" not in self.keys[0]
        return [name for name in self.columns if not (has_other and name == "id")]

    def same_row(self, key: Sequence[str]) -> str:
        """Condition that backup row `b` and live row `l` are the same by this key."""
        return " and ".join(self._equal(name) for name in key)

    def _equal(self, name: str) -> str:
        means = "is not distinct from" if name in self.nullable else "="
        return f"b.{_quoted(name)} {means} l.{_quoted(name)}"

    def stands_nowhere(self, other: str) -> str:
        """Condition that no row of the table `other`, called `l`, is the row by any key."""
        return " and ".join(
            f"not exists (select from {other} l where {self.same_row(key)})" for key in self.keys
        )

    @property
    def says_the_same(self) -> str:
        """Condition that `b` and `l`, the same row, say the same."""
        pair = [", ".join(f"{row}.{_quoted(name)}" for name in self.facts) for row in "bl"]
        return f"row({pair[0]}) is not distinct from row({pair[1]})"


def shapes() -> Iterator[Shape]:
    """The current company's tables that hold facts."""
    for table, columns in live_tables().items():
        if table not in PASSING:
            name = in_schema(f"{{schema}}.{table}")
            keys = [row[0] for row in asked(_KEYS, [name])] or [columns]
            nullable = frozenset(row[0] for row in asked(_NULLABLE, [name]))
            yield Shape(table, columns, keys, nullable)


def differences(side: str, edge: datetime) -> list[Difference]:
    """Table by table; readings before `edge` are past the term that the company keeps them."""
    return [_difference(shape, side, edge) for shape in shapes()]


def _difference(shape: Shape, side: str, edge: datetime) -> Difference:
    live, beside = in_schema(f"{{schema}}.{shape.table}"), f"{side}.{shape.table}"
    nowhere = shape.stands_nowhere(live)
    total = _count(f"from {beside} b")
    missing = _count(f"from {beside} b where {nowhere}")
    pairs = f"{beside} b join {live} l on {shape.same_row(shape.keys[0])}"
    same = _count(f"from {pairs} where {shape.says_the_same}")
    # Seen from the live side the two change their letters.
    extra = _count(
        f"from {live} l where "
        + shape.stands_nowhere("?").replace("from ? l where", f"from {beside} b where")
    )
    worked_out = shape.table in WORKED_OUT
    changed = total - missing - same
    shown = [] if worked_out or not changed else _changed_rows(shape, pairs)
    left = {
        name: _count(f"from {beside} b where {nowhere} and {reason}", edge=edge)
        for name, reason in reasons_to_leave(shape.table, side).items()
    }
    return Difference(
        shape.table, worked_out, total, missing, changed, extra, changed_rows=shown, **left
    )


def reasons_to_leave(table: str, side: str) -> dict[str, str]:
    """Conditions on a backup's reading `b` that keep it from being inserted; empty for the rest."""
    at = INSTANTS.get(table)
    if at is None:
        return {}
    return {
        "withdrawn": in_schema(_WITHDRAWN, at=at),
        "past_term": f"b.{at} < %(edge)s",
        "derived": in_schema(_DERIVED, side=side),
    }


def _changed_rows(shape: Shape, pairs: str) -> list[dict[str, Any]]:
    rows = asked(
        f"select to_json(b)::text, to_json(l)::text from {pairs} where not ({shape.says_the_same}) limit {SHOWN}"
    )
    return [{"backup": json.loads(was), "live": json.loads(now)} for was, now in rows]


def _count(rest: str, **words: Any) -> int:
    return int(asked(f"select count(*) {rest}", words)[0][0])


def asked(statement: str, words: Any = None) -> list[tuple[Any, ...]]:
    """All rows of a question; words that it does not name are of no account."""
    with connection.cursor() as cursor:
        cursor.execute(statement, words or None)
        return list(cursor.fetchall())


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)
