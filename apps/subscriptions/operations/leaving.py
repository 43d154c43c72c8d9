"""A company takes its data along: everything it sees, and its documents, in one file with a digest of each part."""

import hashlib
import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.core.files.storage import default_storage
from django.db import connection

from apps.common.storage import Draft, drafted
from apps.events.models import Job
from apps.events.operations import enqueue, note_progress, record
from apps.subscriptions.queries import EXPORT
from apps.tenancy.context import current_company

# Rows, and bytes, after each of which the job gives a sign of life.
PAGE, BLOCK = 5_000, 8_000_000
Clock = Callable[[], datetime]
# What opens something is not taken along.
SECRETS = ["secret_hash", "token_hash", "secret_sealed", "previous_sealed", "password"]
# Columns that name a stored file.
PATHS = ["path", "xml_path"]
# Tables in which the company's rows are told by the fence, and those of its own schema.
_TABLES = """
select n.nspname, c.relname, array(
    select a.attname::text from pg_attribute a
    where a.attrelid = c.oid and n.nspname = 'public' and a.attname = any(%s)
), array(
    select a.attname::text from pg_index i cross join unnest(i.indkey) with ordinality k(number, place)
    join pg_attribute a on a.attrelid = c.oid and a.attnum = k.number
    where i.indrelid = c.oid and i.indisprimary order by k.place
) from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p') and not c.relispartition and (
    n.nspname = 'public' and c.relrowsecurity and exists(
        select from pg_attribute a where a.attrelid = c.oid and a.attname = 'parties')
    or n.nspname = %s and c.relname <> 'django_migrations')
order by n.nspname <> 'public', c.relname
"""


class _Table(NamedTuple):
    """Of one table its columns that name files, and those by which its rows are in order."""

    schema: str
    name: str
    paths: list[str]
    keys: list[str]


@dataclass(slots=True)
class _Pack:
    """The file that is being written, and the job that must be heard of meanwhile."""

    zip: zipfile.ZipFile
    job: Job
    clock: Clock

    def alive(self) -> None:
        note_progress(job=self.job, now=self.clock())

    def step(self) -> None:
        note_progress(job=self.job, done=self.job.progress_done + 1, now=self.clock())


def start_leaving_export(*, now: datetime, actor: Any) -> Job | None:
    """Let a worker write the file. None while one is being written."""
    job = enqueue(
        kind=EXPORT, payload={}, now=now, dedupe="export",
        requested_by=getattr(actor, "pk", None),
    )  # fmt: skip
    if job is not None:
        record(action="subscriptions.export_asked", subject=job.public_id, now=now, actor=actor)
    return job


def write_leaving_export(*, job: Job, now: datetime, clock: Clock) -> dict[str, Any]:
    """The file of a job: a line of JSON per row, the documents as they are, and a list of it all.

    It takes as long as it takes: `clock` renews the job's lease at every page of rows and block of bytes.
    """
    own = current_company()
    with drafted(f"{own.slug}/drafts") as draft:
        with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as file:
            contents = _contents(_Pack(file, job, clock), now)
            file.writestr("contents.json", json.dumps(contents, indent=2, ensure_ascii=False))
        size, digest = draft.tell(), _digest(draft, job, clock)
        name = f"{own.slug}/exports/{job.id.hex}.zip"
        if default_storage.exists(name):
            default_storage.delete(name)
        default_storage.save(name, draft)
    return {
        "url": f"/plan/exports/{job.public_id}/", "file": name,
        "rows": sum(part["rows"] for part in contents["tables"]),
        "documents": len(contents["documents"]), "bytes": size, "sha256": digest,
    }  # fmt: skip


def _contents(pack: _Pack, now: datetime) -> dict[str, Any]:
    """Write all of it; returns the list of what is in the file."""
    own, tables = current_company(), _tables()
    paths = sorted({path for table in tables for path in _paths(table)})
    total = len(tables) + len(paths)
    note_progress(job=pack.job, done=0, now=pack.clock(), total=total)
    return {
        "company": own.name, "address": own.slug, "written_at": now.isoformat(),
        "tables": [part for table in tables if (part := _table(pack, table))["rows"]],
        "documents": [part for path in paths if (part := _document(pack, path))],
    }  # fmt: skip


def _digest(file: Draft, job: Job, clock: Clock) -> str:
    """Of the whole file, which is read from its beginning and stands there again."""
    found = hashlib.sha256()
    file.seek(0)
    while block := file.read(BLOCK):
        found.update(block)
        note_progress(job=job, now=clock())
    file.seek(0)
    return found.hexdigest()


def _tables() -> list[_Table]:
    """A table without a key of its own is in the order of its rows' places."""
    with connection.cursor() as cursor:
        cursor.execute(_TABLES, [PATHS, current_company().schema_name])
        return [
            _Table(schema, name, paths, keys or ["ctid"])
            for schema, name, paths, keys in cursor.fetchall()
        ]


def _table(pack: _Pack, table: _Table) -> dict[str, Any]:
    """One file; a table of many readings is never in memory as a whole."""
    digest, count = hashlib.sha256(), 0
    name = f"tables/{'shared' if table.schema == 'public' else 'own'}/{table.name}.jsonl"
    with pack.zip.open(name, "w", force_zip64=True) as part:
        for page in _pages(table):
            lines = "".join(f"{text}\n" for text in page).encode()
            digest.update(lines)
            part.write(lines)
            count += len(page)
            pack.alive()
    pack.step()
    return {"name": name, "rows": count, "sha256": digest.hexdigest()}


def _pages(table: _Table) -> Iterator[list[str]]:
    """Rows as JSON, a statement for each page: a cursor over all would keep the job silent until it stands."""
    quote = connection.ops.quote_name
    keys = ", ".join(f"t.{quote(key)}" for key in table.keys)
    sql = f"select (to_jsonb(t) - %s::text[])::text, {keys} from {quote(table.schema)}.{quote(table.name)} t"
    after: tuple[Any, ...] = ()
    while True:
        behind = f" where ({keys}) > ({', '.join(['%s'] * len(after))})" if after else ""
        with connection.cursor() as cursor:
            cursor.execute(f"{sql}{behind} order by {keys} limit {PAGE}", [SECRETS, *after])
            rows = cursor.fetchall()
        yield [row[0] for row in rows]
        if len(rows) < PAGE:
            return
        after = rows[-1][1:]


def _document(pack: _Pack, path: str) -> dict[str, Any]:
    """A file that rows name, as it is; empty when it is not there."""
    if not default_storage.exists(path):
        pack.step()
        return {}
    digest, size, name = hashlib.sha256(), 0, f"documents/{path}"
    with (
        default_storage.open(path, "rb") as file,
        pack.zip.open(name, "w", force_zip64=True) as part,
    ):
        while block := file.read(BLOCK):
            digest.update(block)
            part.write(block)
            size += len(block)
            pack.alive()
    pack.step()
    return {"name": name, "bytes": size, "sha256": digest.hexdigest()}


def _paths(table: _Table) -> Iterator[str]:
    quote = connection.ops.quote_name
    for column in table.paths:
        with connection.cursor() as cursor:
            cursor.execute(f"select {quote(column)} from public.{quote(table.name)}")
            yield from (row[0] for row in cursor.fetchall() if row[0])
