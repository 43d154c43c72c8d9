"""Percentage, minimum, maximum, yearly minimum, availability: charges over other charges."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.pricing.circumstances import Circumstances, ContractYear
from apps.pricing.explain import sentences
from apps.pricing.plan import price
from apps.pricing.registry import PlanError
from apps.pricing.values import AssetUsage, PricingError, ServiceDays
from tests.unit.pricing.plans import WHOLE_MONTH, flat, metered, minors, over, plan, run, used

HOURS = metered("per_unit", unit_price="1")
YEAR = ServiceDays(365, 365)


def test_a_percentage_of_named_charges() -> None:
    charges = [flat("49"), HOURS, over("percentage", percent="7.5", of=["use"])]
    period = run(charges, used("10.5"))
    assert minors(period) == [4900, 1050, 79]  # 10.50 × 7.5 % = 0.7875
    everything = run([flat("49"), HOURS, over("percentage", percent="10")], used("10.5"))
    assert minors(everything) == [4900, 1050, 595]
    assert sentences(everything.lines[-1], "en") == [
        "Net of Base, Use: 59.50\u00a0EUR.",
        "10 % of 59.50\u00a0EUR = 5.95\u00a0EUR.",
        "5.95\u00a0EUR rounded half up to 5.95\u00a0EUR.",
    ]


def test_a_percentage_of_nothing_is_a_line_of_zero() -> None:
    period = run([HOURS, over("percentage", percent="10")], used("0"))
    assert minors(period) == [0, 0]
    assert minors(run([over("percentage", percent="10")])) == [0]


def test_a_fee_in_advance_belongs_to_another_period() -> None:
    charges = [flat("49", timing="advance"), HOURS, over("percentage", percent="10")]
    assert minors(run(charges, used("10"))) == [4900, 1000, 100]
    assert minors(run([*charges[:2], over("minimum", amount="12")], used("10")))[-1] == 200


@pytest.mark.parametrize(
    ("of", "timing", "reason"),
    [(["later"], "arrears", "not_before"), (["over"], "arrears", "not_before"),
     (["base"], "advance", "fee_in_advance")],
)  # fmt: skip
def test_named_charges_stand_before_and_in_arrears(of: list[str], timing: str, reason: str) -> None:
    charges = [
        flat(timing=timing),
        over("percentage", percent="1", of=of),
        {**HOURS, "code": "later"},
    ]
    with pytest.raises(PlanError) as refused:
        plan(*charges)
    assert (refused.value.path, refused.value.reason) == ("charges[1].of[0]", reason)


def test_the_missing_part_of_a_minimum_is_a_line() -> None:
    charges = [HOURS, over("minimum", amount="100")]
    assert minors(run(charges, used("0"))) == [0, 10000]
    assert minors(run(charges, used("99.99"))) == [9999, 1]
    assert minors(run(charges, used("100"))) == [10000]
    assert minors(run(charges, used("100.01"))) == [10001]
    top_up = run(charges, used("30")).lines[-1]
    assert (top_up.quantity, top_up.unit_price) == (1, 70)
    assert sentences(top_up, "de")[:2] == [
        "Netto aus Use: 30,00\u00a0EUR.",
        "Mindestbetrag 100,00\u00a0EUR − 30,00\u00a0EUR = 70,00\u00a0EUR.",
    ]


def test_what_is_above_a_maximum_is_taken_off_by_a_negative_quantity() -> None:
    charges = [HOURS, over("maximum", amount="100")]
    assert minors(run(charges, used("0"))) == [0]
    assert minors(run(charges, used("100"))) == [10000]
    period = run(charges, used("130"))
    assert minors(period) == [13000, -3000]
    assert (period.lines[-1].quantity, period.lines[-1].unit_price) == (-1, 30)


def test_a_part_of_the_period_owes_its_share_of_the_days() -> None:
    third = ServiceDays(30, 10)
    assert minors(run([HOURS, over("minimum", amount="100")], used("1"), days=third))[-1] == 3233
    whole = over("minimum", amount="100", proration="none")
    assert minors(run([HOURS, whole], used("1"), days=third))[-1] == 9900
    capped = [HOURS, over("maximum", amount="100")]
    assert minors(run(capped, used("40"), days=third)) == [4000, -667]
    assert minors(run([over("minimum", amount="100")], days=ServiceDays(30, 0))) == []


@given(st.decimals(0, 300, places=4), st.integers(0, 100), st.integers(100, 200))
def test_the_net_lies_between_minimum_and_maximum(used_: Decimal, least: int, most: int) -> None:
    charges = [
        HOURS,
        over("minimum", "least", amount=str(least)),
        over("maximum", "most", amount=str(most)),
    ]
    assert least * 100 <= run(charges, used(str(used_))).net.minor <= most * 100


def in_year(closes: bool, days: ServiceDays = YEAR, **net_minor: int) -> Circumstances:
    return Circumstances(year=ContractYear(closes, days, net_minor))


def test_a_yearly_minimum_is_trued_up_in_the_last_period() -> None:
    charges = [HOURS, over("yearly_minimum", amount="1200")]
    assert minors(run(charges, used("10"), around=in_year(False))) == [1000]
    assert minors(run(charges, used("10"), around=in_year(True))) == [1000, 119000]
    nearly = in_year(True, use=118999, other=0)
    assert minors(run(charges, used("10"), around=nearly)) == [1000, 1]
    assert minors(run(charges, used("10"), around=in_year(True, use=119000))) == [1000]
    assert minors(run(charges, used("0"), around=in_year(True))) == [0, 120000]
    line = run(charges, used("10"), around=nearly).lines[-1]
    assert sentences(line, "en")[:3] == [
        "Contract year before this period: 1,189.99\u00a0EUR.",
        "Net of Use: 10.00\u00a0EUR.",
        "Minimum 1,200.00\u00a0EUR − 1,199.99\u00a0EUR = 0.01\u00a0EUR.",
    ]


def test_a_yearly_minimum_counts_what_it_names_and_its_part_of_the_year() -> None:
    named = [flat("49"), HOURS, over("yearly_minimum", amount="1200", of=["use"])]
    around = in_year(True, use=10000, base=50000)
    assert minors(run(named, used("0"), around=around))[-1] == 110000
    # An earlier true-up of its own is never counted.
    alone = [HOURS, over("yearly_minimum", amount="1200")]
    assert minors(run(alone, used("0"), around=in_year(True, over=99999)))[-1] == 120000
    half = in_year(True, ServiceDays(364, 182))
    assert minors(run(alone, used("0"), around=half))[-1] == 60000


def test_without_the_year_a_yearly_minimum_is_refused() -> None:
    with pytest.raises(PricingError, match="no_contract_year"):
        run([HOURS, over("yearly_minimum", amount="1")], used("1"))


BANDS = [
    {"from": "0", "effect": "malus", "percent": "20"},
    {"from": "95", "effect": "malus", "amount": "5"},
    {"from": "98", "effect": "none"},
    {"from": "99.5", "effect": "bonus", "percent": "2"},
]


def availability(*measured: AssetUsage, **more: Any) -> list[int]:
    charge = over("availability", meter="up", unit="%", bands=BANDS, **more)
    value = plan(flat("100"), HOURS, charge)
    usage = {"m": [used("10", item.asset_id.removeprefix("ast_")) for item in measured]}
    period = price(value, {**usage, "up": list(measured)}, WHOLE_MONTH)
    for line in period.lines:
        assert line.unit_price >= 0
        assert line.amount == line.quantity * line.unit_price + line.flat
    return minors(period)[1 + len(measured) :]


@pytest.mark.parametrize(
    ("percent", "expected"),
    [("0", [-2200]), ("94.99", [-2200]), ("95", [-500]), ("97.999", [-500]), ("98", [0]),
     ("99.49", [0]), ("99.5", [220]), ("100", [220])],
)  # fmt: skip
def test_a_band_holds_from_its_lower_edge(percent: str, expected: list[int]) -> None:
    assert availability(used(percent)) == expected


def test_the_mean_of_assets_or_each_on_its_own_lines() -> None:
    two = used("100"), used("90", "b")
    assert availability(*two) == [-500]  # the mean, 95
    assert availability(*two, pooling="each") == [20, -200]
    assert availability(*two, of=["base"], pooling="each") == [0, 0]


def test_what_is_not_measured_is_not_guessed() -> None:
    with pytest.raises(PricingError, match="nothing_measured"):
        availability()
    with pytest.raises(PricingError, match="not_a_percentage"):
        availability(used("100.1"))


def test_a_malus_says_its_band() -> None:
    charge = over("availability", meter="m", unit="%", bands=BANDS)
    line = run([flat("100"), charge], used("90")).lines[-1]
    assert (line.quantity, line.unit_price, line.net_minor) == (-1, 20, -2000)
    assert sentences(line, "de") == [
        "A: 90\u00a0% gemessen.",
        "90\u00a0% liegt im Band ab 0 %: ein Malus.",
        "Netto aus Base: 100,00\u00a0EUR.",
        "20 % von 100,00\u00a0EUR = 20,00\u00a0EUR.",
        "-20,00\u00a0EUR kaufmännisch gerundet auf -20,00\u00a0EUR.",
    ]
