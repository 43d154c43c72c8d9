"""Purchase orders: named on the invoice, and a condition before billing when expired or used up."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from apps.billing.models import Invoice, PurchaseOrder, RunItem
from apps.billing.operations import OrderFacts, note_order
from apps.contracts.models import Contract
from apps.tenancy.context import company_context
from tests.integration.billing.conftest import bill
from tests.integration.billing.scene import NOW, make_asset, make_contract, month_of_readings
from tests.integration.billing.test_pages import page


@pytest.fixture(autouse=True)
def own_files(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"


@pytest.fixture
def contract(provider: Any, customer: Any) -> Contract:
    """September (106.70 net) and October (103.69 net) are to be billed."""
    press = make_asset(provider)
    made = make_contract(provider, customer, [press], starts_on="2026-09-01", order_number="PO-OLD")
    month_of_readings(provider, press, "2026-09", 0, 100)
    month_of_readings(provider, press, "2026-10", 100, 155)
    return made


def note(contract: Contract, number: str, start: str, until: str = "", **more: Any) -> None:
    last = date.fromisoformat(until) if until else None
    facts = OrderFacts(number, date.fromisoformat(start), last, **more)
    with company_context(contract.author):
        note_order(contract=contract, facts=facts, now=NOW, person="finance")


def billed(contract: Contract) -> list[tuple[str, str]]:
    """By period: the order number on the draft, or why it is parked."""
    run = bill(contract.author)
    with company_context(contract.author):
        rows = RunItem.objects.filter(run=run).select_related("invoice").order_by("period_start")
        return [
            (row.state, row.invoice.facts["terms"]["order_number"] if row.invoice else row.reason)
            for row in rows
        ]


def test_without_an_order_nothing_holds_billing_up(contract: Contract) -> None:
    assert billed(contract) == [("billed", "PO-OLD"), ("billed", "PO-OLD")]


def test_the_invoice_names_the_order_of_its_last_day(contract: Contract) -> None:
    note(contract, "PO-1", "2026-09-01", "2026-09-30")
    note(contract, "PO-2", "2026-10-01")
    assert billed(contract) == [("billed", "PO-1"), ("billed", "PO-2")]


def test_an_expired_order_parks_the_period_until_there_is_another(contract: Contract) -> None:
    note(contract, "PO-1", "2026-09-01", "2026-10-30")
    assert billed(contract) == [("billed", "PO-1"), ("parked", "order_expired")]
    with company_context(contract.author):
        assert Invoice.objects.count() == 1
    note(contract, "PO-1", "2026-09-01", "2026-10-31")
    assert billed(contract) == [("billed", "PO-1")]


def test_an_order_that_has_run_out_parks_it_too(contract: Contract) -> None:
    # 106.70 + 103.69 = 210.39, one cent more than it allows.
    note(contract, "PO-1", "2026-09-01", amount_minor=21_038)
    assert billed(contract) == [("billed", "PO-1"), ("parked", "order_exhausted")]
    with company_context(contract.author):
        params = RunItem.objects.get(state="parked").params
    assert params == {"number": "PO-1", "left": "103.68 EUR", "needed": "103.69 EUR"}
    note(contract, "PO-1", "2026-09-01", amount_minor=21_039)
    assert billed(contract) == [("billed", "PO-1")]


def test_the_page_notes_an_order_and_names_what_is_wrong(
    provider: Any, customer: Any, contract: Contract, client_of: Callable[..., Client]
) -> None:
    finance = client_of(provider, "finance")
    address = page("contract_orders", contract.public_id)
    sent = {"number": "PO-7", "valid_from": "2026-10-01", "valid_until": "2026-09-01", "amount": ""}
    assert "before the first" in finance.post(address, sent).content.decode()
    with company_context(provider):
        assert not PurchaseOrder.objects.exists()
    for _ in range(2):
        assert (
            finance.post(address, {**sent, "valid_until": "", "amount": "500"}).status_code == 302
        )
    with company_context(customer):
        assert PurchaseOrder.objects.get().amount_minor == 50_000
    assert "PO-7" in finance.get(address).content.decode()
    assert client_of(customer, "finance").get(address).status_code == 404
    with company_context(customer), pytest.raises(ValidationError):
        note_order(
            contract=contract, facts=OrderFacts("PO-8", date(2026, 10, 1)), now=NOW, person="x"
        )
