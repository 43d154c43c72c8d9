"""Derived channels of a type: written on the page, refused with the reason, kept by versions."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.translation import override

from apps.assets.domain.facts import AssetFacts, ChannelFacts
from apps.assets.models import Asset, AssetType, TypeChannel
from apps.assets.operations import change_asset_type, register_asset_type, register_assets
from tests.conftest import NOW
from tests.integration.assets.test_pages import channel_rows

CURRENT = ChannelFacts("current", "Current", "gauge", "A")
HOURS = ChannelFacts("hours", "Hours", "delta", "h", formula="time_above(current, 1)")
TOMORROW = NOW.date() + timedelta(days=1)


@pytest.fixture
def company(cast: dict[str, Any], as_company: Callable[..., Any]) -> Any:
    with as_company(cast["provider"]):
        yield cast["provider"]


def registered(*channels: ChannelFacts) -> AssetType:
    return register_asset_type(name="Press", channels=channels, now=NOW)


def refusal(*channels: ChannelFacts) -> str:
    with pytest.raises(ValidationError) as refused:
        registered(*channels)
    assert not AssetType.objects.exists()
    return " ".join(refused.value.messages)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"formula": "time_above(amps, 1)"}, "Channel hours: This type has no channel “amps”."),
        ({"formula": "time_above(current, x)"}, "at character 21: “x” is no number"),
        (
            {"formula": "current /", "kind": "gauge"},
            "At character 10: The formula breaks off here.",
        ),
        ({"formula": "hours * 2", "kind": "gauge"}, "in a circle: hours → hours"),
        ({"unit": "km"}, "The unit km does not fit; h would."),
        ({"kind": "counter"}, "What time_above gives is an amount"),
        ({"formula_step": Decimal(0)}, "A rounding step lies between"),
        ({"formula_hold_seconds": 86_401}, "A value holds for 1 to 86400 seconds."),
        ({"formula": "", "formula_hold_seconds": 60}, "there is none"),
    ],
)
def test_what_cannot_hold_is_refused_with_channel_and_reason(
    company: Any, changes: dict[str, Any], said: str
) -> None:
    assert said in refusal(CURRENT, replace(HOURS, **changes))


def test_the_reason_is_told_in_german_too(company: Any) -> None:
    with override("de"):
        assert "Messkanal hours: Die Einheit km passt nicht; h würde passen." in refusal(
            CURRENT, replace(HOURS, unit="km")
        )


def test_without_readings_a_formula_is_replaced(company: Any) -> None:
    kind = registered(CURRENT, HOURS)
    change(kind, CURRENT, replace(HOURS, formula="time_above(current, 2)"))
    channel = TypeChannel.objects.get(code="hours")
    assert [(item.text, item.since) for item in channel.derivations] == [
        ("time_above(current, 2)", None)
    ]


def change(kind: AssetType, *channels: ChannelFacts) -> None:
    change_asset_type(asset_type=kind, name=kind.name, channels=channels, now=NOW)


@pytest.fixture
def in_use(company: Any) -> AssetType:
    """A type with an asset that has readings."""
    kind = registered(CURRENT, HOURS)
    register_assets(assets=[AssetFacts(kind.pk, "Press 1", "P-1")], now=NOW)
    Asset.objects.update(last_reading_at=NOW)
    return kind


def versions() -> list[tuple[str, date | None]]:
    channel = TypeChannel.objects.get(code="hours")
    return [(item.text, item.since) for item in channel.derivations]


def test_with_readings_a_change_is_a_version_from_a_coming_day(in_use: AssetType) -> None:
    change(in_use, CURRENT, replace(HOURS, title="Running"))
    assert versions() == [("time_above(current, 1)", None)]
    change(in_use, CURRENT, replace(HOURS, formula="time_above(current, 2)"))
    assert versions() == [("time_above(current, 1)", None), ("time_above(current, 2)", TOMORROW)]
    # What does not hold yet is replaced; what is said again without a date stays as it is.
    third = replace(HOURS, formula="time_above(current, 3)", formula_since=date(2030, 1, 1))
    change(in_use, CURRENT, third)
    change(in_use, CURRENT, replace(third, formula_since=None))
    assert versions() == [
        ("time_above(current, 1)", None), ("time_above(current, 3)", date(2030, 1, 1)),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("channels", "said"),
    [
        ([CURRENT, replace(HOURS, formula="time_above(current, 2)", formula_since=NOW.date())],
         "a changed formula holds from a coming day on"),
        ([CURRENT, replace(HOURS, formula="")], "it stays sent, or derived"),
        ([replace(CURRENT, kind="delta"), HOURS], "has readings"),
    ],
)  # fmt: skip
def test_no_billed_day_is_made_anew(
    in_use: AssetType, channels: list[ChannelFacts], said: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        change(in_use, *channels)
    assert said in " ".join(refused.value.messages)
    assert versions() == [("time_above(current, 1)", None)]


def test_a_circle_over_versions_is_one_too(in_use: AssetType) -> None:
    level = ChannelFacts("level", "Level", "gauge", "A", formula="current * 2")
    change(in_use, CURRENT, HOURS, level)
    other = ChannelFacts("other", "Other", "gauge", "A", formula="level * 2")
    change(in_use, CURRENT, HOURS, level, other)
    with pytest.raises(ValidationError) as refused:
        change(
            in_use,
            CURRENT,
            HOURS,
            replace(level, formula="other * 2"),
            replace(other, formula="current"),
        )
    assert "circle" in " ".join(refused.value.messages)


def test_the_page_takes_and_shows_a_formula(
    cast: dict[str, Any], client_of: Callable[..., Any]
) -> None:
    client = client_of(cast["provider"])
    current = {"code": "current", "title": "Current", "kind": "gauge", "unit": "A"}
    hours = {"code": "hours", "title": "Hours", "kind": "delta", "unit": "h",
             "formula": "time_above(current, 1)", "formula_hold_seconds": "600"}  # fmt: skip
    wrong = {**hours, "unit": "km"}
    answer = client.post(
        reverse("asset_type_new"), {"name": "Press", **channel_rows(current, wrong)}
    )
    assert answer.status_code == 422
    assert "The unit km does not fit" in answer.content.decode()
    answer = client.post(
        reverse("asset_type_new"), {"name": "Press", **channel_rows(current, hours)}
    )
    assert answer.status_code == 302
    assert "time_above(current, 1)" in client.get(answer.url).content.decode()
