"""Rules of counting, entered in the contract's form and said on its sheet."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from apps.assets.models import Asset, TypeChannel
from apps.contracts.models import Contract, ContractItem
from apps.contracts.queries import content_sha256
from apps.contracts.wording.items import item_words
from apps.telemetry.operations import RawItem, recompute_dirty, sync_channels, take_in
from apps.tenancy.context import company_context
from tests.integration.billing.scene import NOW, make_asset, month_of_readings
from tests.integration.contracts.test_pages import page, present, typed

__all__ = ["present"]


@pytest.fixture
def customer(cast: dict[str, Any]) -> Any:
    return cast["customer"]


@pytest.fixture
def press(cast: dict[str, Any]) -> Asset:
    """1,000 cycles at the end of September, 1,055 on 20 October at 10:00, and loaded until the 10th."""
    provider = cast["provider"]
    asset = make_asset(provider)
    with company_context(provider):
        TypeChannel.objects.create(
            asset_type=asset.asset_type, code="state", title="State", kind="state", unit="1",
            author=provider, parties=[provider.pk],
        )  # fmt: skip
        sync_channels(asset_ids=[asset.pk])
    month_of_readings(provider, asset, "2026-10", 1000, 1055)
    items = [
        RawItem(0, asset.public_id, "state", "2026-09-30T20:00:00Z", "2"),
        RawItem(1, asset.public_id, "state", "2026-10-10T15:30:00Z", "0"),
    ]
    with company_context(provider):
        assert {out.status for out in take_in(items=items, source="t", now=NOW)} == {"accepted"}
        recompute_dirty(now=NOW)
    return asset


@pytest.fixture
def seller(client_of: Callable[..., Client], cast: dict[str, Any]) -> Client:
    return client_of(cast["provider"], "director")


def loaded(customer: Any, press: Asset, **more: Any) -> dict[str, Any]:
    return typed(customer, press) | {
        "items-0-condition_1_channel": "state", "items-0-condition_1_test": "is_one_of",
        "items-0-condition_1_values": "2 3", "items-0-condition_1_hold": "44640",
        "items-0-gap_rule": "straight_line", "items-0-silence": "90", "items-0-opening": "990,5",
        **more,
    }  # fmt: skip


def test_they_are_stored_signed_and_said_in_words(
    seller: Client, cast: dict[str, Any], customer: Any, press: Asset
) -> None:
    answer = seller.post(page("contract_new"), loaded(customer, press))
    assert answer.status_code == 302, answer.content.decode()
    with company_context(cast["provider"]):
        contract, item = Contract.objects.get(), ContractItem.objects.get()
        assert item.channel_codes == ["cycles", "state"]
        signed = content_sha256(contract)
        ContractItem.objects.update(counting={**item.counting, "silence": 60})
        assert content_sha256(Contract.objects.get()) != signed
        ContractItem.objects.update(counting=item.counting)
    assert item.counting == {
        "conditions": [
            {"channel": "state", "unit": "1", "test": "is_one_of", "values": ["2", "3"],
             "hold": 2_678_400}
        ],
        "estimate": "straight_line", "silence": 5400, "opening": "990.5",
    }  # fmt: skip
    sheet = seller.get(page("contract_detail", contract.public_id)).content.decode()
    assert "counts only while state is 2 or 3 (a reading holds for at most 31\u00a0d)" in sheet
    assert "opens with 990.5" in sheet
    again = seller.get(page("contract_edit", contract.public_id)).content.decode()
    assert 'value="2 3"' in again
    assert 'value="44640"' in again
    with translation.override("de"):
        words = item_words(item)
    assert words == [
        "zählt nur, solange state 2 oder 3 ist (ein Messwert gilt höchstens 31\u00a0d)",
        "eine Stille von mehr als 90\u00a0min wird auf einer geraden Linie zwischen den Messwerten "
        "davor und danach geschätzt",
        "beginnt mit 990,5\u00a0Zyklen",
    ]


def test_the_preview_prices_what_counts(seller: Client, customer: Any, press: Asset) -> None:
    shown = seller.post(page("contract_preview"), loaded(customer, press)).content.decode()
    # 55 cycles in 469 hours, of which the first lies in September; 233.5 of the others under load.
    assert "27.3827" in shown
    assert "101.83" in shown


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("items-0-condition_1_channel", "", "Enter the code of the channel."),
        ("items-0-condition_1_channel", "Load!", "Enter the code of the channel."),
        ("items-0-condition_1_channel", "load", "has no channel load"),
        ("items-0-condition_1_values", "", "Enter the level, or the values"),
        ("items-0-condition_1_values", "loud", "This is not a number."),
        ("items-0-condition_1_test", "at_least", "Enter one level."),
        ("items-0-condition_1_hold", "", "More than 0 minutes"),
        ("items-0-silence", "", "Between 1 minute and 7 days"),
        ("items-0-gap_rule", "", "Leave this empty: gaps are not estimated."),
        ("items-0-opening", "1 2", "Enter one number."),
        ("items-0-opening", "-1", "A counter shows no negative value."),
    ],
)
def test_what_makes_no_sense_is_said_at_its_place(
    seller: Client, customer: Any, press: Asset, field: str, value: str, words: str
) -> None:
    answer = seller.post(page("contract_new"), loaded(customer, press, **{field: value}))
    assert answer.status_code == 422
    assert words in answer.content.decode()
    with company_context(press.author):
        assert not Contract.objects.exists()
