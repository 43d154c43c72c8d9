"""The whole is backed up and restored into a new database: rows, forms, rights and invariants are the same."""

import json
import os
import re
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from portal.local import provision
from tests import databases
from tests.catalogue import forms, rows_of
from tests.conftest import Portal
from tests.integration.billing.scene import make_asset, make_contract, month_of_readings


def differing(found: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    return {
        name: (found.get(name), wanted.get(name))
        for name in found.keys() | wanted.keys()
        if found.get(name) != wanted.get(name)
    }


@pytest.fixture
def empty_database() -> Iterator[Portal]:
    name = databases.fresh_name()
    provision.provision_configured(name)
    yield Portal(name)
    databases.drop(name)


def populate(cast: dict[str, Any]) -> None:
    for company in (cast["provider"], cast["maker"]):
        press = make_asset(company)
        month_of_readings(company, press, "2026-10", 1000, 1055)
        make_contract(company, cast["customer"], [press])


@pytest.mark.long
def test_restored_into_a_new_database_all_is_the_same(
    own_database: str, cast: dict[str, Any], empty_database: Portal, tmp_path: Path
) -> None:
    populate(cast)
    backup = tmp_path / "whole.dump"
    said = StringIO()
    call_command("backup", str(backup), stdout=said)
    assert re.search(r"[\d,]+ bytes, 6 companies", said.getvalue())
    assert os.stat(backup).st_mode & 0o077 == 0
    empty_database.manage("restore", str(backup), login="ops")
    with databases.admin(own_database) as was, databases.admin(empty_database.database) as now:
        wanted, forms_wanted = rows_of(was), forms(was)
        assert len(wanted) > 150
        assert differing(rows_of(now), wanted) == {}
        found = forms(now)
        for name, rows in forms_wanted.items():
            assert rows, name
            assert found[name] ^ rows == set(), name
        answer = empty_database.manage("check_invariants", "--json", login="ops", check=False)
        assert broken(answer.stdout) <= {
            "no job waits long after its time, and none runs without its lease"
        }
        # Positive controls: a right, a policy and a row that differ are seen.
        now.execute("set search_path = public")
        for statement in (
            "grant update on billing_taxrate to peruse_app",
            "drop policy billing_invoice_read on billing_invoice",
            "delete from tenancy_acquaintance",
        ):
            now.execute(statement)
        after = forms(now)
        assert {name for name in after if after[name] != found[name]} == {"rights", "policies"}
        assert set(differing(rows_of(now), wanted)) == {"public.tenancy_acquaintance"}
    refused = empty_database.manage("restore", str(backup), login="ops", check=False)
    assert refused.returncode == 1
    assert "is not empty" in refused.stderr


def broken(said: str) -> set[str]:
    return {row["title"] for row in json.loads(said)["checks"] if not row["ok"]}
