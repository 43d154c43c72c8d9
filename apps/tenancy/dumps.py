"""Backups by pg_dump's archives: making one, looking into one, restoring all of it.

Everything runs as the owner of the tables, by the operations login. Programs get the password by
their environment alone.
"""

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

from django.conf import settings
from django.db import connection
from psycopg.conninfo import make_conninfo

from apps.tenancy.backend.base import OWNER

_ENTRY = re.compile(r"^\d+; \d+ \d+ (.+)$")
_COPY = re.compile(rb'^COPY "?([a-z0-9_]+)"?\.("?)([A-Za-z0-9_]+)\2 \((.*)\) FROM stdin;\n$')
_MADE_AT = re.compile(r"^;\s+Archive created at (.+)$", re.MULTILINE)
# What `roles.sql` and `portal.local provision` make before: it belongs to the server's administrator.
_PROVISIONED = re.compile(
    r"^(EXTENSION|COMMENT - EXTENSION|(ACL |COMMENT )?(- )?SCHEMA (- )?public)\b"
)


class DumpError(RuntimeError):
    """A backup could not be made or read; says why in a sentence."""


class Contents(NamedTuple):
    """What an archive holds: when it was made, in the words of pg_restore, and its entries."""

    made_at: str
    entries: list[str]

    def has_schema(self, schema: str) -> bool:
        """Whether rows of the schema are in it."""
        return any(entry.startswith(f"TABLE DATA {schema} ") for entry in self.entries)


class Table(NamedTuple):
    """A table's rows in an archive: `lines` are those of COPY's text form, to be read at once."""

    name: str
    columns: list[str]
    lines: Iterator[bytes]


def dump(path: Path) -> int:
    """Write the whole database into one file at one instant; returns its size in bytes.

    The file appears under its name when it is whole. Raises DumpError.
    """
    draft = path.with_name(f"{path.name}.part")
    try:
        draft.touch(mode=0o600)
        _run("pg_dump", "--format=custom", f"--role={OWNER}", f"--file={draft}", _database())
        with draft.open("rb") as file:
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        raise DumpError(f"{path} cannot be written: {error.strerror}.") from error
    finally:
        draft.unlink(missing_ok=True)
    return path.stat().st_size


def contents(path: Path) -> Contents:
    """What is in an archive. Raises DumpError when the file is none."""
    if not path.is_file():
        raise DumpError(f"There is no file {path}.")
    listing = _run("pg_restore", "--list", str(path))
    made_at = _MADE_AT.search(listing)
    entries = [found[1] for line in listing.splitlines() if (found := _ENTRY.match(line))]
    return Contents(made_at[1] if made_at else "", entries)


def restore(path: Path) -> int:
    """Restore an archive into the database, which must be empty; all of it or nothing.

    Returns how many things were restored. Raises DumpError.
    """
    listing = _run("pg_restore", "--list", str(path)) if contents(path).entries else ""
    if _has_tables():
        raise DumpError(
            f"The database {connection.settings_dict['NAME']} is not empty: make a new one."
        )
    wanted = [line for line in listing.splitlines() if _is_wanted(line)]
    with tempfile.NamedTemporaryFile("w", suffix=".list") as list_file:
        list_file.write("\n".join(wanted) + "\n")
        list_file.flush()
        _run(
            "pg_restore", "--no-owner", f"--role={OWNER}", "--exit-on-error",
            "--single-transaction", f"--use-list={list_file.name}",
            f"--dbname={_database()}", str(path),
        )  # fmt: skip
    return len(wanted)


def _is_wanted(line: str) -> bool:
    found = _ENTRY.match(line)
    return found is not None and _PROVISIONED.match(found[1]) is None


def _has_tables() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "select exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace "
            "where c.relkind in ('r', 'p') and n.nspname !~ '^(pg_|information_schema)')"
        )
        return bool(cursor.fetchone()[0])


@contextmanager
def rows_of(path: Path, schema: str, table: str = "") -> Iterator[Iterator[Table]]:
    """The rows of a schema's tables (or of one table) in an archive, table after table.

    No statement of the archive is run: only rows are handed out. Raises DumpError.
    """
    words = ["--data-only", f"--schema={schema}", "--file=-"]
    command = [_program("pg_restore"), *words, *([f"--table={table}"] if table else []), str(path)]
    with tempfile.TemporaryFile() as complaints:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=complaints)
        assert process.stdout is not None
        try:
            yield _tables(process.stdout, schema)
        except BaseException:
            process.kill()
            raise
        finally:
            process.stdout.close()
            status = process.wait()
        if status:
            complaints.seek(0)
            raise DumpError(_reason(complaints.read().decode(errors="replace")))


def _tables(stream: IO[bytes], schema: str) -> Iterator[Table]:
    for line in stream:
        found = _COPY.match(line)
        if found and found[1].decode() == schema:
            columns = [name.strip().strip('"') for name in found[4].decode().split(",")]
            lines = _lines(stream)
            yield Table(found[3].decode(), columns, lines)
            for _left in lines:  # a text among the rows must not be taken for the next table
                pass


def _lines(stream: IO[bytes]) -> Iterator[bytes]:
    for line in stream:
        if line == b"\\.\n":
            return
        yield line
    raise DumpError("The backup ends in the middle of a table.")


def _run(program: str, *words: str) -> str:
    done = subprocess.run(
        [_program(program), *words], env={**os.environ, **_password()}, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise DumpError(_reason(done.stderr))
    return done.stdout


def _program(name: str) -> str:
    folder = settings.PG_PROGRAMS
    return str(Path(folder) / name) if folder else name


def _reason(complaints: str) -> str:
    lines = [line for line in complaints.splitlines() if line.strip()]
    return " ".join(lines[:3]) or "The program ended without a reason."


def _database() -> str:
    found = connection.settings_dict
    options = {
        key: value for key, value in found["OPTIONS"].items() if isinstance(value, str | int)
    }
    parts = {
        "dbname": found["NAME"], "user": found["USER"], "host": found["HOST"],
        "port": found["PORT"], **options,
    }  # fmt: skip
    return make_conninfo(**{key: value for key, value in parts.items() if value})


def _password() -> dict[str, str]:
    password = connection.settings_dict["PASSWORD"]
    return {"PGPASSWORD": password} if password else {}


def schemas_in(entries: Sequence[str]) -> set[str]:
    """Schemas of companies whose rows are among the entries."""
    found = (entry.split(" ") for entry in entries if entry.startswith("TABLE DATA "))
    return {words[2] for words in found if words[2] != "public"}
