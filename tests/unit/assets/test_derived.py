"""What a derived channel may be made of, and why something is refused, with its place."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.assets.domain.derived import (
    BadDefinition,
    Derivation,
    SeriesFunction,
    depths_of,
    in_force,
    parse_definition,
)
from apps.assets.domain.derived_units import Measured, judge_definition, ratio_of

OTHERS = {
    "current": Measured("gauge", "A"),
    "power": Measured("gauge", "W"),
    "flow": Measured("gauge", "L/min"),
    "speed": Measured("gauge", "km/h"),
    "north": Measured("gauge", "deg"),
    "east": Measured("gauge", "deg"),
    "heat": Measured("gauge", "Cel"),
    "litres": Measured("delta", "L"),
    "pulses": Measured("counter", "{pulse}"),
}


def function(text: str) -> SeriesFunction:
    found = parse_definition(text)
    assert isinstance(found, SeriesFunction)
    return found


def test_a_function_has_channels_numbers_and_usual_values() -> None:
    assert function(" time_above( current , 1.5 ) ").numbers == {"level": Decimal("1.5")}
    assert function("edges(current, level=1, hysteresis=0.2)").numbers == {
        "level": 1, "hysteresis": Decimal("0.2"),
    }  # fmt: skip
    way = function("distance(north, east)")
    assert (way.inputs, way.numbers) == (("north", "east"), {"fastest": 70, "least_step": 25})


def test_what_is_no_function_is_a_formula() -> None:
    assert parse_definition("current * 2 + or_else(power, 0)").inputs == ("current", "power")


@pytest.mark.parametrize(
    ("text", "reason", "position"),
    [
        ("time_above(current)", "too_few_values", 19),
        ("time_above(current, 1, 2)", "too_many_values", 24),
        ("time_above(current, warm)", "no_number", 21),
        ("time_above(Current, 1)", "no_code", 12),
        ("edges(current, 1, slack=2)", "unknown_value", 19),
        ("edges(current, 1, level=2)", "given_twice", 19),
        ("edges(current, 1, hysteresis=-1)", "number_too_low", 1),
        ("runs(current, 1, -1)", "number_too_low", 1),
        ("runs(current, 1)", "too_few_values", 16),
        ("distance(north, east, fastest=0)", "number_too_low", 1),
        ("distance(north)", "too_few_values", 15),
        ("current * ", "formula:unfinished", 11),
        ("__import__('os')", "formula:bad_character", 1),
        ("time_above(current, 1) + 1", "formula:unknown_function", 1),
        ("x" * 1001, "formula:too_long", 1001),
    ],
)
def test_a_bad_definition_is_refused_with_its_place(text: str, reason: str, position: int) -> None:
    with pytest.raises(BadDefinition) as bad:
        parse_definition(text)
    assert (bad.value.reason, bad.value.position) == (reason, position)


@pytest.mark.parametrize(
    ("text", "kind", "unit", "reason"),
    [
        ("time_above(current, 1)", "counter", "h", "wrong_kind_function"),
        ("time_above(current, 1)", "delta", "km", "wrong_unit"),
        ("edges(current, 1)", "delta", "h", "wrong_unit"),
        ("integral(power)", "delta", "L", "wrong_unit"),
        ("integral(heat)", "delta", "kW.h", "wrong_unit"),
        ("distance(north, current)", "delta", "km", "wrong_unit"),
        ("distance(north, east)", "delta", "h", "wrong_unit"),
        ("time_above(litres, 1)", "delta", "h", "wrong_input"),
        ("litres * 2", "gauge", "L", "wrong_input"),
        ("current * 2", "delta", "A", "wrong_kind_formula"),
        ("voltage * 2", "gauge", "V", "unknown_code"),
        ("current+power+flow+speed+north+east+heat+pulses+litres", "gauge", "1", "too_many_inputs"),
    ],
)
def test_kind_and_unit_have_to_fit(text: str, kind: str, unit: str, reason: str) -> None:
    with pytest.raises(BadDefinition) as bad:
        judge_definition(parse_definition(text), Measured(kind, unit), OTHERS)
    assert bad.value.reason == reason


@pytest.mark.parametrize(
    ("text", "unit", "amount", "expected"),
    [
        ("time_above(current, 1)", "h", 5400, "1.5"),
        ("integral(power)", "kW.h", 3_600_000, "1"),  # 1,000 W for an hour
        ("integral(current)", "A.h", 7200, "2"),
        ("integral(flow)", "m3", 60_000, "1"),  # 1,000 l/min for a minute
        ("integral(speed)", "km", 360_000, "100"),  # 100 km/h for an hour
        ("distance(north, east)", "km", 185, "0.185"),
        ("edges(current, 1)", "{start}", 3, "3"),
    ],
)
def test_amounts_become_the_channels_unit(text: str, unit: str, amount: int, expected: str) -> None:
    ratio = ratio_of(function(text), Measured("delta", unit), OTHERS)
    assert amount * ratio.times / ratio.parts == Decimal(expected)


def test_circles_and_long_chains_are_refused() -> None:
    chain = {"a": [], "b": ["a"], "c": ["b"], "d": ["c"], "e": ["d", "a"]}
    assert depths_of(chain) == {"a": 0, "b": 1, "c": 2, "d": 3, "e": 4}
    with pytest.raises(BadDefinition) as bad:
        depths_of({**chain, "f": ["e"]})
    assert (bad.value.reason, bad.value.code) == ("too_deep", "f")
    with pytest.raises(BadDefinition) as bad:
        depths_of({"a": ["b"], "b": ["c"], "c": ["a"]})
    assert bad.value.params == {"circle": "a → b → c → a"}
    with pytest.raises(BadDefinition):
        depths_of({"a": ["a"]})


def test_a_version_holds_until_the_next_one() -> None:
    first, second = Derivation("current * 2"), Derivation("current * 3", since=date(2026, 3, 2))
    assert in_force([first, second], date(2026, 3, 1)) == first
    assert in_force([first, second], date(2026, 3, 2)) == second
    assert in_force([second], date(2026, 3, 1)) is None


@given(
    st.sampled_from(("current * 2", "time_above(current, 1)")),
    st.decimals("0.000000000001", 1000, places=12), st.integers(1, 86_400),
    st.none() | st.dates(date(2020, 1, 1)),
)  # fmt: skip
def test_what_is_written_is_read_again(
    text: str, step: Decimal, seconds: int, since: date | None
) -> None:
    item = Derivation(text, step, timedelta(seconds=seconds), since)
    assert Derivation.from_dict(item.to_dict()) == item
