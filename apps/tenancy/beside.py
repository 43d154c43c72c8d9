"""One company's schema of a backup beside its live one: what differs, and what is missing brought back.

Only the company's own schema is read and only rows that are missing in it are written; shared rows (documents,
usage records, jobs) are not looked at. Nothing is changed and nothing taken away.
"""

import re
import subprocess
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from uuid import uuid4

from django.db import DatabaseError, connection, transaction
from django.utils.functional import cached_property

from apps.tenancy.backup import DUMP, BackupError, login, program, read_manifest
from apps.tenancy.context import as_owner, no_company
from apps.tenancy.models import Company

_TABLES = """
select c.relname, coalesce((select array_agg(quote_ident(a.attname) order by k.place)
    from pg_index i cross join unnest(i.indkey::int2[]) with ordinality k (number, place)
    join pg_attribute a on a.attrelid = c.oid and a.attnum = k.number
    where i.indrelid = c.oid and i.indisprimary), '{}'),
    (select array_agg(quote_ident(a.attname) order by a.attnum) from pg_attribute a
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '')
from pg_class c where c.relnamespace = %s::regnamespace and c.relkind in ('r', 'p')
    and not c.relispartition and c.relname <> 'django_migrations' order by 1
"""
_LINKS = """
select child.relname, (select quote_ident(attname) from pg_attribute where attrelid = child.oid
    and attnum = k.conkey[1]), parent.relname
from pg_constraint k join pg_class child on child.oid = k.conrelid
join pg_class parent on parent.oid = k.confrelid
where k.contype = 'f' and k.connamespace = %s::regnamespace and array_length(k.conkey, 1) = 1
    and not child.relispartition and parent.relnamespace = child.relnamespace
order by 1, 2
"""
_SEQUENCE = """
select setval(pg_get_serial_sequence(%(table)s, 'id'), greatest(
    (select max(id) from {table}), (select last_value from {sequence})))
"""


@dataclass(frozen=True)
class Difference:
    """One table: rows of the backup, live rows; missing live, different in both, live alone."""

    table: str
    backed_up: int
    live: int
    missing: int
    changed: int
    newer: int


@dataclass(frozen=True)
class Table:
    """`key`: the columns that name a row, empty where the table has none. Quoted where needed."""

    name: str
    key: tuple[str, ...]
    columns: tuple[str, ...]

    @property
    def same(self) -> str:
        """SQL: `l` and `b` are the same row; without a key, of the same content."""
        if self.key:
            return " and ".join(f"l.{name} = b.{name}" for name in self.key)
        return " and ".join(f"l.{name} is not distinct from b.{name}" for name in self.columns)


# What more a missing row must be to come back: SQL over `b`, its row, with {live} and {beside}.
Conditions = Mapping[str, str]


@dataclass(frozen=True)
class Beside:
    """The two schemas of one company."""

    live: str
    beside: str

    @cached_property
    def tables(self) -> dict[str, Table]:
        """Tables of the live schema by name."""
        with connection.cursor() as cursor:
            cursor.execute(_TABLES, [self.live])
            rows = cursor.fetchall()
        return {name: Table(name, tuple(key), tuple(columns)) for name, key, columns in rows}

    @cached_property
    def links(self) -> list[tuple[str, str, str]]:
        """Child, its column, parent."""
        with connection.cursor() as cursor:
            cursor.execute(_LINKS, [self.live])
            return list(cursor.fetchall())

    def in_order(self) -> list[Table]:
        """Parents before children."""
        done: list[str] = []
        left = set(self.tables)
        while left:
            free = {
                name for name in left
                if not any(c == name and p in left and p != name for c, _, p in self.links)
            }  # fmt: skip
            done += sorted(free)
            left -= free
        return [self.tables[name] for name in done]

    def missing(self, table: Table, condition: str = "true") -> str:
        """SQL: rows `b` of the backup that are missing live, parents not, and meet the condition."""
        parents = " ".join(
            f"and (b.{column} is null or exists (select from {self.live}.{parent} p "
            f"where p.id = b.{column}))"
            for child, column, parent in self.links
            if child == table.name
        )
        more = condition.replace("{live}", self.live).replace("{beside}", self.beside)
        return (
            f"from {self.beside}.{table.name} b where not exists (select from "
            f"{self.live}.{table.name} l where {table.same}) {parents} and ({more})"
        )


