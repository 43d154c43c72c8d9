"""A company's schema as a backup has it, in tables beside the live ones."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connection
from psycopg import Error as PsycopgError

from apps.telemetry.operations.storing import in_schema
from apps.tenancy.dumps import DumpError, Table, contents, rows_of
from apps.tenancy.models import Company

MONTHS = "telemetry_level_"  # month partitions; a backup names each by itself
HISTORY = "django_migrations"
_LOCK = "select pg_try_advisory_lock(hashtext('peruse.restore'), %s)"
_UNLOCK = "select pg_advisory_unlock(hashtext('peruse.restore'), %s)"
_LIVE_TABLES = """
select c.relname, array_agg(a.attname::text order by a.attnum)
from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where c.relnamespace = %s::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
group by 1 order by 1
"""
# The same asset and code is the same channel, whatever its key; a key that now means another channel
# is not given again.
_CHANNELS = """
create unlogged table {side}.channel_keys as
select b.id as was, coalesce(l.id, case when taken.id is null then b.id end,
    nextval(pg_get_serial_sequence('{schema}.telemetry_channel', 'id'))::int) as becomes
from {side}.telemetry_channel b
left join {schema}.telemetry_channel l using (asset_id, code)
left join {schema}.telemetry_channel taken on taken.id = b.id
"""
_REKEY = """
update {side}.{table} t set {column} = k.becomes from {side}.channel_keys k
where t.{column} = k.was and k.becomes <> k.was
"""


@contextmanager
def backup_beside(company: Company, path: Path) -> Iterator[str]:
    """The name of a schema that holds the current company's tables as the backup has them.

    As the owner. It is gone at the end; what a killed run left is replaced. Raises DumpError.
    """
    side = f"restore_{company.pk}"
    with _alone(company):
        try:
            _check(company, path)
            _make(side)
            _load(company, path, side)
            yield side
        finally:
            _run(f"drop schema if exists {side} cascade")


@contextmanager
def _alone(company: Company) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [company.pk])
        if not cursor.fetchone()[0]:
            raise DumpError(f"{company.slug} is being restored by another process.")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(_UNLOCK, [company.pk])


def _check(company: Company, path: Path) -> None:
    """That the backup is of this company, and by the version that runs."""
    schema = company.schema_name
    if not contents(path).has_schema(schema):
        raise DumpError(f"{path} holds no rows of {company.slug} (schema {schema}).")
    owners = _pairs(path, "public", "tenancy_company", ("schema_name", "id"))
    if (schema, str(company.pk)) not in owners:
        raise DumpError(f"In {path} the schema {schema} belongs to another company.")
    before = _pairs(path, schema, HISTORY, ("app", "name"))
    with connection.cursor() as cursor:
        cursor.execute(in_schema("select app, name from {schema}.django_migrations"))
        differ = sorted(before ^ set(cursor.fetchall()))
    if differ:
        raise DumpError(
            f"{path} was made by another version ({'.'.join(differ[0])}): restore it into a database "
            "of its own, migrate that, and take a backup of it."
        )


def _pairs(path: Path, schema: str, table: str, names: tuple[str, str]) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    with rows_of(path, schema, table) as tables:
        for part in tables:
            first, second = (part.columns.index(name) for name in names)
            rows = (line.decode().rstrip("\n").split("\t") for line in part.lines)
            found.update((row[first], row[second]) for row in rows)
    return found


def _make(side: str) -> None:
    """Tables without keys; nobody but the owner sees them."""
    _run(f"drop schema if exists {side} cascade")
    _run(f"create schema {side}")
    _run(f"revoke all on schema {side} from peruse_app, peruse_platform")
    for table in live_tables():
        _run(in_schema(f"create unlogged table {side}.{table} (like {{schema}}.{table})"))


def _load(company: Company, path: Path, side: str) -> None:
    known = live_tables()
    with rows_of(path, company.schema_name) as tables:
        for rows in tables:
            name = MONTHS[:-1] if rows.name.startswith(MONTHS) else rows.name
            if not set(rows.columns) <= set(known.get(name, ())):
                raise DumpError(f"{path}: the table {name} has another form now.")
            _copy(f"{side}.{name}", rows)
    _run(in_schema(_CHANNELS.replace("{side}", side)))
    for table, columns in known.items():
        column = "id" if table == "telemetry_channel" else "channel_id"
        if column in columns:
            parts = {"side": side, "table": table, "column": column}
            _run(in_schema(_REKEY, **parts))
        _run(f"analyze {side}.{table}")


def _copy(target: str, table: Table) -> None:
    names = ", ".join(connection.ops.quote_name(name) for name in table.columns)
    with connection.cursor() as cursor:
        try:
            with cursor.copy(f"copy {target} ({names}) from stdin") as copy:
                for line in table.lines:
                    copy.write(line)
        except PsycopgError as error:
            raise DumpError(f"The rows of {table.name} cannot be read: {error}") from error


def live_tables() -> dict[str, list[str]]:
    """The current company's tables and their columns; a partition counts with its parent."""
    with connection.cursor() as cursor:
        cursor.execute(_LIVE_TABLES, [in_schema("{schema}")])
        return dict(cursor.fetchall())


def _run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
