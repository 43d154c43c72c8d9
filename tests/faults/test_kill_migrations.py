"""Migrations are killed and run again: every schema ends like one never disturbed.

Those of many companies' own schemas, and those of the shared tables.

Positive control: noted as applied after its transaction, as Django does it, a migration that is killed in
between stands in the way of every later run.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from apps.tenancy.context import as_owner, no_company
from portal.local.provision import provision_configured
from tests import databases
from tests.catalogue import forms
from tests.faults.forking import Worker, worker_on
from tests.integration.billing.scene import NOW

pytestmark = pytest.mark.faults
WORKER = "tests.faults.migrating_worker"
COMPANIES_OWN, SHARED = "companies", "shared tables"
FIRST = "0001"  # the only migration that the companies have before
COMPANIES = 2
# A foreign key of theirs is made at their end.
LEAVES_A_KEY = {COMPANIES_OWN: "0007_derived_channels", SHARED: "0007_sign_on"}
HISTORY = "select app, name from {}.django_migrations order by 1, 2"


@contextmanager
def companies_behind(database: str, cast: dict[str, Any]) -> Iterator[str]:
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
    yield database


@contextmanager
def shared_behind() -> Iterator[str]:
    """A new database: roles, rights and extensions alone."""
    name = databases.fresh_name()
    try:
        provision_configured(name)
        yield name
    finally:
        databases.drop(name)


@pytest.fixture
def worker(own_database: str) -> Iterator[Worker]:
    environment = {**os.environ, "PERUSE_DATABASE": own_database, "PERUSE_LOGIN": "ops"}
    with worker_on(environment, WORKER) as worker:
        yield worker


@pytest.fixture(params=[COMPANIES_OWN, pytest.param(SHARED, marks=pytest.mark.long)])
def behind(
    request: pytest.FixtureRequest, own_database: str, cast: dict[str, Any]
) -> Iterator[str]:
    """A database that lacks migrations: of its companies' own tables, or of the shared ones all."""
    is_shared = request.param == SHARED
    with shared_behind() if is_shared else companies_behind(own_database, cast) as name:
        yield name


def shape(database: str) -> dict[str, Any]:
    """Forms and rights of the whole database, and what each schema's list of migrations says."""
    with databases.admin(database) as server:
        found: dict[str, Any] = dict(forms(server))
        del found["sequences"]  # a number given by a run that was killed is not given again
        schemas = server.execute("select nspname from pg_namespace where nspname like 'co\\_%'")
        for (schema,) in [*schemas.fetchall(), ("public",)]:
            found[schema] = server.execute(HISTORY.format(schema)).fetchall()
    return found


def without_companies(shape: dict[str, Any]) -> dict[str, Any]:
    """What a database is like beside its companies' own schemas."""
    return {
        name: {row for row in rows if not row[0].startswith("co_")}
        for name, rows in shape.items()
        if not name.startswith("co_")
    }


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
    behind: str, own_database: str, cast: dict[str, Any], worker: Worker, tmp_path: Path, points: int
) -> None:  # fmt: skip
    company, count = cast["provider"], tmp_path / "count"
    with databases.twin_of(behind) as twin:
        assert migrate(worker, company, twin, count=str(count)) == 0
        wanted = shape(twin)
        assert len(alike(twin)) <= 1
    assert without_companies(wanted) == without_companies(shape(own_database))
    statements = int(count.read_text())
    for number in range(points):
        at = statements * (2 * number + 1) // (2 * points)
        with databases.twin_of(behind) as twin:
            assert os.WIFSIGNALED(migrate(worker, company, twin, die_at=at)), at
            assert migrate(worker, company, twin) == 0, at
            found = shape(twin)
            assert [name for name in wanted if found[name] != wanted[name]] == [], at
            assert len(alike(twin)) <= 1, at


def test_a_migration_is_noted_with_what_it_does(
    behind: str, cast: dict[str, Any], worker: Worker, request: pytest.FixtureRequest
) -> None:
    """Killed at the note of a migration that leaves a foreign key for its end."""
    company, ended = cast["provider"], {}
    note = LEAVES_A_KEY[request.node.callspec.params["behind"]]
    for careless in (False, True):
        with databases.twin_of(behind) as twin:
            died = migrate(worker, company, twin, careless=careless, die_noting=note)
            assert os.WIFSIGNALED(died)
            ended[careless] = migrate(worker, company, twin, careless=careless)
    assert ended[False] == 0
    assert ended[True] != 0