@contextmanager
def beside(*, folder: Path, company: Company) -> Iterator[Beside]:
    """The company's schema of a backup under a name of its own, gone when the block ends.

    Acts as the owner inside. Raises BackupError when the backup is not whole, does not hold the
    company, or has columns the live schema has not.
    """
    read_manifest(folder)
    pair = Beside(company.schema_name, f"beside_{uuid4().hex[:16]}")
    with no_company(), as_owner():
        _run(f"create schema {pair.beside}")
        try:
            for name in pair.tables:
                _run(
                    f"create table {pair.beside}.{name} (like {pair.live}.{name} "
                    "including defaults including generated including indexes)"
                )
            _load(folder / DUMP, pair)
            yield pair
        finally:
            _run(f"drop schema {pair.beside} cascade")


def _run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def _load(dump: Path, pair: Beside) -> None:
    command = [
        program("pg_restore"), "--data-only", "--schema", pair.live, "--file", "-", str(dump)
    ]  # fmt: skip
    with subprocess.Popen(
        command, env=login(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as source:
        assert source.stdout is not None
        found = _copy_all(source.stdout, pair)
        if source.wait():
            reason = source.stderr.read().decode() if source.stderr else ""
            raise BackupError(f"pg_restore failed: {reason[-2000:]}")
    if not found:
        raise BackupError(f"The backup holds nothing of {pair.live}.")


def _copy_all(lines: IO[bytes], pair: Beside) -> int:
    """Each block of data of the script into its table beside. Returns how many blocks there were."""
    header = re.compile(rf"COPY {pair.live}\.(\w+) \(([^)]*)\) FROM stdin;\n")
    found = 0
    for line in lines:
        block = header.fullmatch(line.decode(errors="replace"))
        if block is None:
            continue
        found += 1
        known = block[1] in pair.tables
        if not known and block[1] != "django_migrations":
            raise BackupError(f"There is no table {block[1]} any more: the backup is too old.")
        _copy_block(lines, f"{pair.beside}.{block[1]} ({block[2]})" if known else None)
    return found


def _copy_block(lines: IO[bytes], target: str | None) -> None:
    rows = _rows(lines)
    if target is None:
        for _ in rows:
            pass
        return
    try:
        with connection.cursor() as cursor, cursor.copy(f"copy {target} from stdin") as copy:
            for row in rows:
                copy.write(row)
    except DatabaseError as error:
        raise BackupError(f"The backup does not fit {target}: {error}") from error


def _rows(lines: IO[bytes]) -> Iterator[bytes]:
    for row in iter(lines.readline, b""):
        if row == b"\\.\n":
            return
        yield row
    raise BackupError("The backup ends within a table.")


def differences(pair: Beside) -> list[Difference]:
    """What differs, table by table, parents first."""
    return [_difference(pair, table) for table in pair.in_order()]


def _difference(pair: Beside, table: Table) -> Difference:
    live, other = f"{pair.live}.{table.name}", f"{pair.beside}.{table.name}"
    fields = ", ".join(f"l.{name}" for name in table.columns)
    others = ", ".join(f"b.{name}" for name in table.columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"select (select count(*) from {other}), (select count(*) from {live}), "
            f"(select count(*) from {other} b where not exists "
            f"(select from {live} l where {table.same})), "
            f"(select count(*) from {other} b join {live} l on {table.same} "
            f"where row({fields}) is distinct from row({others})), "
            f"(select count(*) from {live} l where not exists "
            f"(select from {other} b where {table.same}))"
        )
        return Difference(table.name, *cursor.fetchone())


def bring_back(
    *,
    pair: Beside,
    leave: Collection[str],
    conditions: Conditions,
    before: Callable[[Beside], None],
) -> dict[str, int]:
    """Insert what is missing, in one transaction; rows by table. `before` runs first, within it.

    Tables of `leave` are not filled: their rows follow from others. What came in meanwhile stays.
    """
    done: dict[str, int] = {}
    with transaction.atomic():
        before(pair)
        for table in pair.in_order():
            if table.name not in leave:
                done[table.name] = _insert(pair, table, conditions.get(table.name, "true"))
    return {name: number for name, number in done.items() if number}


def _insert(pair: Beside, table: Table, condition: str) -> int:
    columns = ", ".join(table.columns)
    values = ", ".join(f"b.{name}" for name in table.columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"insert into {pair.live}.{table.name} ({columns}) select {values} "
            f"{pair.missing(table, condition)} on conflict do nothing"
        )
        number: int = cursor.rowcount
        if number:
            _move_sequence(cursor, f"{pair.live}.{table.name}", table)
    return number


def _move_sequence(cursor: Any, name: str, table: Table) -> None:
    """Keys that came back are not given again."""
    if "id" not in table.columns:
        return
    cursor.execute("select pg_get_serial_sequence(%s, 'id')", [name])
    [sequence] = cursor.fetchone()
    if sequence is not None:
        cursor.execute(_SEQUENCE.format(table=name, sequence=sequence), {"table": name})
