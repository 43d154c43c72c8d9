"""What a page reads does not grow with what is stored: counted in rows, not in time."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.billing.models import Invoice
from apps.common.rows import COUNTED
from apps.contracts.models import Contract
from apps.tenancy.context import as_owner, company_context, no_company
from tests.integration.billing.scene import make_asset, make_contract

STORED = 6_000
TABLES = ("billing_invoice", "contracts_contract")
DRAFTED = datetime(2026, 11, 2, 9, tzinfo=UTC)


@pytest.fixture
def many(cast: dict[str, Any]) -> dict[str, Any]:
    """A contract and an issued invoice of it, each STORED times."""
    provider, customer = cast["provider"], cast["customer"]
    with company_context(provider):
        contract: Contract = make_contract(provider, customer, [make_asset(provider)])
        Invoice.objects.create(
            author=provider, parties=[provider.pk, customer.pk], contract=contract,
            customer=customer, state="issued", number="N-0", currency="EUR",
            period_start=DRAFTED, period_end=DRAFTED, time_zone="UTC", net_minor=1, tax_minor=0,
            gross_minor=1, drafted_at=DRAFTED, issued_at=DRAFTED, issued_on=DRAFTED.date(),
            due_on=DRAFTED.date(), facts={"recipient": {"name": "R"}, "issuer": {"name": "I"}},
        )  # fmt: skip
        copied("contracts_contract", {})
        copied("billing_invoice", {"number": "'N-' || n"})
    # What autovacuum would do a little later.
    with no_company(), as_owner(), connection.cursor() as cursor:
        cursor.execute(f"analyze {', '.join(TABLES)}")
    return cast


def copied(table: str, changed: dict[str, str]) -> None:
    """The table's one row STORED times more, each a minute older."""
    changed = {
        "id": "gen_random_uuid()", "drafted_at": "drafted_at - n * interval '1 minute'", **changed,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("select column_name from information_schema.columns "
                       "where table_schema = 'public' and table_name = %s", [table])  # fmt: skip
        names = [row[0] for row in cursor.fetchall()]
        values = ", ".join(changed.get(name, name) for name in names)
        cursor.execute(
            f"insert into {table} ({', '.join(names)}) "
            f"select {values} from {table}, generate_series(1, {STORED}) n"
        )


@pytest.mark.parametrize("name", ["home", "invoice_list", "contract_list"])
@pytest.mark.parametrize("slug", ["provider", "customer"])
def test_no_statement_reads_further_than_is_counted(
    many: dict[str, Any], client_of: Callable[..., Client], name: str, slug: str
) -> None:
    client, address = client_of(many[slug], "director"), reverse(name, urlconf="portal.urls")
    client.get(address)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    with company_context(many[slug]):
        read = {query["sql"]: rows_read(query["sql"]) for query in captured}
    assert any(read.values()), "no statement reads any of the tables"
    for sql, count in read.items():
        assert count <= 2 * (COUNTED + 1), f"{count} rows: {sql}"


def test_pages_follow_one_another(many: dict[str, Any], client_of: Callable[..., Client]) -> None:
    client, address = client_of(many["customer"]), reverse("invoice_list", urlconf="portal.urls")
    with company_context(many["customer"]):
        wanted = list(Invoice.objects.values_list("number", flat=True)[:75])
    shown = []
    for page in (1, 2, 3):
        html = client.get(address, {"page": page}).content.decode()
        shown += re.findall(r">(N-\d+)</a>", html)
    assert shown == wanted


def test_the_sums_of_a_long_list_are_asked_for_afterwards(
    many: dict[str, Any], client_of: Callable[..., Client]
) -> None:
    client = client_of(many["provider"])
    sums = reverse("invoice_sums", urlconf="portal.urls")
    page = client.get(reverse("invoice_list", urlconf="portal.urls")).content.decode()
    assert f'hx-get="{sums}?"' in page
    assert "of ours in EUR" not in page
    assert "6001 invoices of ours in EUR" in client.get(sums).content.decode()
    narrowed = client.get(sums, {"q": "N-1000"}).content.decode()
    assert "1 invoice of ours in EUR" in narrowed


def rows_read(sql: str) -> int:
    """Rows of the tables that grow which the statement looks at."""
    if not sql.strip().lower().startswith("select"):
        return 0
    with connection.cursor() as cursor:
        cursor.execute(f"explain (analyze, timing off, format json) {sql}")
        plan = cursor.fetchone()[0]
    plan = json.loads(plan) if isinstance(plan, str) else plan
    return sum(
        int(node["Actual Loops"] * (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)))
        for node in nodes(plan[0]["Plan"]) if node.get("Relation Name") in TABLES
    )  # fmt: skip


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", []):
        yield from nodes(below)
