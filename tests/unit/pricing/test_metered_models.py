"""Volume, package, stairstep, included quantities: exact values, edges, zero, refusals."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.pricing.explain import sentences
from apps.pricing.values import PricingError, ServiceDays
from tests.unit.pricing.plans import metered, minors, run, tiers, used

VOLUME = metered("volume", tiers=tiers(("10", "1"), ("100", "0.5", "2"), (None, "0.25")))
PACKAGE = metered("package", size="100", unit_price="5")
STAIRS = metered(
    "stairstep",
    tiers=[
        {"up_to": "10", "amount": "20"},
        {"up_to": "100", "amount": "50"},
        {"up_to": None, "amount": "90"},
    ],
)
quantities = st.decimals(0, 10**6, places=6)


@pytest.mark.parametrize(
    ("quantity", "minor"),
    [("0", 0), ("10", 1000), ("10.5", 725), ("100", 5200), ("100.01", 2500), ("1000", 25000)],
)
def test_the_whole_volume_costs_the_price_of_its_tier(quantity: str, minor: int) -> None:
    (line,) = run([VOLUME], used(quantity)).lines
    assert (line.net_minor, line.quantity) == (minor, Decimal(quantity))
    assert line.key == ("use", None, "ast_a")


def test_a_correction_that_crosses_a_tier_is_the_difference_of_two_lines_of_one_name() -> None:
    (billed,) = run([VOLUME], used("10.5")).lines
    (right,) = run([VOLUME], used("9.5")).lines
    assert billed.key == right.key
    assert right.net_minor - billed.net_minor == 950 - 725
    graduated = metered("graduated", tiers=tiers(("10", "1"), (None, "0.5")))
    first = {line.key: line.net_minor for line in run([graduated], used("10.5")).lines}
    again = {line.key: line.net_minor for line in run([graduated], used("9.5")).lines}
    keys = [*first, *(key for key in again if key not in first)]
    assert [again.get(key, 0) - first.get(key, 0) for key in keys] == [-50, -25]


@pytest.mark.parametrize(
    ("quantity", "count"),
    [("0", 0), ("0.000000000001", 1), ("99.9", 1), ("100", 1), ("100.000000000001", 2),
     ("999999999999999999", 10**16)],
)  # fmt: skip
def test_every_begun_package_is_paid(quantity: str, count: int) -> None:
    (line,) = run([PACKAGE], used(quantity)).lines
    assert (line.quantity, line.net_minor, line.unit) == (count, count * 500, "1")


def test_a_package_that_does_not_divide() -> None:
    third = metered("package", size="0.3", unit_price="1")
    assert [run([third], used(text)).lines[0].quantity for text in ("0.3", "0.9", "1")] == [1, 3, 4]


@pytest.mark.parametrize(
    ("quantity", "minor"),
    [("0", 0), ("0.01", 2000), ("10", 2000), ("10.5", 5000), ("100", 5000), ("101", 9000)],
)
def test_a_step_costs_its_amount_whatever_lies_in_it(quantity: str, minor: int) -> None:
    (line,) = run([STAIRS], used(quantity)).lines
    assert (line.net_minor, line.quantity) == (minor, 1 if minor else 0)


def test_included_is_taken_off_before_anything_is_priced() -> None:
    charge = metered("per_unit", unit_price="0.067", included="1000")
    assert minors(run([charge], used("1055"))) == [369]
    assert minors(run([charge], used("1000"), used("0", "b"))) == [0, 0]
    (line,) = run([charge], used("400")).lines
    assert (line.quantity, line.net_minor) == (0, 0)
    pooled = {**charge, "pooling": "pooled"}
    assert minors(run([pooled], used("600"), used("455", "b"))) == [369]
    volume = {**VOLUME, "included": "5"}
    assert minors(run([volume], used("15"))) == [1000]
    assert minors(run([{**PACKAGE, "included": "50"}], used("150"))) == [500]
    assert minors(run([{**STAIRS, "included": "10"}], used("10"))) == [0]


def test_included_follows_the_covered_days() -> None:
    charge = metered("per_unit", unit_price="1", included="31")
    (line,) = run([charge], used("15"), days=ServiceDays(31, 10)).lines
    assert line.quantity == 5
    assert sentences(line, "en")[1:3] == [
        "Included: 31\u00a0h × 10 of 31 days = 10\u00a0h, to 12 decimals, half up.",
        "10\u00a0h are included; 5\u00a0h remain.",
    ]
    third = {**charge, "included": "1"}
    (line,) = run([third], used("1"), days=ServiceDays(30, 10)).lines
    assert line.quantity == Decimal("0.666666666667")


@pytest.mark.parametrize("charge", [VOLUME, PACKAGE, STAIRS], ids=lambda item: str(item["model"]))
def test_negative_usage_is_refused_and_none_at_all_is_zero(charge: dict[str, Any]) -> None:
    with pytest.raises(PricingError, match="negative_usage"):
        run([charge], used("-0.1"))
    assert minors(run([charge])) == []
    assert minors(run([{**charge, "pooling": "pooled"}])) == [0]


def test_currencies_without_and_with_three_decimals() -> None:
    charge = metered("volume", tiers=tiers((None, "0.0005")))
    assert minors(run([charge], used("1"), currency="TND")) == [1]
    assert minors(run([charge], used("1000"), currency="JPY")) == [1]


@given(quantities, quantities)
def test_packages_and_steps_never_fall(a: Decimal, b: Decimal) -> None:
    low, high = sorted((a, b))
    for charge in (PACKAGE, STAIRS):
        first, second = (run([charge], used(str(item))).net.minor for item in (low, high))
        assert first <= second


@given(quantities)
def test_graduated_over_a_split_is_volume_tier_by_tier(quantity: Decimal) -> None:
    """What graduated charges is volume of each tier's own part."""
    edges = [("10", "1"), ("100", "0.5"), (None, "0.25")]
    whole = run([metered("graduated", tiers=tiers(*edges))], used(str(quantity)))
    lower, sums = Decimal(0), []
    for edge, unit_price in edges:
        upper = quantity if edge is None else min(quantity, Decimal(edge))
        if upper > lower or not sums:
            part = metered("volume", tiers=tiers((None, unit_price)))
            sums += minors(run([part], used(str(upper - lower))))
        lower = Decimal(edge or 0)
    assert minors(whole) == sums


def test_a_whole_tier_is_told_in_both_languages() -> None:
    (line,) = run([VOLUME], used("10.5")).lines
    assert sentences(line, "en")[1:4] == [
        "Tier 2, above 10 up to 100, holds the whole 10.5\u00a0h.",
        "10.5\u00a0h × 0.50\u00a0EUR = 5.25\u00a0EUR.",
        "Fixed amount of tier 2: 2.00\u00a0EUR.",
    ]
    (line,) = run([VOLUME], used("101")).lines
    assert sentences(line, "de")[1] == "Stufe 3, über 100, gilt für die ganzen 101\u00a0h."
    (line,) = run([PACKAGE], used("101")).lines
    assert sentences(line, "en")[1:3] == [
        "101\u00a0h in packages of 100\u00a0h: 2 begun.",
        "2 × 5.00\u00a0EUR = 10.00\u00a0EUR.",
    ]
    (line,) = run([STAIRS], used("101")).lines
    assert sentences(line, "de")[1] == "101\u00a0h erreichen Stufe 3, über 100: 90,00\u00a0EUR."
