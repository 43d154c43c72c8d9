"""The pages of a correction: what changed and why, for the provider and for the customer."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from apps.assets.models import Asset
from apps.billing.models import Correction, Invoice
from apps.tenancy.context import company_context
from tests.integration.billing.conftest import bill, issue_all
from tests.integration.billing.scene import make_asset, make_contract, month_of_readings
from tests.integration.billing.test_corrections import issue_corrections, late
from tests.integration.billing.test_pages import page


@pytest.fixture(autouse=True)
def own_files(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"


@pytest.fixture
def finance(client_of: Callable[..., Client], provider: Any) -> Client:
    return client_of(provider, "finance")


@pytest.fixture
def buyer(client_of: Callable[..., Client], customer: Any) -> Client:
    return client_of(customer, "finance")


@pytest.fixture
def press(provider: Any) -> Asset:
    return make_asset(provider)


@pytest.fixture
def corrected(provider: Any, customer: Any, press: Asset) -> Correction:
    """Two months issued; a late reading moves usage from October to September."""
    make_contract(provider, customer, [press], starts_on="2026-09-01")
    month_of_readings(provider, press, "2026-09", 0, 100)
    month_of_readings(provider, press, "2026-10", 100, 155)
    bill(provider)
    issue_all(provider)
    late(provider, press, ("2026-09-30T21:30:00Z", "130"))
    with company_context(provider):
        found: Correction = Correction.objects.get(net_minor__lt=0)
    return found


def text(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


def test_original_difference_and_reason_stand_side_by_side(
    finance: Client, buyer: Client, corrected: Correction
) -> None:
    address = page("correction_detail", corrected.public_id)
    shown = text(finance, address)
    for expected in ("3.69", "1.68", "2.01", "55", "25", "130", "Readings that came since"):
        assert expected in shown, expected
    assert buyer.get(address).status_code == 404
    assert corrected.public_id in text(finance, page("correction_list"))


def test_the_customer_sees_the_issued_credit_note_and_why(
    provider: Any, buyer: Client, corrected: Correction
) -> None:
    issue_corrections(provider)
    with company_context(provider):
        note = Invoice.objects.select_related("corrects").get(kind="credit")
    original = note.corrects
    assert original is not None
    shown = text(buyer, page("invoice_detail", note.public_id))
    for expected in ("Credit note RK-2026-00001", str(original.number), "2.01"):
        assert expected in shown, expected
    assert "RK-2026-00001" in text(buyer, page("invoice_detail", original.public_id))
    assert "RK-2026-00001" in text(buyer, page("invoice_list") + "?kind=credit")
    assert "RE-2026" not in text(buyer, page("invoice_list") + "?kind=credit&export=csv")
    assert "3.69" in text(buyer, page("correction_detail", corrected.public_id))
    assert "3.69" in text(buyer, page("invoice_line", note.public_id, 1))
    assert "erified" in text(buyer, page("invoice_verification", note.public_id))


def test_the_sums_above_the_list_take_credit_notes_off(
    provider: Any, finance: Client, corrected: Correction
) -> None:
    issue_corrections(provider)
    # 106.70 + 103.69 + 2.01 - 2.01
    assert "210.39" in text(finance, page("invoice_list"))


def test_rating_again_from_the_page(provider: Any, finance: Client, corrected: Correction) -> None:
    with company_context(provider):
        original = Invoice.objects.filter(kind="invoice").first()
    assert original is not None
    answer = finance.post(page("invoice_rating", original.public_id), follow=True)
    assert "nothing changed" in answer.content.decode()


def test_a_correction_has_no_button_to_discard_it(
    provider: Any, finance: Client, corrected: Correction
) -> None:
    with company_context(provider):
        draft = Invoice.objects.get(kind="credit")
    address = page("invoice_discard", draft.public_id)
    assert address not in text(finance, page("invoice_detail", draft.public_id))
    finance.post(address)
    with company_context(provider):
        assert Invoice.objects.filter(id=draft.id).exists()
