"""Migrations of many companies are killed and run again: every schema ends like one never disturbed.

Positive control: noted as applied after its transaction, as Django does it, a migration that is killed in
between stands in the way of every later run.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from apps.tenancy.context import as_owner, no_company
from tests import databases
from tests.catalogue import forms
from tests.faults.forking import Worker, worker_on
from tests.integration.billing.scene import NOW

pytestmark = pytest.mark.faults
WORKER = "tests.faults.migrating_worker"
FIRST = "0001"  # the only migration that the companies have before
COMPANIES = 2
LEAVES_A_KEY = "0007_derived_channels"  # its foreign key is made at its end
HISTORY = "select app, name from {}.django_migrations order by 1, 2"


@pytest.fixture
def behind(own_database: str, cast: dict[str, Any]) -> Iterator[str]:
    """A database whose companies' schemas have the first migration alone."""
    for place, company in enumerate(cast.values()):
        with no_company(), as_owner():
            with connection.cursor() as cursor:
                cursor.execute(f"drop schema {company.schema_name} cascade")
                if place >= COMPANIES:
                    continue
                cursor.execute(f"create schema {company.schema_name}")
            call_command(
                "migrate_schemas", "telemetry", FIRST, schema_name=company.schema_name, verbosity=0,
                skip_checks=True,
            )  # fmt: skip
    return own_database


@pytest.fixture
def worker(own_database: str) -> Iterator[Worker]:
    environment = {**os.environ, "PERUSE_DATABASE": own_database, "PERUSE_LOGIN": "ops"}
    with worker_on(environment, WORKER) as worker:
        yield worker


def shape(database: str) -> dict[str, Any]:
    """Forms and rights of the whole database, and what each schema's list of migrations says."""
    with databases.admin(database) as server:
        found: dict[str, Any] = dict(forms(server))
        del found["sequences"]  # a number given by a run that was killed is not given again
        schemas = server.execute("select nspname from pg_namespace where nspname like 'co\\_%'")
        for (schema,) in [*schemas.fetchall(), ("public",)]:
            found[schema] = server.execute(HISTORY.format(schema)).fetchall()
    return found


def alike(database: str) -> set[str]:
    """Texts of the schemas' forms without their names: one, when all are equal."""
    with databases.admin(database) as server:
        found = forms(server)
    names = {row[0].split(".")[0] for row in found["columns"] if row[0].startswith("co_")}
    return {
        str(sorted(
            [name, *(word.replace(schema, "") for word in row)]
            for name, rows in found.items() if name not in ("sequences", "rights on schemas")
            for row in rows if row[0].startswith(f"{schema}.") or row[0] == schema
        ))
        for schema in names
    }  # fmt: skip


def migrate(worker: Worker, company: Any, database: str, **more: Any) -> int:
    worker.begin(company, NOW, database=database, **more)
    return worker.end()


@pytest.mark.long
@pytest.mark.parametrize("points", [20])
def test_killed_and_run_again_all_schemas_are_equal(
    behind: str, cast: dict[str, Any], worker: Worker, tmp_path: Path, points: int
) -> None:
    company, count = cast["provider"], tmp_path / "count"
    with databases.twin_of(behind) as twin:
        assert migrate(worker, company, twin, count=str(count)) == 0
        wanted = shape(twin)
        assert len(alike(twin)) == 1
    statements = int(count.read_text())
    for number in range(points):
        at = statements * (2 * number + 1) // (2 * points)
        with databases.twin_of(behind) as twin:
            assert os.WIFSIGNALED(migrate(worker, company, twin, die_at=at)), at
            assert migrate(worker, company, twin) == 0, at
            found = shape(twin)
            assert [name for name in wanted if found[name] != wanted[name]] == [], at
            assert len(alike(twin)) == 1, at


def test_a_migration_is_noted_with_what_it_does(
    behind: str, cast: dict[str, Any], worker: Worker
) -> None:
    """Killed at the note of a migration that leaves a foreign key for its end."""
    company, ended = cast["provider"], {}
    for careless in (False, True):
        with databases.twin_of(behind) as twin:
            died = migrate(worker, company, twin, careless=careless, die_noting=LEAVES_A_KEY)
            assert os.WIFSIGNALED(died)
            ended[careless] = migrate(worker, company, twin, careless=careless)
    assert ended[False] == 0
    assert ended[True] != 0
