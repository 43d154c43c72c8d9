"""Fixtures of the billing tests."""

from typing import Any

import pytest

from apps.billing.models import BillingRun, Invoice
from apps.billing.operations import approve_invoices, issue_invoices, start_run
from apps.contracts.models import Contract
from apps.events.operations import run_waiting_jobs
from apps.tenancy.context import company_context
from tests.integration.billing.scene import NOW, make_asset, make_contract, month_of_readings


@pytest.fixture
def provider(cast: dict[str, Any]) -> Any:
    return cast["provider"]


@pytest.fixture
def customer(cast: dict[str, Any]) -> Any:
    return cast["customer"]


def bill(company: Any, label: str = "2026-10", dry: bool = False) -> BillingRun:
    """A run with all its jobs done."""
    with company_context(company):
        run = start_run(label=label, now=NOW, dry=dry, started_by="test")
        run_waiting_jobs(now=NOW)
        run.refresh_from_db()
    return run


def issue_all(company: Any) -> list[Invoice]:
    """Approve and issue every draft; the evidence is stored too."""
    with company_context(company):
        ids = list(Invoice.objects.values_list("id", flat=True))
        approve_invoices(invoices=ids, now=NOW, approved_by="test")
        issued = issue_invoices(invoices=ids, now=NOW, issued_by="test")
        run_waiting_jobs(now=NOW)
    return issued


@pytest.fixture
def billed(provider: Any, customer: Any) -> Contract:
    """October: 55 cycles at 0.067 and a fee of 100."""
    asset = make_asset(provider)
    contract = make_contract(provider, customer, [asset])
    month_of_readings(provider, asset, "2026-10", 1000, 1055)
    bill(provider)
    return contract


@pytest.fixture
def issued(provider: Any, billed: Contract) -> Invoice:
    (invoice,) = issue_all(provider)
    return invoice
