"""A derived day is a function of its inputs: parts add up, rounding does not creep."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from apps.assets.domain.derived import Derivation, SeriesFunction
from apps.assets.domain.derived_units import Measured, Ratio, ratio_of
from apps.common.formula_nodes import rounded_to_step
from apps.telemetry.domain.belief import Reading
from apps.telemetry.domain.deriving import derive_day

DAY = date(2026, 3, 14)
MIDNIGHT = datetime(2026, 3, 14, tzinfo=UTC)
OTHERS = {"current": Measured("gauge", "A"), "power": Measured("gauge", "kW")}
MOMENTS = st.dictionaries(st.integers(-1800, 86_400), st.integers(-3, 9), max_size=40)


def readings(values: dict[int, int]) -> list[Reading]:
    """Seconds after midnight → value; of those at or before it only the last."""
    found = [
        Reading(MIDNIGHT + timedelta(seconds=second), Decimal(values[second]))
        for second in sorted(values)
    ]
    before = [item for item in found if item.measured_at <= MIDNIGHT]
    return [*before[-1:], *(item for item in found if item.measured_at > MIDNIGHT)]


def ratio(text: str, unit: str) -> Ratio:
    definition = Derivation(text).definition
    assert isinstance(definition, SeriesFunction)
    return ratio_of(definition, Measured("delta", unit), OTHERS)


@given(MOMENTS, st.integers(1, 7200))
def test_quarter_hours_add_up_to_the_day(values: dict[int, int], hold: int) -> None:
    """Against every second of the day asked one by one in steps of its own."""
    item = Derivation("time_above(current, 1)", Decimal("0.01"), timedelta(seconds=hold))
    inputs = {"current": readings(values)}
    day = derive_day(item, DAY, inputs, ratio(item.text, "h"), {})
    held = inputs["current"]
    seconds = 0
    for place, reading in enumerate(held):
        until = reading.measured_at + timedelta(seconds=hold)
        if place + 1 < len(held):
            until = min(until, held[place + 1].measured_at)
        start, end = max(reading.measured_at, MIDNIGHT), min(until, MIDNIGHT + timedelta(days=1))
        if reading.value > 1 and start < end:
            seconds += int((end - start).total_seconds())
    expected = rounded_to_step(Decimal(seconds) / 3600, Decimal("0.01"))
    assert sum((row.value for row in day.readings), Decimal(0)) == expected
    assert all(row.value >= 0 for row in day.readings)
    assert all(row.measured_at.minute % 15 == 0 for row in day.readings)


@given(MOMENTS)
def test_an_integral_counts_what_is_above_zero(values: dict[int, int]) -> None:
    text = "integral(power)"
    whole = derive_day(Derivation(text), DAY, {"power": readings(values)}, ratio(text, "kW.h"), {})
    above = {second: max(value, 0) for second, value in values.items()}
    again = derive_day(Derivation(text), DAY, {"power": readings(above)}, ratio(text, "kW.h"), {})
    assert whole == again


def test_a_division_by_zero_and_a_missing_input_give_no_value() -> None:
    item = Derivation("power / current", Decimal("0.1"))
    current = readings({60: 2, 120: 0, 180: 3})
    power = readings({90: 5})
    day = derive_day(item, DAY, {"current": current, "power": power}, None, {})
    assert [(row.measured_at - MIDNIGHT, row.value) for row in day.readings] == [
        (timedelta(seconds=90), Decimal("2.5")), (timedelta(seconds=180), Decimal("1.7")),
    ]  # fmt: skip
    stated = Derivation("or_else(power / current, -1)", Decimal("0.1"))
    values = derive_day(stated, DAY, {"current": current, "power": power}, None, {}).readings
    assert [row.value for row in values] == [-1, Decimal("2.5"), -1, Decimal("1.7")]


def test_entries_look_back_over_midnight() -> None:
    text = "entries(current, 1)"
    inputs = {"current": readings({-600: 0, 60: 1, 120: 1, 180: 2, 86_400: 1})}
    day = derive_day(Derivation(text), DAY, inputs, ratio(text, "1"), {})
    assert [(row.measured_at, row.value) for row in day.readings] == [(MIDNIGHT, 1)]


def test_a_run_over_midnight_is_one() -> None:
    text = "runs(current, 1, 1800)"
    evening = readings({3600: 0, 86_400 - 600: 5})
    first = derive_day(Derivation(text), DAY, {"current": evening}, ratio(text, "1"), {})
    assert [row.value for row in first.readings] == [1]
    handed_on = json.loads(json.dumps(first.carry))
    morning = [
        Reading(item.measured_at + timedelta(days=1), item.value)
        for item in readings({-600: 5, 300: 0, 900: 5, 7200: 0, 9000: 5})
    ]
    later = DAY + timedelta(days=1)
    second = derive_day(Derivation(text), later, {"current": morning}, ratio(text, "1"), handed_on)
    used = [(row.measured_at - MIDNIGHT, row.value) for row in second.readings]
    assert used == [(timedelta(days=1, hours=2, minutes=30), 1)]
