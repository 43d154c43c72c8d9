from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.common.money import (
    CurrencyMismatch,
    Money,
    UnknownCurrency,
    allocate,
    format_money,
    format_unit_price,
    round_half_up,
    total,
)

weights = st.lists(
    st.one_of(st.integers(0, 10**6), st.decimals(0, 10**6, places=6)), min_size=1, max_size=12
).filter(any)


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("3.685", "EUR", 369),
        ("-3.685", "EUR", -369),
        ("3.6849999999999999999999999999999999", "EUR", 368),
        ("0.5", "JPY", 1),
        ("0.4999", "JPY", 0),
        ("1.0005", "TND", 1001),
        ("0", "EUR", 0),
    ],
)
def test_rounding_is_half_up_to_the_minor_unit(amount: str, currency: str, minor: int) -> None:
    assert round_half_up(Decimal(amount), currency) == Money(minor, currency)


def test_55_units_at_0_067() -> None:
    assert round_half_up(55 * Decimal("0.067"), "EUR").to_decimal() == Decimal("3.69")


def test_two_currencies_never_meet() -> None:
    euro, yen = Money(100, "EUR"), Money(100, "JPY")
    for meet in (lambda: euro + yen, lambda: euro - yen, lambda: euro < yen, lambda: euro >= yen):
        with pytest.raises(CurrencyMismatch):
            meet()
    assert euro != yen


def test_money_is_whole_minor_units_of_a_known_currency() -> None:
    with pytest.raises(UnknownCurrency):
        Money(1, "XXX")
    with pytest.raises(TypeError):
        Money(True, "EUR")
    with pytest.raises(TypeError):
        Money(1.0, "EUR")  # type: ignore[arg-type]


def test_arithmetic_and_text() -> None:
    assert Money(369, "EUR") + Money(31, "EUR") - Money(500, "EUR") == Money(-100, "EUR")
    assert -Money(5, "EUR") == Money(-5, "EUR")
    assert total([Money(1, "EUR"), Money(2, "EUR")], "EUR") == Money(3, "EUR")
    assert str(Money(1001, "TND")) == "1.001 TND"
    assert str(Money(7, "JPY")) == "7 JPY"


def test_formatting_by_language() -> None:
    money = Money(-123456789, "EUR")
    assert format_money(money, "de") == "-1.234.567,89\u00a0EUR"
    assert format_money(money, "en-gb") == "-1,234,567.89\u00a0EUR"
    assert format_money(Money(1000, "JPY"), "de") == "1.000\u00a0JPY"


@pytest.mark.parametrize(
    ("value", "currency", "language", "shown"),
    [
        ("1.2", "EUR", "en", "1.20\u00a0EUR"), ("350", "EUR", "en", "350.00\u00a0EUR"),
        ("0.067", "EUR", "de", "0,067\u00a0EUR"), ("1234.5", "EUR", "de", "1.234,50\u00a0EUR"),
        ("0", "EUR", "en", "0.00\u00a0EUR"), ("12", "JPY", "en", "12\u00a0JPY"),
        ("1.50000", "TND", "en", "1.500\u00a0TND"),
    ],
)  # fmt: skip
def test_a_unit_price_has_at_least_the_minor_digits(
    value: str, currency: str, language: str, shown: str
) -> None:
    assert format_unit_price(Decimal(value), currency, language) == shown


def test_three_equal_shares_of_ten_cents() -> None:
    assert allocate(10, [1, 1, 1]) == [4, 3, 3]
    assert allocate(-10, [1, 1, 1]) == [-4, -3, -3]


def test_zero_weight_gets_nothing_and_nobody_is_an_error() -> None:
    assert allocate(5, [0, 1, 0]) == [0, 5, 0]
    assert allocate(0, [0, 0]) == [0, 0]
    for total_minor, bad in ((1, [0, 0]), (1, []), (1, [2, -1])):
        with pytest.raises(ValueError, match="weight"):
            allocate(total_minor, bad)


@given(st.integers(-(10**12), 10**12), weights)
def test_parts_sum_to_the_whole_and_are_symmetric(
    total_minor: int, parts: list[Decimal | int]
) -> None:
    shares = allocate(total_minor, parts)
    assert sum(shares) == total_minor
    assert allocate(-total_minor, parts) == [-share for share in shares]
    assert all(not share for share, weight in zip(shares, parts, strict=True) if not weight)


@given(st.integers(0, 10**9), st.integers(1, 20))
def test_equal_weights_differ_by_one_unit_at_most_and_earlier_get_more(
    total_minor: int, count: int
) -> None:
    shares = allocate(total_minor, [1] * count)
    assert max(shares) - min(shares) <= 1
    assert shares == sorted(shares, reverse=True)
