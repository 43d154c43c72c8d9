"""Test databases: one migrated template with the cast in it, cloned for whoever needs one."""

import fcntl
import hashlib
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from portal.local import connection as local
from portal.local import provision
from portal.local.state import state_dir

ROOT = Path(__file__).resolve().parent.parent


def template_name() -> str:
    """Changes when a migration, the apps or their versions, the fence, the cast or the server changes."""
    digest = hashlib.sha256(local.server_key(local.parameters("admin")).encode())
    files = [*sorted(ROOT.glob("apps/*/migrations/*.py")), *sorted(ROOT.glob("apps/*/sql/*"))]
    # An app of somebody else brings migrations of its own: by the settings, or by a newer version.
    names = ("apps/tenancy/fence.py", "tests/cast.py", "portal/settings.py", "requirements.txt")
    for file in [*files, *(ROOT / name for name in names)]:
        digest.update(file.read_bytes())
    return f"peruse_template_{digest.hexdigest()[:12]}"


def ensure_template() -> str:
    """The template's name; makes it once (about half a minute), whoever comes first."""
    name = template_name()
    with locked():
        if not exists(name):
            build_template(name)
    return name


@contextmanager
def locked() -> Iterator[None]:
    state_dir().mkdir(parents=True, exist_ok=True)
    with open(state_dir() / "template.lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def build_template(name: str) -> None:
    draft = f"{name}_draft"
    drop(draft)
    for old in names_like("peruse_template_%"):
        drop(old)
    provision.provision_configured(draft)
    environment = {**os.environ, "PERUSE_DATABASE": draft, "PERUSE_LOGIN": "ops"}
    manage = [sys.executable, str(ROOT / "manage.py")]
    run([*manage, "migrate_schemas", "--skip-checks", "-v0"], environment)
    run([sys.executable, "-m", "tests.cast"], environment)
    with admin() as server:
        server.execute(
            sql.SQL("alter database {} rename to {}").format(
                sql.Identifier(draft), sql.Identifier(name)
            )
        )


def run(command: list[str], environment: dict[str, str]) -> None:
    done = subprocess.run(
        command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{command} failed:\n{done.stdout}\n{done.stderr}")


def admin(database: str = "postgres") -> psycopg.Connection:
    found = local.parameters("admin", database)
    return psycopg.connect(
        host=found["HOST"],
        port=found["PORT"],
        user=found["USER"],
        password=found["PASSWORD"],
        dbname=database,
        autocommit=True,
    )


def exists(name: str) -> bool:
    return bool(names_like(name))


def names_like(pattern: str) -> list[str]:
    with admin() as server:
        rows = server.execute("select datname from pg_database where datname like %s", [pattern])
        return [row[0] for row in rows]


def clone(name: str) -> None:
    """A fresh copy of the template under this name, owned like the original."""
    template = ensure_template()
    with locked(), admin() as server:
        statement = "drop database if exists {} with (force)"
        server.execute(sql.SQL(statement).format(sql.Identifier(name)))
        statement = "create database {} template {} owner peruse_owner"
        server.execute(sql.SQL(statement).format(sql.Identifier(name), sql.Identifier(template)))


@contextmanager
def twin_of(name: str) -> Iterator[str]:
    """A copy of the database this process is connected to, as it is; gone at the end."""
    from django.db import connection

    connection.close()
    copy = fresh_name()
    with admin() as server:
        statement = "create database {} template {} owner peruse_owner"
        server.execute(sql.SQL(statement).format(sql.Identifier(copy), sql.Identifier(name)))
    try:
        yield copy
    finally:
        drop(copy)


def drop(name: str) -> None:
    with admin() as server:
        statement = "drop database if exists {} with (force)"
        server.execute(sql.SQL(statement).format(sql.Identifier(name)))


def fresh_name() -> str:
    return f"peruse_test_{uuid.uuid4().hex[:12]}"
