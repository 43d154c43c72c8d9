"""A company takes its data along: everything it sees, and its documents, in one file with a digest of each part."""

import hashlib
import json
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import datetime
from typing import IO, Any

from django.core.files import File
from django.core.files.storage import default_storage
from django.db import connection

from apps.events.models import Job
from apps.events.operations import enqueue, note_progress, record
from apps.subscriptions.queries import EXPORT
from apps.tenancy.context import current_company

PAGE = 5_000
# What opens something is not taken along.
SECRETS = ["secret_hash", "token_hash", "secret_sealed", "previous_sealed", "password"]
# Columns that name a stored file.
PATHS = ["path", "xml_path"]
# Tables in which the company's rows are told by the fence, and those of its own schema.
_TABLES = """
select n.nspname, c.relname, array(
    select a.attname::text from pg_attribute a
    where a.attrelid = c.oid and n.nspname = 'public' and a.attname = any(%s)
) from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p') and not c.relispartition and (
    n.nspname = 'public' and c.relrowsecurity and exists(
        select from pg_attribute a where a.attrelid = c.oid and a.attname = 'parties')
    or n.nspname = %s and c.relname <> 'django_migrations')
order by n.nspname <> 'public', c.relname
"""


def start_leaving_export(*, now: datetime, actor: Any) -> Job | None:
    """Let a worker write the file. None while one is being written."""
    job = enqueue(
        kind=EXPORT, payload={}, now=now, dedupe="export",
        requested_by=getattr(actor, "pk", None),
    )  # fmt: skip
    if job is not None:
        record(action="subscriptions.export_asked", subject=job.public_id, now=now, actor=actor)
    return job


def write_leaving_export(*, job: Job, now: datetime) -> dict[str, Any]:
    """The file of a job: a line of JSON per row, the documents as they are, and a list of it all."""
    own = current_company()
    with tempfile.TemporaryFile() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as pack:
            names = _named()
            listed = _tables(pack, names, job, now)
            documents = _documents(pack, names)
            whole = {
                "company": own.name, "address": own.slug, "written_at": now.isoformat(),
                "tables": listed, "documents": documents,
            }  # fmt: skip
            pack.writestr("contents.json", json.dumps(whole, indent=2, ensure_ascii=False))
        size, digest = file.tell(), _digest(file)
        name = f"{own.slug}/exports/{job.id.hex}.zip"
        if default_storage.exists(name):
            default_storage.delete(name)
        default_storage.save(name, File(file))
    rows = sum(part["rows"] for part in listed)
    return {
        "url": f"/plan/exports/{job.public_id}/", "file": name, "rows": rows,
        "documents": len(documents), "bytes": size, "sha256": digest,
    }  # fmt: skip


def _digest(file: IO[bytes]) -> str:
    """Of the whole file, which is read from its beginning and stands there again."""
    file.seek(0)
    found = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
    file.seek(0)
    return found


def _named() -> list[tuple[str, str, list[str]]]:
    """Schema, table, and columns of paths."""
    with connection.cursor() as cursor:
        cursor.execute(_TABLES, [PATHS, current_company().schema_name])
        return list(cursor.fetchall())


def _tables(
    pack: zipfile.ZipFile, names: list[tuple[str, str, list[str]]], job: Job, now: datetime
) -> list[dict[str, Any]]:
    found = []
    for done, (schema, table, _columns) in enumerate(names):
        found.append(_table(pack, schema, table))
        note_progress(job=job, done=done + 1, now=now, total=len(names))
    return [part for part in found if part["rows"]]


def _table(pack: zipfile.ZipFile, schema: str, table: str) -> dict[str, Any]:
    """One file; a table of many readings is never in memory as a whole."""
    digest, count = hashlib.sha256(), 0
    name = f"tables/{'shared' if schema == 'public' else 'own'}/{table}.jsonl"
    with pack.open(name, "w", force_zip64=True) as part:
        for text in _lines(schema, table):
            line = text.encode() + b"\n"
            digest.update(line)
            part.write(line)
            count += 1
    return {"name": name, "rows": count, "sha256": digest.hexdigest()}


def _lines(schema: str, table: str) -> Iterator[str]:
    quote = connection.ops.quote_name
    sql = f"select (to_jsonb(t) - %s::text[])::text from {quote(schema)}.{quote(table)} t"
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql, [SECRETS])
        while page := cursor.fetchmany(PAGE):
            yield from (row[0] for row in page)


def _documents(
    pack: zipfile.ZipFile, names: list[tuple[str, str, list[str]]]
) -> list[dict[str, Any]]:
    """The files that rows name, each once."""
    found = []
    paths = {path for _schema, table, columns in names for path in _paths(table, columns)}
    for path in sorted(paths):
        if not default_storage.exists(path):
            continue
        with default_storage.open(path, "rb") as file:
            content = file.read()
        name, digest = f"documents/{path}", hashlib.sha256(content).hexdigest()
        pack.writestr(name, content)
        found.append({"name": name, "bytes": len(content), "sha256": digest})
    return found


def _paths(table: str, columns: list[str]) -> Iterator[str]:
    quote = connection.ops.quote_name
    for column in columns:
        with connection.cursor() as cursor:
            cursor.execute(f"select {quote(column)} from public.{quote(table)}")
            yield from (row[0] for row in cursor.fetchall() if row[0])
