"""What is billed of a level or state, chosen in the contract's form and said on its sheet."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from apps.assets.models import Asset, TypeChannel
from apps.contracts.models import Contract, ContractItem
from apps.contracts.wording.items import item_words
from apps.telemetry.operations import RawItem, recompute_dirty, sync_channels, take_in
from apps.tenancy.context import company_context
from tests.integration.billing.scene import NOW, make_asset
from tests.integration.contracts.test_pages import page, present, typed

__all__ = ["present"]


@pytest.fixture
def customer(cast: dict[str, Any]) -> Any:
    return cast["customer"]


@pytest.fixture
def press(cast: dict[str, Any]) -> Asset:
    """With a gauge in kW: 12, 60 and 20 from 6 to 8 on 5 October."""
    provider = cast["provider"]
    asset = make_asset(provider)
    with company_context(provider):
        TypeChannel.objects.create(
            asset_type=asset.asset_type, code="power", title="Power", kind="gauge", unit="kW",
            author=provider, parties=[provider.pk],
        )  # fmt: skip
        sync_channels(asset_ids=[asset.pk])
    day = "2026-10-05"
    items = [
        RawItem(hour, asset.public_id, "power", f"{day}T0{hour}:00:00Z", value)
        for hour, value in ((6, "12"), (7, "60"), (8, "20"))
    ]
    with company_context(provider):
        assert {out.status for out in take_in(items=items, source="t", now=NOW)} == {"accepted"}
        recompute_dirty(now=NOW)
    return asset


@pytest.fixture
def seller(client_of: Callable[..., Client], cast: dict[str, Any]) -> Client:
    return client_of(cast["provider"], "director")


def above(customer: Any, press: Asset, **more: Any) -> dict[str, Any]:
    return typed(customer, press) | {
        "items-0-covered": f"{press.pk}:power", "items-0-aggregate": "time_above",
        "items-0-level": "50,5", "items-0-hold": "90", "items-0-step": "0,01",
        "charges-1-meter": "power", "charges-1-unit": "h", **more,
    }  # fmt: skip


def test_it_is_stored_with_the_item_and_said_in_words(
    seller: Client, cast: dict[str, Any], customer: Any, press: Asset
) -> None:
    answer = seller.post(page("contract_new"), above(customer, press))
    assert answer.status_code == 302, answer.content.decode()
    with company_context(cast["provider"]):
        contract, item = Contract.objects.get(), ContractItem.objects.get()
    assert item.measure == {
        "aggregate": "time_above", "unit": "kW", "hold": 5400, "value": "50.5", "step": "0.01",
    }  # fmt: skip
    assert item.unit == "h"
    sheet = seller.get(page("contract_detail", contract.public_id)).content.decode()
    assert (
        "time above 50.5\u00a0kW; a reading counts for at most 90\u00a0min; rounded to 0.01\u00a0h"
        in sheet
    )
    again = seller.get(page("contract_edit", contract.public_id)).content.decode()
    assert 'value="50.5"' in again
    assert 'value="90"' in again
    with translation.override("de"):
        words = item_words(item)
    assert words[0].startswith("Zeit über 50,5\u00a0kW; ein Messwert gilt höchstens 90\u00a0min")


def test_the_preview_prices_it_over_the_readings(
    seller: Client, customer: Any, press: Asset
) -> None:
    shown = seller.post(page("contract_preview"), above(customer, press)).content.decode()
    assert "0.067" in shown
    # One hour above 50.5 at 0.067 and the fee of 100.
    assert "100.07" in shown


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("items-0-level", "", "Enter the level or the state."),
        ("items-0-level", "loud", "This is not a number."),
        ("items-0-hold", "", "More than 0 minutes"),
        ("items-0-hold", "999999999", "More than 0 minutes"),
        ("items-0-step", "-1", "Enter a number above zero."),
        ("items-0-aggregate", "maximum", "Leave this empty"),
        ("items-0-aggregate", "median", "Select a valid choice"),
        ("items-0-aggregate", "", "say what is billed of this level or state"),
        ("items-0-aggregate", "time_in", "cannot be billed of the channel power"),
    ],
)
def test_what_makes_no_sense_is_said_at_its_place(
    seller: Client, customer: Any, press: Asset, field: str, value: str, words: str
) -> None:
    answer = seller.post(page("contract_new"), above(customer, press, **{field: value}))
    assert answer.status_code == 422
    assert words in answer.content.decode()
