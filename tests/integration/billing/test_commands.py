"""Billing by command, as JSON; every invariant checked over the whole database."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import (
    CommandError,
    call_command,
    get_commands,
    load_command_class,
)
from django.db import connection

from apps.billing.invariants import COMPANY_CHECKS, SHARED_CHECKS
from apps.billing.models import BillingRun, Invoice
from apps.tenancy.context import as_platform, company_context, no_company
from tests.integration.billing.scene import NOW, make_asset, make_contract, month_of_readings


@pytest.fixture(autouse=True)
def own_files(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"


def told(*words: str) -> Any:
    out = StringIO()
    call_command(*words, "--json", stdout=out)
    return json.loads(out.getvalue())


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("load_scenario", ["FILE"]), ("explain", ["INV", "--company=C"]),
        ("import_readings", ["FILE", "--company=C", "--profile=P"]), ("check_invariants", []),
        ("run_billing", ["--company=C", "--period=2026-10"]),
        ("export_evidence", ["INV", "FILE", "--company=C"]),
    ],
)  # fmt: skip
def test_every_command_of_the_readme_takes_json(name: str, words: list[str]) -> None:
    command = load_command_class(get_commands()[name], name)
    options = vars(command.create_parser("manage.py", name).parse_args([*words, "--json"]))
    assert options["json"] is True


def test_a_month_is_billed_issued_explained_and_exported_by_command(
    provider: Any, customer: Any, tmp_path: Path
) -> None:
    asset = make_asset(provider)
    make_contract(provider, customer, [asset])
    month_of_readings(provider, asset, "2026-10", 1000, 1055)
    company = ("--company", "provider")
    dry = told("run_billing", *company, "--period", "2026-10", "--dry-run")
    assert (dry["periods"], dry["net"]) == ({"dry": 1}, {"EUR": "103.69 EUR"})
    real = told("run_billing", *company, "--period", "2026-10", "--issue")
    assert real["periods"] == {"billed": 1}
    (number,) = real["issued"]
    explained = told("explain", number, "--company", "customer")
    assert explained["gross"] == "123.39 EUR"
    assert explained["lines"][1]["arithmetic"][-1].replace("\xa0", " ") == (
        "3.685 EUR rounded half up to 3.69 EUR."
    )
    assert explained["lines"][1]["usage"][0]["quantity"] == "55"
    file = tmp_path / "evidence.json"
    exported = told("export_evidence", number, str(file), "--company", "customer")
    assert exported["bytes"] == file.stat().st_size


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("run_billing", "--company", "nobody", "--period", "2026-10"), "no company"),
        (("run_billing", "--company", "provider", "--period", "october"), "not a month"),
        (("explain", "RE-2026-00009", "--company", "provider"), "no invoice"),
        (("export_evidence", "inv_x", "f", "--company", "provider"), "no invoice"),
    ],
)
def test_wrong_words_are_refused_and_nothing_is_written(
    provider: Any, words: tuple[str, ...], message: str
) -> None:
    with pytest.raises(CommandError, match=message):
        call_command(*words)
    with company_context(provider):
        assert not BillingRun.objects.exists()


def broken() -> dict[str, list[str]]:
    """Broken checks by name."""
    with no_company(), as_platform():
        return {check.name: found for check in SHARED_CHECKS if (found := list(check.find(NOW)))}


def broken_in(company: Any) -> dict[str, list[str]]:
    with company_context(company):
        return {check.name: found for check in COMPANY_CHECKS if (found := list(check.find(NOW)))}


def test_every_invariant_holds_after_a_month(provider: Any, issued: Invoice) -> None:
    assert broken() == {}
    assert broken_in(provider) == {}


@pytest.fixture
def forge(provider: Any) -> Any:
    """Change rows behind every trigger and policy, as only the database's owner could."""
    from apps.tenancy.context import as_owner

    def change(sql: str, table: str) -> None:
        with no_company(), as_owner(), connection.cursor() as cursor:
            cursor.execute("set constraints all immediate")
            cursor.execute(f"alter table public.{table} disable trigger user")
            cursor.execute(sql)
            cursor.execute(f"alter table public.{table} enable trigger user")

    return change


@pytest.mark.parametrize(
    ("table", "sql", "found"),
    [
        ("billing_invoiceline", "update public.billing_invoiceline set net_minor = net_minor + 1 "
         "where charge = 'cycles'", {"invoices_sum", "taxes_recomputed", "lines_recomputed"}),
        ("billing_invoicetax", "update public.billing_invoicetax set tax_minor = tax_minor - 1",
         {"invoices_sum", "taxes_recomputed"}),
        ("billing_invoice", "update public.billing_invoice set number = 'RE-2026-00007'",
         {"numbers_gapless"}),
        ("billing_invoice", "update public.billing_invoice set parties = array[author_id]",
         {"seen_by_the_right_ones"}),
        ("metering_usagerecord", "update public.metering_usagerecord set quantity = quantity + 1",
         {"usage_adds_up", "lines_recomputed"}),
        ("metering_billedperiod", "update public.metering_billedperiod set state = 'open'",
         {"lines_close_their_period"}),
        ("billing_evidencefile", "delete from public.billing_evidencefile", {"evidence_made"}),
    ],
)  # fmt: skip
def test_what_is_broken_is_named(
    provider: Any, issued: Invoice, forge: Any, table: str, sql: str, found: set[str]
) -> None:
    forge(sql, table)
    assert set(broken()) == found


def test_a_changed_invoice_is_not_what_was_signed(
    provider: Any, issued: Invoice, forge: Any
) -> None:
    forge(
        "update public.billing_invoice set net_minor = net_minor - 1, gross_minor = gross_minor - 1",
        "billing_invoice",
    )
    assert set(broken_in(provider)) == {"evidence_holds"}


def test_the_command_says_so_and_fails(own_database: str, cast: dict[str, Any]) -> None:
    answer = told("check_invariants")
    assert answer["ok"]
    names = {row["check"] for row in answer["checks"]}
    assert {"periods_tile", "numbers_gapless", "digests_match", "jobs_move"} <= names
