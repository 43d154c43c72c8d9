"""The pages: draft with a live preview, offer, sign in the other portal, see the usage."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.assets.models import Asset
from apps.contracts.models import Contract, PlanVersion, Signature
from apps.events.operations import run_waiting_jobs
from apps.tenancy.context import company_context
from tests.integration.billing.scene import make_asset, month_of_readings

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def present() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def provider(cast: dict[str, Any]) -> Any:
    return cast["provider"]


@pytest.fixture
def customer(cast: dict[str, Any]) -> Any:
    return cast["customer"]


@pytest.fixture
def seller(client_of: Callable[..., Client], provider: Any) -> Client:
    return client_of(provider, "director")


@pytest.fixture
def buyer(client_of: Callable[..., Client], customer: Any) -> Client:
    return client_of(customer, "director")


@pytest.fixture
def press(provider: Any, customer: Any) -> Asset:
    """55 cycles in October."""
    asset = make_asset(provider, parties=[customer.pk])
    month_of_readings(provider, asset, "2026-10", 1000, 1055)
    return asset


def page(name: str, *arguments: Any) -> str:
    return reverse(name, urlconf="portal.urls", args=arguments)


def typed(buying: Any, asset: Asset, **more: Any) -> dict[str, Any]:
    """What a person types for a fee of 100 and a price per cycle."""
    return {
        "title": "Presses by the cycle", "customer": str(buying.pk), "starts_on": "2026-10-01",
        "period_kind": "month", "time_zone": "Europe/Berlin", "currency": "EUR",
        "tax_category": "S", "payment_days": "14", "corrections": "at_once", "preview_month": "2026-10",
        "items-TOTAL_FORMS": "1", "items-INITIAL_FORMS": "0",
        "items-0-covered": f"{asset.pk}:cycles", "items-0-meter": "",
        "charges-TOTAL_FORMS": "2", "charges-INITIAL_FORMS": "0",
        "charges-0-model": "flat_fee", "charges-0-title_en": "Base fee", "charges-0-amount": "100",
        "charges-1-meter": "cycles", "charges-1-unit": "{cycle}",
        "charges-1-model": "per_unit", "charges-1-title_en": "Cycles",
        "charges-1-title_de": "Takte", "charges-1-unit_price": "0.067", **more,
    }  # fmt: skip


GRADUATED = {
    "charges-1-model": "graduated",
    "charges-1-up_to": ["50", ""],
    "charges-1-tier_price": ["0.10", "0.05"],
    "charges-1-tier_flat": ["", ""],
}


def drafted(seller: Client, provider: Any, customer: Any, press: Asset) -> Contract:
    answer = seller.post(page("contract_new"), typed(customer, press))
    assert answer.status_code == 302, answer.content.decode()
    with company_context(provider):
        return Contract.objects.get()


def test_the_empty_form_and_its_rows_open(seller: Client, press: Asset) -> None:
    form = seller.get(page("contract_new"))
    assert form.status_code == 200
    assert "Press 1" in form.content.decode()
    assert 'id="items-empty"' in form.content.decode()


def test_a_draft_keeps_what_was_typed(
    seller: Client, provider: Any, customer: Any, press: Asset
) -> None:
    contract = drafted(seller, provider, customer, press)
    with company_context(provider):
        plan = PlanVersion.objects.get(contract=contract).plan
        item = contract.items.get()
    assert [charge["model"] for charge in plan["charges"]] == ["flat_fee", "per_unit"]
    assert plan["charges"][1]["unit_price"] == "0.067"
    assert plan["charges"][1]["unit"] == "{cycle}"
    assert plan["charges"][1]["title"] == {"de": "Takte", "en": "Cycles"}
    assert (item.meter, item.unit) == ("cycles", "{cycle}")
    shown = seller.get(page("contract_edit", contract.public_id)).content.decode()
    assert "0.067" in shown
    assert "2026-10-01" in shown


def test_the_preview_prices_real_usage(
    seller: Client, customer: Any, press: Asset, provider: Any
) -> None:
    answer = seller.post(page("contract_preview"), typed(customer, press))
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "103.69" in text
    assert "3.685" in text
    graduated = seller.post(page("contract_preview"), typed(customer, press, **GRADUATED))
    assert "105.25" in graduated.content.decode()  # 100 + 50 × 0.10 + 5 × 0.05
    with company_context(provider):
        assert not Contract.objects.exists()
    curve = graduated.context["quote"].curve
    assert (curve.points[0], curve.here) == ((0, 10000), (55, 10525))
    assert (Decimal(50), 10500) in curve.points


def test_a_preview_without_prices_says_what_is_missing(
    seller: Client, customer: Any, press: Asset
) -> None:
    data = typed(customer, press, **{"charges-1-unit_price": ""})
    assert "Enter a number." in seller.post(page("contract_preview"), data).content.decode()
    assert seller.post(page("contract_preview"), {}).status_code == 200
    odd = typed(customer, press, preview_month="2026-99")
    assert "A month is written" in seller.post(page("contract_preview"), odd).content.decode()


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("charges-1-unit_price", "abc", "This is not a number."),
        ("charges-1-unit_price", "-1", "A price is zero or more."),
        ("charges-1-unit_price", "0.0000000000001", "At most 12 digits after the point."),
        ("charges-0-title_en", "", "This field is required."),
        ("charges-1-meter", "", "Name the meter this charge prices."),
        ("charges-1-meter", "hours", "no charge prices the meter cycles"),
        ("charges-1-unit", "km", "cannot be billed in km"),
        ("ends_on", "2026-09-01", "The end lies after the start."),
        ("customer", "999999", "Select a valid choice"),
        ("items-0-covered", "nonsense", "Select a valid choice"),
        ("title", "", "This field is required."),
    ],
)
def test_bad_input_is_said_beside_its_field_and_nothing_is_stored(
    seller: Client, provider: Any, customer: Any, press: Asset, field: str, value: str, said: str
) -> None:
    answer = seller.post(page("contract_new"), typed(customer, press, **{field: value}))
    text = answer.content.decode()
    assert answer.status_code == 422
    assert said in text
    if field != "title":
        assert "Presses by the cycle" in text
    with company_context(provider):
        assert not Contract.objects.exists()


def test_bad_tiers_are_said_in_their_row(seller: Client, customer: Any, press: Asset) -> None:
    tiers = {
        **GRADUATED, "charges-1-up_to": ["50", "40", ""],
        "charges-1-tier_price": ["1", "2", "3"], "charges-1-tier_flat": ["", "", ""],
    }  # fmt: skip
    answer = seller.post(page("contract_new"), typed(customer, press, **tiers))
    assert answer.status_code == 422
    assert "The tiers&#x27; edges must rise." in answer.content.decode()


def test_offered_here_signed_there_in_force_for_both(
    seller: Client, buyer: Client, provider: Any, customer: Any, press: Asset
) -> None:
    contract = drafted(seller, provider, customer, press)
    address = page("contract_detail", contract.public_id)
    assert buyer.get(address).status_code == 404
    for _click in range(2):
        assert seller.post(page("contract_offer", contract.public_id)).status_code == 302
    shown = buyer.get(address)
    assert "0.067" in shown.content.decode()
    stale = {"content": "0" * 64}
    buyer.post(page("contract_signature", contract.public_id), stale)
    with company_context(customer):
        assert Signature.objects.filter(author=customer).count() == 0
    for _click in range(2):
        yes = {"content": shown.context["content"]}
        assert buyer.post(page("contract_signature", contract.public_id), yes).status_code == 302
    with company_context(provider):
        run_waiting_jobs(now=NOW)
        assert Contract.objects.get().state == "active"
        assert Signature.objects.count() == 2
    for client in (seller, buyer):
        assert "Signatures" in client.get(address).content.decode()
        part = client.get(page("contract_usage", contract.public_id))
        assert part.status_code == 200


def test_a_withdrawn_offer_is_a_draft_that_stays_in_the_books(
    seller: Client, buyer: Client, provider: Any, customer: Any, press: Asset
) -> None:
    contract = drafted(seller, provider, customer, press)
    seller.post(page("contract_offer", contract.public_id))
    assert seller.get(page("contract_edit", contract.public_id)).status_code == 302
    seller.post(page("contract_discard", contract.public_id))
    for _click in range(2):
        seller.post(page("contract_withdrawal", contract.public_id))
    assert buyer.get(page("contract_detail", contract.public_id)).status_code == 404
    answer = seller.post(page("contract_discard", contract.public_id), follow=True)
    assert "it stays in the books" in answer.content.decode()
    with company_context(provider):
        assert Contract.objects.get().state == "draft"


def test_a_draft_nobody_saw_is_deleted(
    seller: Client, provider: Any, customer: Any, press: Asset
) -> None:
    contract = drafted(seller, provider, customer, press)
    assert seller.post(page("contract_discard", contract.public_id)).status_code == 302
    assert seller.post(page("contract_discard", contract.public_id)).status_code == 404
    with company_context(provider):
        assert not Contract.objects.exists()


def test_the_other_side_cannot_act_for_the_provider(
    seller: Client, buyer: Client, client_of: Callable[..., Client], cast: dict[str, Any],
    provider: Any, customer: Any, press: Asset,
) -> None:  # fmt: skip
    contract = drafted(seller, provider, customer, press)
    seller.post(page("contract_offer", contract.public_id))
    stranger = client_of(cast["stranger"], "director")
    acts = ("contract_offer", "contract_withdrawal", "contract_end", "contract_discard")
    for client in (buyer, stranger):
        for name in acts:
            data = {"ends_on": "2026-12-31"}
            answer = client.post(page(name, contract.public_id), data)
            assert answer.status_code in (302, 404), name
            with company_context(provider):
                assert Contract.objects.get().state == "offered"
        assert client.get(page("contract_edit", contract.public_id)).status_code == 404
    for name in ("contract_detail", "contract_usage"):
        assert stranger.get(page(name, contract.public_id)).status_code == 404
    assert stranger.post(page("contract_signature", contract.public_id)).status_code == 404
    viewer = client_of(provider, "viewer")
    assert viewer.get(page("contract_detail", contract.public_id)).status_code == 200
    assert viewer.get(page("contract_new")).status_code == 403
    assert viewer.post(page("contract_withdrawal", contract.public_id)).status_code == 403


def test_a_sheet_takes_few_queries(
    seller: Client, provider: Any, customer: Any, press: Asset
) -> None:
    address = page("contract_detail", drafted(seller, provider, customer, press).public_id)
    seller.get(address)
    with CaptureQueriesContext(connection) as captured:
        assert seller.get(address).status_code == 200
    # Session, person, membership; contract, items (and which assets may be opened), prices, proposals,
    # signatures, history.
    assert sum(query["sql"].startswith("SELECT") for query in captured) == 9


def test_the_list_shows_both_sides_and_exports(
    seller: Client, buyer: Client, provider: Any, customer: Any, press: Asset
) -> None:
    contract = drafted(seller, provider, customer, press)
    assert "Presses by the cycle" in seller.get(page("contract_list")).content.decode()
    assert "Presses by the cycle" not in buyer.get(page("contract_list")).content.decode()
    seller.post(page("contract_offer", contract.public_id))
    assert "Presses by the cycle" in buyer.get(page("contract_list")).content.decode()
    csv = seller.get(page("contract_list"), {"export": "csv"}).content.decode()
    assert "Presses by the cycle" in csv
