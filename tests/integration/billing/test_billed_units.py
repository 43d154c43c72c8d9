"""Units beside the money of a month: as corrected, and what is priced twice is measured once."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from apps.billing.models import Invoice, InvoiceLine
from apps.billing.operations import approve_invoices, issue_invoices
from apps.events.operations import run_waiting_jobs
from apps.reporting.queries.billed_units import units_billed
from apps.tenancy.context import company_context
from tests.integration.billing.conftest import bill, issue_all
from tests.integration.billing.scene import (
    NOW,
    PER_CYCLE,
    make_asset,
    make_contract,
    month_of_readings,
    send,
)

LATER = NOW + timedelta(days=1)


@pytest.fixture(autouse=True)
def own_files(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"


def counted(provider: Any) -> dict[str, Decimal]:
    with company_context(provider):
        issued = Invoice.objects.filter(state=Invoice.State.ISSUED)
        [units] = units_billed(InvoiceLine.objects.filter(invoice__in=issued)).values()
    return units


def correct(provider: Any, asset: Any, *readings: tuple[str, str]) -> None:
    send(provider, asset, *readings, now=LATER)
    with company_context(provider):
        run_waiting_jobs(now=LATER)
        ids = list(Invoice.objects.exclude(state="issued").values_list("id", flat=True))
        approve_invoices(invoices=ids, now=LATER, approved_by="test")
        issue_invoices(invoices=ids, now=LATER, issued_by="test")
        run_waiting_jobs(now=LATER)


def test_units_are_those_after_corrections(provider: Any, customer: Any) -> None:
    press = make_asset(provider)
    make_contract(provider, customer, [press])
    month_of_readings(provider, press, "2026-10", 1000, 1055)
    bill(provider)
    issue_all(provider)
    assert counted(provider) == {"{cycle}": Decimal(55)}
    correct(provider, press, ("2026-10-25T10:00:00Z", "1060"))
    assert counted(provider) == {"{cycle}": Decimal(60)}


def test_what_two_charges_price_is_measured_once(provider: Any, customer: Any) -> None:
    press = make_asset(provider)
    wear = {**PER_CYCLE, "code": "wear", "unit_price": "0.01"}
    make_contract(provider, customer, [press], charges=(PER_CYCLE, wear))
    month_of_readings(provider, press, "2026-10", 1000, 1055)
    bill(provider)
    issue_all(provider)
    assert counted(provider) == {"{cycle}": Decimal(55)}
