from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.common.money import Money, round_half_up
from apps.pricing.plan import price
from apps.pricing.values import AssetUsage, PricedPeriod, PricingError, ServiceDays
from tests.unit.pricing.plans import WHOLE_MONTH, flat, graduated, per_unit, plan, priced

TIERS = graduated(("10", "1"), (None, "0.5"))
quantities = st.decimals(0, 10**6, places=6)


def used(quantity: str, asset: str = "a", unit: str | None = None) -> AssetUsage:
    return AssetUsage(f"ast_{asset}", asset.upper(), Decimal(quantity), unit)


def minors(period: PricedPeriod) -> list[int]:
    return [line.net_minor for line in period.lines]


def test_55_at_0_067_is_3_69() -> None:
    (line,) = priced(per_unit(), used("55")).lines
    assert (line.amount, line.net) == (Decimal("3.685"), Money(369, "EUR"))
    assert line.key == ("km", None, "ast_a")


def test_each_asset_has_its_line_and_pooled_has_one() -> None:
    usage = used("55"), used("55", "b")
    assert minors(priced(per_unit(), *usage)) == [369, 369]
    (pooled,) = priced(per_unit(pooling="pooled"), *usage).lines
    assert (pooled.asset_id, pooled.quantity, pooled.net_minor) == (None, Decimal(110), 737)


def test_zero_usage_per_unit_is_a_line_of_zero() -> None:
    assert minors(priced(per_unit(), used("0"))) == [0]
    assert minors(priced(per_unit())) == []
    (pooled,) = priced(per_unit(pooling="pooled")).lines
    assert (pooled.quantity, pooled.net_minor) == (0, 0)


def test_zero_usage_with_a_flat_fee_bills_the_fee() -> None:
    both = plan(flat("49"), per_unit())
    period = price(both, {"km": [used("0")]}, WHOLE_MONTH)
    assert minors(period) == [4900, 0]
    assert period.net == Money(4900, "EUR")


def test_usage_in_another_unit_is_converted() -> None:
    (line,) = priced(per_unit(), used("10500", unit="m")).lines
    assert (line.quantity, line.net_minor) == (Decimal("10.5"), 70)
    with pytest.raises(PricingError, match="unit_mismatch"):
        priced(per_unit(), used("1", unit="h"))


def test_negative_usage_is_never_priced() -> None:
    for charge in (per_unit(), TIERS):
        with pytest.raises(PricingError, match="negative_usage"):
            priced(charge, used("-1"))


def test_currencies_without_and_with_three_decimals() -> None:
    assert priced(per_unit("0.5"), used("1"), currency="JPY").net == Money(1, "JPY")
    assert priced(per_unit("0.0005"), used("1"), currency="TND").net == Money(1, "TND")


@pytest.mark.parametrize(
    ("quantity", "expected"),
    [
        ("0", [("0", 0)]),
        ("9.99", [("9.99", 999)]),
        ("10", [("10", 1000)]),
        ("10.000000000001", [("10", 1000), ("0.000000000001", 0)]),
        ("10.5", [("10", 1000), ("0.5", 25)]),
        ("110", [("10", 1000), ("100", 5000)]),
    ],
)
def test_tiers_touch(quantity: str, expected: list[tuple[str, int]]) -> None:
    lines = priced(TIERS, used(quantity)).lines
    assert [(str(line.quantity), line.net_minor) for line in lines] == [
        (text if text != "0.000000000001" else "1E-12", minor) for text, minor in expected
    ]
    assert [line.tier for line in lines] == list(range(1, len(lines) + 1))


def test_a_tiers_flat_amount_is_due_above_its_lower_edge() -> None:
    tiers = graduated(("10", "1", "5"), (None, "0.5", "2"))
    assert minors(priced(tiers, used("0"))) == [0]
    assert minors(priced(tiers, used("0.01"))) == [501]
    assert minors(priced(tiers, used("10"))) == [1500]
    assert minors(priced(tiers, used("10.5"))) == [1500, 225]


def test_graduated_each_or_pooled() -> None:
    usage = used("8"), used("8", "b")
    assert minors(priced(TIERS, *usage)) == [800, 800]
    pooled = {**TIERS, "pooling": "pooled"}
    assert minors(priced(pooled, *usage)) == [1000, 300]
    assert minors(priced(pooled)) == [0]


@given(quantities, quantities)
def test_graduated_is_the_sum_of_its_parts_and_never_falls(a: Decimal, b: Decimal) -> None:
    tiers = graduated(("10", "1"), ("1000", "0.75"), (None, "0.25"))
    low, high = sorted((a, b))
    first, second = (priced(tiers, used(str(value))).lines for value in (low, high))
    assert sum(line.quantity for line in second) == high
    assert sum(line.amount for line in first) <= sum(line.amount for line in second)


@given(st.decimals(0, 10**5, places=12), quantities)
def test_every_line_is_its_amount_rounded_once(unit_price: Decimal, quantity: Decimal) -> None:
    for line in priced(per_unit(str(unit_price)), used(str(quantity))).lines:
        assert line.net == round_half_up(line.amount, "EUR")
        assert line.amount == line.quantity * line.unit_price + line.flat


@pytest.mark.parametrize(
    ("fee", "days", "minor"),
    [
        ("49", ServiceDays(31, 31), 4900),
        ("49", ServiceDays(31, 10), 1581),
        ("100", ServiceDays(28, 14), 5000),
        ("0.01", ServiceDays(30, 15), 1),
        ("0.01", ServiceDays(31, 15), 0),
    ],
)
def test_fee_by_days(fee: str, days: ServiceDays, minor: int) -> None:
    (line,) = priced(flat(fee), days=days).lines
    assert line.net_minor == minor
    assert (line.quantity, line.tier, line.asset_id) == (1, None, None)


def test_no_covered_day_no_fee() -> None:
    assert priced(flat(), days=ServiceDays(30, 0)).lines == ()
    for in_period, covered in ((30, 31), (0, 0), (30, -1)):
        with pytest.raises(PricingError):
            ServiceDays(in_period, covered)


def test_a_fee_in_advance_is_priced_on_the_days_of_the_next_period() -> None:
    value = plan(flat("31", timing="advance"), {**flat("31"), "code": "after"})
    period = price(value, {}, ServiceDays(31, 31), ServiceDays(31, 1))
    assert [(line.timing, line.net_minor) for line in period.lines] == [
        ("advance", 100),
        ("arrears", 3100),
    ]
    assert price(value, {}, ServiceDays(31, 31)).net.minor == 6200


@given(st.integers(1, 31), st.integers(1, 10**7))
def test_two_parts_of_a_period_differ_from_the_whole_by_one_cent_at_most(
    covered: int, cents: int
) -> None:
    fee = str(Decimal(cents) / 100)
    parts = [
        priced(flat(fee), days=ServiceDays(31, days)).net.minor for days in (covered, 31 - covered)
    ]
    assert abs(sum(parts) - cents) <= 1
