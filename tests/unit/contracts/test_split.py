"""A split as a value: judged whole, written and read the same, and nobody sees another's part."""

import json
from typing import Any

import pytest
from hypothesis import given

from apps.contracts.domain.split import Split, SplitRefused
from tests.unit.contracts.splits import (
    FINANCIER,
    LARGE,
    MAKER,
    PROVIDER,
    WORKSHOP,
    of_contract,
    per_unit,
    percent,
    split_of,
    splits,
)


def refusals(*steps: Any, **more: Any) -> list[tuple[str, str]]:
    with pytest.raises(SplitRefused) as refused:
        split_of(*steps, **more)
    return [(error.path, error.reason) for error in refused.value.errors]


@pytest.mark.parametrize(
    ("figure", "reason"),
    [("1000", "above_limit"), ("100.01", "above_limit"), ("0", "not_positive"),
     ("-1", "negative"), ("10 %", "not_a_number"), (0.1, "not_a_number"), (None, "missing_number")],
)  # fmt: skip
def test_a_percentage_is_a_percentage(figure: Any, reason: str) -> None:
    assert refusals(percent("maker", figure, MAKER)) == [("line_steps[0].percent", reason)]


def test_every_error_is_told_with_its_place() -> None:
    found = refusals(
        percent("maker", "1000", MAKER),
        per_unit("finance", "0", FINANCIER),
        contract=[of_contract("care", "fixed", WORKSHOP, "1.005")],
        bearers=[{"charge": "uptime", "parts": []}],
    )
    assert found == [
        ("line_steps[0].percent", "above_limit"), ("line_steps[1].rate", "not_positive"),
        ("contract_steps[0].amount", "finer_than_currency"), ("bearers[0].parts", "empty_list"),
    ]  # fmt: skip


def test_what_contradicts_itself_is_refused() -> None:
    assert refusals(percent("a", "100", MAKER), percent("b", "5", FINANCIER)) == [
        ("line_steps[1]", "nothing_left")
    ]
    assert refusals(percent("a", "10", MAKER), percent("a", "5", FINANCIER)) == [
        ("line_steps", "named_twice")
    ]
    assert refusals(percent("a", "10", MAKER, MAKER)) == [("line_steps[0].parts", "party_twice")]
    assert refusals(contract=[of_contract("own", "fixed", PROVIDER, "5")]) == [
        ("contract_steps[0].party", "takes_the_rest")
    ]
    assert refusals(
        contract=[of_contract("low", "floor", MAKER, "50"), of_contract("high", "cap", MAKER, "40")]
    ) == [("contract_steps[0].amount", "floor_above_cap")]


@LARGE
@given(splits())
def test_written_and_read_it_is_the_same(split: Split) -> None:
    written = json.loads(json.dumps(split.to_dict()))
    assert Split.from_dict(written) == split
    assert Split.from_dict(written).hash == split.hash


def test_a_partner_sees_its_own_terms_alone() -> None:
    split = split_of(
        per_unit("maker", "0.012", MAKER, charges=["km"]),
        {"code": "pool", "kind": "percent", "percent": "30",
         "parts": [{"party": MAKER, "weight": "1"}, {"party": FINANCIER, "weight": "3"}]},
        percent("tires", "10", MAKER, WORKSHOP, key="tire"),
        contract=[of_contract("care", "fixed", WORKSHOP, "120.00")],
        bearers=[{"charge": "uptime", "parts": [{"party": WORKSHOP, "weight": "1"}]}],
        terms=[{"party": MAKER, "payable": "invoiced", "rank": 2, "held_by_disputes": False}],
    )  # fmt: skip
    view = split.view_of(MAKER)
    assert [step["code"] for step in view["line_steps"]] == ["maker", "pool", "tires"]
    assert [step["divided"] for step in view["line_steps"]] == ["alone", "by_parts", "measured"]
    assert (view["line_steps"][1]["own"], view["line_steps"][1]["of"]) == ("1", "4")
    assert (view["contract_steps"], view["bears"]) == ([], [])
    assert view["terms"] == {
        "party": MAKER, "payable": "invoiced", "rank": 2, "held_by_disputes": False,
    }  # fmt: skip
    text = json.dumps(view)
    assert f'"party": {FINANCIER}' not in text
    assert f'"party": {WORKSHOP}' not in text
    assert "120" not in text


def test_a_price_is_seen_only_where_the_share_is_a_percentage_of_it() -> None:
    split = split_of(
        per_unit("maker", "0.012", MAKER, charges=["km"]),
        percent("finance", "35", FINANCIER, charges=["base"]),
        bearers=[{"charge": "uptime", "parts": [{"party": WORKSHOP}]}],
    )
    assert [split.sees_price(MAKER, charge) for charge in ("km", "base")] == [False, False]
    assert [split.sees_price(FINANCIER, charge) for charge in ("km", "base")] == [False, True]
    assert split.sees_price(WORKSHOP, "uptime")
    assert split.sees_price(PROVIDER, "km")
