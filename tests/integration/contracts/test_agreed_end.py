"""What an upgrade makes of contracts whose end was set before both ends were kept."""

from datetime import date
from importlib import import_module
from typing import Any

import pytest
from django.db import connection

from apps.contracts.operations import end_contract
from apps.contracts.queries import content_sha256
from apps.tenancy.context import as_owner, no_company
from tests.integration.metering.conftest import Works, works

__all__ = ["works"]
# As before the column was there; each statement is over before the migration begins.
FORGOTTEN = """
alter table contracts_contract disable trigger contracts_contract_terms;
update contracts_contract set agreed_ends_on = '2026-12-01';
"""


@pytest.mark.parametrize("first", [date(2027, 7, 1), None])
def test_the_signed_end_is_read_from_the_offer(own_database: str, works: Works, first: Any) -> None:
    contract = works.contract(ends_on=first)
    signed = content_sha256(contract)
    end_contract(contract=contract, ends_on=date(2026, 12, 1), now=works.now, actor="Anna")
    fill = import_module("apps.contracts.migrations.0030_agreed_end").FILL
    with no_company(), as_owner(), connection.cursor() as cursor:
        cursor.execute(FORGOTTEN)
        cursor.execute(fill)
    contract.refresh_from_db()
    assert (contract.ends_on, contract.agreed_ends_on) == (date(2026, 12, 1), first)
    assert content_sha256(contract) == signed
