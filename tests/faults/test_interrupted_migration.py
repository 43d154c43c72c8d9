"""Migrating many companies is killed at twenty points and run again: all schemas end up equal."""

import os
import random
import signal
import subprocess
import sys
import time
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from apps.tenancy.context import as_owner, no_company
from apps.tenancy.rendering import one_model_at_a_time
from apps.tenancy.schemas import schemas_behind, tenant_labels
from tests import databases

pytestmark = [pytest.mark.faults, pytest.mark.long]
KILLS = 20
REFERENCE = "co_provider"
# Columns, constraints, indexes, triggers, functions and rights of a schema, its own name left out.
CATALOGUE = """
select 'column', c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull::text,
    coalesce(pg_get_expr(d.adbin, d.adrelid), '')
from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
where c.relnamespace = %(schema)s::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
union all select 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid), '', ''
from pg_constraint where connamespace = %(schema)s::regnamespace
    and not exists (select from pg_class where oid = conrelid and relispartition)
union all select 'index', c.relname, '', pg_get_indexdef(c.oid), '', ''
from pg_class c where c.relnamespace = %(schema)s::regnamespace and c.relkind in ('i', 'I')
    and not c.relispartition
union all select 'trigger', tgrelid::regclass::text, tgname, pg_get_triggerdef(t.oid), '', ''
from pg_trigger t join pg_class c on c.oid = tgrelid
where c.relnamespace = %(schema)s::regnamespace and not tgisinternal
union all select 'function', proname, '', prosrc, proacl::text, ''
from pg_proc where pronamespace = %(schema)s::regnamespace
union all select 'rights', c.relname, '', coalesce(c.relacl::text, ''), '', ''
from pg_class c where c.relnamespace = %(schema)s::regnamespace and c.relkind in ('r', 'p')
    and not c.relispartition
union all select 'applied', app, name, '', '', '' from {schema}.django_migrations
"""


def catalogue(schema: str) -> set[tuple[Any, ...]]:
    with no_company(), as_owner(), connection.cursor() as cursor:
        cursor.execute(CATALOGUE.replace("{schema}", schema), {"schema": schema})
        return {
            tuple(str(value).replace(f"{schema}.", "").replace(schema, "…") for value in row)
            for row in cursor.fetchall()
        }


def set_back(schema: str) -> None:
    """The company's schema as it was with the first migration."""
    with no_company(), as_owner(), connection.cursor() as cursor:
        cursor.execute(f"drop schema {schema} cascade; create schema {schema}")
    with one_model_at_a_time():
        call_command(
            "migrate_schemas", "telemetry", "0001", schema_name=schema, verbosity=0,
            interactive=False, skip_checks=True, stdout=StringIO(),
        )  # fmt: skip


def applied(database: str, schemas: list[str]) -> int:
    with databases.admin(database) as server:
        union = " union all ".join(
            f"select count(*) as n from {name}.django_migrations" for name in schemas
        )
        [(number,)] = server.execute(f"select sum(n)::int from ({union}) t").fetchall()
        return int(number)


def migrating(database: str) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "manage.py", "migrate_schemas", "--skip-checks"]
    environment = {**os.environ, "PERUSE_DATABASE": database, "PERUSE_LOGIN": "ops"}
    return subprocess.Popen(
        command, env=environment, cwd=databases.ROOT, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip


def test_killed_and_run_again(own_database: str, cast: dict[str, Any]) -> None:
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    chance = random.Random(seed)
    wanted = catalogue(REFERENCE)
    schemas = [c.schema_name for c in cast.values() if c.schema_name != REFERENCE]
    for schema in schemas:
        set_back(schema)
    connection.close()
    begun = applied(own_database, schemas)
    for _ in range(KILLS):
        before = applied(own_database, schemas)
        process = migrating(own_database)
        deadline = time.monotonic() + 120
        while applied(own_database, schemas) < before + 1 and process.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.005)
        time.sleep(chance.uniform(0, 0.08))
        process.send_signal(signal.SIGKILL)
        process.wait()
    # It did die in the middle, and something was left to do.
    assert begun < applied(own_database, schemas)
    left = schemas_behind(tenant_labels())
    assert left
    assert migrating(own_database).wait(300) == 0
    assert schemas_behind(tenant_labels()) == []
    for schema in schemas:
        assert catalogue(schema) == wanted, schema
