"""A database is the same however Django pictures its models while it migrates."""

import os
import sys

import pytest
from psycopg import Connection

from portal.local import provision
from tests import databases

PLAIN = """
import contextlib, sys
import apps.tenancy.management.commands.migrate_schemas as command
import apps.tenancy.rendering as rendering
if sys.argv[1] == "all":
    command.one_model_at_a_time = contextlib.nullcontext
import django
from django.core.management import call_command
call_command("migrate_schemas", "--skip-checks", "-v0")
"""
CATALOGUE = [
    "select table_schema, table_name, ordinal_position, column_name, data_type, udt_name, is_nullable, "
    "column_default, character_maximum_length, numeric_precision, numeric_scale "
    "from information_schema.columns",
    "select conrelid::regclass::text, conname, pg_get_constraintdef(oid) from pg_constraint",
    "select tablename, indexname, indexdef from pg_indexes",
    "select tablename, policyname, cmd, roles::text, qual, with_check from pg_policies",
    "select tgrelid::regclass::text, tgname, pg_get_triggerdef(oid) from pg_trigger where not tgisinternal",
    "select relname, relrowsecurity, relforcerowsecurity, relacl::text from pg_class",
]


def rows(server: Connection, question: str) -> set[tuple]:
    ours = {"pg_catalog", "information_schema", "pg_toast"}
    return {row for row in server.execute(question).fetchall() if row[0] not in ours}


def migrated(name: str, way: str) -> list[set[tuple]]:
    databases.drop(name)
    provision.provision_configured(name)
    environment = {
        **os.environ, "PERUSE_DATABASE": name, "PERUSE_LOGIN": "ops",
        "DJANGO_SETTINGS_MODULE": "portal.settings",
    }  # fmt: skip
    command = [sys.executable, "-c", "import django\ndjango.setup()\n" + PLAIN, way]
    try:
        databases.run(command, environment)
        with databases.admin(name) as server:
            return [rows(server, question) for question in CATALOGUE]
    finally:
        databases.drop(name)


@pytest.mark.long
def test_one_model_at_a_time_makes_the_same_database() -> None:
    lean = migrated(databases.fresh_name(), "one")
    plain = migrated(databases.fresh_name(), "all")
    for some, others in zip(lean, plain, strict=True):
        assert some
        assert {row for row in some ^ others if "toast" not in str(row)} == set()
