"""A backup of the whole comes back whole: invariants hold, evidence verifies, rights and fence stand."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from apps.metering.bundle import bundle
from apps.tenancy.backup import BackupError, make_backup, read_manifest
from apps.tenancy.context import company_context
from portal.local import connection as local
from portal.local import provision
from tests import databases
from tests.world import build_world

NOW = datetime(2026, 11, 30, 3, 0, tzinfo=UTC)
TABLES = """select n.nspname || '.' || c.relname from pg_class c join pg_namespace n
    on n.oid = c.relnamespace where c.relkind = 'r'
    and (n.nspname = 'public' or n.nspname like 'co\\_%') order by 1"""
RULES = """select coalesce(json_agg(x order by x::text), '[]') from (
    select schemaname || tablename || policyname || coalesce(qual, '') || coalesce(with_check, '') as x
        from pg_policies
    union all select conrelid::regclass::text || conname || pg_get_constraintdef(oid) from pg_constraint
        where connamespace::regnamespace::text !~ '^(pg_|information)'
    union all select tgrelid::regclass::text || tgname from pg_trigger where not tgisinternal
    union all select n.nspname || c.relname || coalesce((select array_agg(a::text order by a::text) from unnest(c.relacl) a)::text, '') || c.relrowsecurity
        || pg_get_userbyid(c.relowner) from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = 'public' or n.nspname like 'co\\_%'
    union all select p.proname || coalesce((select array_agg(a::text order by a::text) from unnest(p.proacl) a)::text, '') || pg_get_userbyid(p.proowner)
        from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname like 'co\\_%'
    ) as rows"""


def asked(database: str, query: str) -> list[Any]:
    with databases.admin(database) as server:
        return server.execute(query).fetchall()


def content(database: str) -> dict[str, tuple[int, int]]:
    """By table how many rows and a digest of them, whatever their order."""
    return {
        name: asked(
            database,
            "select count(*), coalesce(sum(('x' || substr(md5(t::text), 1, 15))::bit(60)::bigint), 0)"
            f" from {name} t",
        )[0]
        for (name,) in asked(database, TABLES)
    }


@contextmanager
def empty_database() -> Iterator[str]:
    name = databases.fresh_name()
    provision.provision_configured(name)
    try:
        yield name
    finally:
        databases.drop(name)


def manage(database: str, files: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    environment = {
        **os.environ, "PERUSE_DATABASE": database, "PERUSE_LOGIN": "ops", "PERUSE_FILES": str(files),
    }  # fmt: skip
    command = [sys.executable, "manage.py", *words]
    return subprocess.run(
        command, env=environment, cwd=databases.ROOT, capture_output=True, text=True, check=False
    )


@pytest.fixture
def world(
    own_database: str,
    cast: dict[str, Any],
    person_of: Callable[..., Any],
    settings: Any,
    tmp_path: Path,
) -> dict[str, Any]:
    settings.MEDIA_ROOT = tmp_path / "files"
    return build_world(cast, person_of)


def test_the_whole_comes_back(
    own_database: str, cast: dict[str, Any], world: dict[str, Any], tmp_path: Path
) -> None:
    make_backup(folder=tmp_path / "backup", now=NOW)
    with empty_database() as restored:
        done = manage(restored, tmp_path / "back", "restore", str(tmp_path / "backup"))
        assert done.returncode == 0, done.stderr
        before = content(own_database)
        assert len(before) > 100
        assert content(restored) == before
        assert asked(restored, RULES) == asked(own_database, RULES)
        assert files_in(tmp_path / "back") == files_in(tmp_path / "files") != {}
        checked = manage(restored, tmp_path / "back", "check_invariants", "--json")
        assert json.loads(checked.stdout)["ok"], checked.stdout[-2000:]
        assert checked.returncode == 0
        evidence_verifies(restored, cast, tmp_path)
        fence_stands(restored, cast)
        # Nothing is left to migrate, and it refuses to go over what is there.
        again = manage(restored, tmp_path / "back", "restore", str(tmp_path / "backup"))
        assert again.returncode == 1
        assert "not empty" in again.stderr


def files_in(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def evidence_verifies(restored: str, cast: dict[str, Any], tmp_path: Path) -> None:
    from apps.billing.models import Invoice

    with company_context(cast["provider"]):
        own = Invoice.objects.written_by(cast["provider"])
        number = own.filter(state="issued").first().number
    place = tmp_path / "evidence.json"
    words = (str(number), str(place), "--company", "provider", "--json")
    made = manage(restored, tmp_path / "back", "export_evidence", *words)
    assert made.returncode == 0, made.stderr
    program = tmp_path / "peruse_verify.py"
    program.write_text(bundle(), encoding="utf-8")
    key = json.loads(made.stdout)["public_key"]
    done = subprocess.run(
        [sys.executable, "-I", str(program), str(place), "--key", key],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def fence_stands(restored: str, cast: dict[str, Any]) -> None:
    """The portal's own login sees no company's rows without a company, and cannot become owner."""
    found = local.parameters("app", restored)
    with psycopg.connect(
        dbname=restored, user=found["USER"], host=found["HOST"], port=found["PORT"],
        password=found["PASSWORD"], autocommit=True,
    ) as portal:  # fmt: skip
        portal.execute("set role peruse_app")
        assert portal.execute("select count(*) from billing_invoice").fetchone() == (0,)
        portal.execute(f"set peruse.company = '{cast['provider'].pk}'")
        [(seen,)] = portal.execute("select count(*) from billing_invoice").fetchall()
        assert seen > 0
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            portal.execute("set role peruse_owner")


def test_an_incomplete_or_changed_backup_is_refused(
    own_database: str, cast: dict[str, Any], settings: Any, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"
    whole = tmp_path / "backup"
    make_backup(folder=whole, now=NOW)
    read_manifest(whole)
    with pytest.raises(BackupError, match="exists already"):
        make_backup(folder=whole, now=NOW)
    for change in ("manifest.json", "database.dump", "files.tar"):
        broken = tmp_path / f"without-{change}"
        shutil.copytree(whole, broken)
        (broken / change).unlink()
        with pytest.raises(BackupError, match="no complete backup"):
            read_manifest(broken)
    with (whole / "database.dump").open("r+b") as file:
        file.seek(200)
        file.write(b"X")
    with pytest.raises(BackupError, match="digest differs"):
        read_manifest(whole)
