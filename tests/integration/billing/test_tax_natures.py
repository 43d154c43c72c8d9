"""Charges of another tax than their contract's: rates by the table, and never a mix that is illegal."""

from pathlib import Path
from typing import Any

import pytest

from apps.billing.invariants.usage import lines_recomputed
from apps.billing.models import EvidenceFile, Invoice, InvoiceLine, InvoiceTax, RunItem
from apps.billing.operations import export_evidence
from apps.events.operations import run_waiting_jobs
from apps.tenancy.context import as_platform, company_context, no_company
from tests.integration.billing.conftest import bill, issue_all
from tests.integration.billing.scene import (
    BASE_FEE,
    NOW,
    PER_CYCLE,
    make_asset,
    make_contract,
    month_of_readings,
    send,
)
from tests.integration.billing.test_evidence import verify
from tests.integration.billing.test_receivables import findings


@pytest.fixture(autouse=True)
def own_files(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"


def billed_with(provider: Any, customer: Any, fee: str, use: str, category: str = "S") -> Any:
    """October: a fee of 100 and 55 cycles at 0.067, each of its tax nature. Gives the asset."""
    asset = make_asset(provider)
    charges = [{**BASE_FEE, "tax": fee}, {**PER_CYCLE, "tax": use}]
    make_contract(provider, customer, [asset], charges=charges, tax_category=category)
    month_of_readings(provider, asset, "2026-10", 1000, 1055)
    bill(provider)
    return asset


def taxes(company: Any) -> list[tuple[str, str, int, int]]:
    with company_context(company):
        return [
            (row.category, str(row.percent), row.net_minor, row.tax_minor)
            for row in InvoiceTax.objects.order_by("invoice", "category", "percent")
        ]


def test_each_rate_has_its_sum_and_the_evidence_verifies(
    provider: Any, customer: Any, tmp_path: Path
) -> None:
    asset = billed_with(provider, customer, "", "reduced")
    (invoice,) = issue_all(provider)
    assert taxes(provider) == [("S", "7.00", 369, 26), ("S", "19.00", 10_000, 1_900)]
    with company_context(provider):
        content = export_evidence(invoice=invoice, now=NOW, reader="test")
        key = EvidenceFile.objects.get(invoice=invoice).public_key
    assert verify(tmp_path, content, key)[0] == 0
    # A late reading: the difference carries the rate of its line.
    send(provider, asset, ("2026-10-25T10:00:00Z", "1155"))
    with company_context(provider):
        run_waiting_jobs(now=NOW)
        line = InvoiceLine.objects.get(invoice__kind="addition")
        assert (line.net_minor, str(line.tax_percent)) == (670, "7.00")
    issue_all(provider)
    with no_company(), as_platform():
        assert list(lines_recomputed(NOW)) == []
    assert findings() == []


def test_what_is_outside_the_scope_shares_no_document(provider: Any, customer: Any) -> None:
    billed_with(provider, customer, "outside", "")
    with company_context(provider):
        item = RunItem.objects.get()
        assert (item.state, item.reason) == ("parked", "outside_mixed")
        assert not Invoice.objects.exists()


@pytest.mark.parametrize(
    ("natures", "category", "expected"),
    [
        (("outside", "outside"), "S", [("O", "0.00", 10_369, 0)]),
        (("exempt", "standard"), "S", [("E", "0.00", 10_000, 0), ("S", "19.00", 369, 70)]),
        (("reduced", ""), "AE", [("AE", "0.00", 10_369, 0)]),
    ],
)
def test_categories_by_nature_and_contract(
    provider: Any, customer: Any, natures: tuple[str, str], category: str, expected: Any
) -> None:
    billed_with(provider, customer, *natures, category=category)
    assert taxes(provider) == expected
    assert len(issue_all(provider)) == 1, "the rules of EN 16931 hold"
