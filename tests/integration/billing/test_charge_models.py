"""Every charge model from the readings to an issued invoice whose evidence verifies elsewhere."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from apps.billing.invariants.usage import lines_recomputed
from apps.billing.models import EvidenceFile, Invoice, InvoiceLine
from apps.billing.operations import export_evidence
from apps.billing.queries.explaining import explain_line
from apps.contracts.domain.index_file import PublishedValue
from apps.contracts.operations import add_series, add_values
from apps.tenancy.context import as_platform, company_context, no_company
from tests.integration.billing.conftest import bill, issue_all
from tests.integration.billing.scene import NOW, make_asset, make_contract, month_of_readings
from tests.integration.billing.test_evidence import verify

USE = {"meter": "cycles", "unit": "{cycle}"}
CHARGES: list[dict[str, Any]] = [
    {"model": "flat_fee", "amount": "100",
     "index": {"series": "ppi", "base": "100", "weight": "0.5", "high": "1.04"}},
    {"model": "per_unit", **USE, "unit_price": "0.067", "included": "5"},
    {"model": "volume", **USE, "tiers": [
        {"up_to": "50", "unit_price": "1"}, {"up_to": None, "unit_price": "0.5", "flat": "2"}]},
    {"model": "package", **USE, "size": "10", "unit_price": "3"},
    {"model": "stairstep", **USE, "tiers": [
        {"up_to": "50", "amount": "20"}, {"up_to": None, "amount": "30"}]},
    {"model": "shared_saving", **USE, "baseline": "100", "unit_price": "0.3", "share": "40"},
    {"model": "percentage", "percent": "3", "of": ["c1"]},
    {"model": "minimum", "amount": "300"},
    {"model": "maximum", "amount": "250"},
    {"model": "yearly_minimum", "amount": "5000"},
]  # fmt: skip
# 104; 50 × 0.067; 55 × 0.5 + 2; 6 × 3; 30; 45 × 0.12; 3 % of 3.35; 300 − 188.35; 250 − 300;
# 5000 × 31 ÷ 365 − 250 = 174.657…
NETS = [10400, 335, 2950, 1800, 3000, 540, 10, 10965, -5000, 17466]


@pytest.fixture(autouse=True)
def own_files(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"


@pytest.fixture
def invoice(provider: Any, customer: Any) -> Invoice:
    """October, the only month of the contract: 55 cycles."""
    with company_context(provider):
        series = add_series(code="ppi", name="Producer prices", source="", now=NOW)
        value = PublishedValue("2026-08", Decimal(110), date(2026, 9, 20))
        add_values(series=series, values=[value], now=NOW)
    asset = make_asset(provider)
    charges = [{**item, "code": f"c{n}", "title": f"C{n}"} for n, item in enumerate(CHARGES)]
    make_contract(provider, customer, [asset], charges=charges, ends_on=date(2026, 11, 1))
    month_of_readings(provider, asset, "2026-10", 1000, 1055)
    bill(provider)
    (issued,) = issue_all(provider)
    return issued


def test_the_invoice_has_a_line_for_each_and_no_negative_price(
    provider: Any, invoice: Invoice
) -> None:
    with company_context(provider):
        lines = list(InvoiceLine.objects.filter(invoice=invoice).order_by("position"))
    assert [line.net_minor for line in lines] == NETS
    assert invoice.net_minor == sum(NETS)
    assert all(line.unit_price >= 0 for line in lines)
    assert (lines[8].quantity, lines[8].unit_price) == (-1, 50)


def test_it_verifies_away_from_the_portal(customer: Any, invoice: Invoice, tmp_path: Path) -> None:
    with company_context(customer):
        seen = Invoice.objects.get(id=invoice.id)
        content = export_evidence(invoice=seen, now=NOW, reader="test")
        key = EvidenceFile.objects.get(invoice=seen).public_key
    code, answer = verify(tmp_path, content, key)
    assert (code, answer["result"]) == (0, "verified"), answer
    changed = content.replace(b'"value": "110"', b'"value": "111"', 1)
    assert changed != content
    code, answer = verify(tmp_path, changed, key)
    assert (code, answer["result"]) == (1, "differs")


def test_it_opens_step_by_step_and_the_books_agree(provider: Any, invoice: Invoice) -> None:
    with company_context(provider):
        lines = InvoiceLine.objects.filter(invoice=invoice).select_related("invoice")
        told = {line.charge: explain_line(line, "en") for line in lines}
    assert "Producer prices for 2026-08: 110, published on 2026-09-20." in told["c0"]["arithmetic"]
    assert told["c8"]["plan"]["words"][0].startswith("At most 250.00")
    assert "Counted: C1." in told["c6"]["plan"]["words"]
    with no_company(), as_platform():
        assert list(lines_recomputed(NOW)) == []
