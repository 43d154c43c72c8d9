from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.common.quantity import (
    BadValue,
    add,
    bounded,
    canonical,
    divide,
    format_quantity,
    multiply,
    parse_decimal,
    subtract,
)

values = st.decimals(
    min_value=Decimal("-999999999999999999"),
    max_value=Decimal("999999999999999999"),
    places=12,
    allow_nan=False,
    allow_infinity=False,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", "0"), ("-0", "0"), ("-0.000", "0"), ("1.50", "1.5"), ("+.5", "0.5"), ("5.", "5"),
        ("1e5", "100000"), ("-1E5", "-100000"), ("1e-12", "0.000000000001"), ("0e40", "0"),
        ("999999999999999999.999999999999", "999999999999999999.999999999999"),
        ("0000000000000000000000001", "1"), ("1.000000000000000", "1"), (12, "12"),
        (Decimal("1E+3"), "1000"), (Decimal("0.10"), "0.1"),
    ],
)  # fmt: skip
def test_accepted(text: object, expected: str) -> None:
    value = parse_decimal(text)
    assert canonical(value) == expected == f"{value:f}"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not_a_number"), (" 1", "not_a_number"), ("1\n", "not_a_number"),
        ("NaN", "not_a_number"), ("sNaN", "not_a_number"), ("Infinity", "not_a_number"),
        ("-inf", "not_a_number"), ("1_000", "not_a_number"), ("1,5", "not_a_number"),
        ("0x10", "not_a_number"), ("٣", "not_a_number"), ("１", "not_a_number"),
        ("1e", "not_a_number"), (".", "not_a_number"), ("e5", "not_a_number"),
        ("--1", "not_a_number"), (True, "not_a_number"), (1.5, "not_a_number"),
        (None, "not_a_number"), (b"1", "not_a_number"), (Decimal("NaN"), "not_a_number"),
        ("1E+1000000", "exponent_too_large"), ("1e999", "exponent_too_large"),
        ("1e-999999999999", "exponent_too_large"), ("1e41", "exponent_too_large"),
        ("1e18", "too_large"), ("1000000000000000000", "too_large"), (10**400, "too_large"),
        (-(10**18), "too_large"), ("1e-13", "too_precise"), ("0.0000000000001", "too_precise"),
        ("9" * 65, "too_long"),
    ],
)  # fmt: skip
def test_refused_with_a_reason(text: object, reason: str) -> None:
    with pytest.raises(BadValue) as refused:
        parse_decimal(text)
    assert refused.value.reason == reason


@given(values)
def test_the_canonical_text_comes_back_as_the_same_value(value: Decimal) -> None:
    assert parse_decimal(canonical(value)) == value
    assert canonical(parse_decimal(str(value))) == canonical(value)


@given(st.text("0123456789.eE+-_ NaInfx٣１,", max_size=30))
def test_any_text_is_a_bounded_value_or_a_refusal(text: str) -> None:
    try:
        value = parse_decimal(text)
    except BadValue:
        return
    assert value.is_finite()
    assert abs(value) < 10**18
    assert -int(value.as_tuple().exponent) <= 12


@given(values, values)
def test_arithmetic_is_exact_whatever_the_context(a: Decimal, b: Decimal) -> None:
    with localcontext(prec=3):
        summed, difference, product = add(a, b), subtract(a, b), multiply(a, b)
    with localcontext(prec=200):
        assert (summed, difference, product) == (a + b, a - b, a * b)


def test_division_and_bounding() -> None:
    third = divide(Decimal(1), Decimal(3))
    assert bounded(third) == Decimal("0.333333333333")
    assert bounded(Decimal("0.0000000000005")) == Decimal("0.000000000001")
    with pytest.raises(BadValue):
        bounded(Decimal(10) ** 18)


def test_shown_in_both_languages() -> None:
    assert format_quantity(Decimal("1234567.500"), "de") == "1.234.567,5"
    assert format_quantity(Decimal("1234567.500"), "en") == "1,234,567.5"
    assert format_quantity(Decimal("1E+3"), "en") == "1,000"
