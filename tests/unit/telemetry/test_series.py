"""Aggregates of levels: worked numbers, edges of periods, and that adjoining periods add up."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.common.period import Period
from apps.telemetry.domain.belief import Reading
from apps.telemetry.domain.series import (
    EdgeRule,
    edge_count,
    entries,
    held_values,
    highest,
    integral,
    known_time,
    last_value,
    lowest,
    mean,
    time_above,
    time_below,
    time_in_state,
)

START = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = Period(START, START + 24 * HOUR)


def at(hours: float, value: str | int) -> Reading:
    return Reading(START + hours * HOUR, Decimal(value))


def test_a_gauge_carried_into_its_day() -> None:
    held = held_values([at(-2, 10), at(6, 20), at(18, 5)], DAY)
    assert [(item.duration, item.value) for item in held] == [
        (6 * HOUR, 10), (12 * HOUR, 20), (6 * HOUR, 5),
    ]  # fmt: skip
    assert (last_value(held), highest(held), lowest(held)) == (5, 20, 5)
    assert mean(held) == Decimal("13.75")
    assert time_above(held, Decimal(10)) == 12 * HOUR
    assert time_below(held, Decimal(10)) == 6 * HOUR
    assert integral(held) == (60 + 240 + 30) * 3600


def test_a_mean_that_does_not_end_is_rounded_half_up() -> None:
    held = held_values([at(0, 1), at(8, 0)], DAY)
    assert mean(held) == Decimal("0.333333333333")
    assert mean(held_values([at(0, 2), at(8, 0)], DAY)) == Decimal("0.666666666667")


def test_a_value_holds_no_longer_than_said() -> None:
    held = held_values([at(-2, 10), at(6, 20)], DAY, 3 * HOUR)
    assert [(item.start, item.end) for item in held] == [
        (START, START + HOUR), (START + 6 * HOUR, START + 9 * HOUR),
    ]  # fmt: skip
    assert known_time(held) == 4 * HOUR
    assert mean(held) == Decimal("17.5")
    assert held_values([at(-5, 10)], DAY, 3 * HOUR) == []


def test_nothing_known_is_no_value_not_zero() -> None:
    assert held_values([], DAY) == []
    assert (last_value([]), highest([]), lowest([]), mean([])) == (None, None, None, None)
    assert (known_time([]), integral([])) == (timedelta(0), 0)


def test_a_reading_at_an_edge_belongs_to_the_period_that_begins_there() -> None:
    readings = [at(0, 1), at(24, 9)]
    assert highest(held_values(readings, DAY)) == 1
    following = Period(DAY.end, DAY.end + 24 * HOUR)
    assert lowest(held_values(readings, following)) == 9


def test_states() -> None:
    readings = [at(-1, 1), at(2, 0), at(3, 1), at(4, 1), at(10, 2), at(12, 1)]
    held = held_values(readings, DAY)
    assert time_in_state(held, Decimal(1)) == (2 + 7 + 12) * HOUR
    assert entries(readings, DAY, Decimal(1)) == 2
    assert entries(readings, DAY, Decimal(2)) == 1
    assert entries([at(3, 1)], DAY, Decimal(1)) == 0  # the very first reading enters nothing


@pytest.mark.parametrize(
    ("values", "armed", "count", "left"),
    [
        ([0, 11, 0, 11], False, 2, False),
        ([11, 12, 13], False, 0, False),  # never seen low
        ([11, 12, 13], True, 1, False),
        ([0, 11, 9, 11, 8, 11], False, 2, False),  # 9 is above 10 - 2
        ([0, 10, 0], False, 0, True),  # 10 is not over 10
    ],
)
def test_edges_with_hysteresis(values: list[int], armed: bool, count: int, left: bool) -> None:
    readings = [at(number, value) for number, value in enumerate(values)]
    rule = EdgeRule(Decimal(10), Decimal(2))
    assert edge_count(readings, DAY, rule, armed) == (count, left)


def test_a_hysteresis_is_not_negative() -> None:
    with pytest.raises(ValueError, match="hysteresis"):
        EdgeRule(Decimal(1), Decimal(-1))


_SERIES = st.lists(
    st.tuples(st.integers(0, 2 * 86_400_000_000), st.integers(-3, 3)),
    max_size=30, unique_by=lambda item: item[0],
).map(
    lambda rows: [
        Reading(START + timedelta(microseconds=micros), Decimal(value) / 4)
        for micros, value in sorted(rows)
    ]
)  # fmt: skip
_CUTS = st.lists(st.integers(1, 2 * 86_400_000_000 - 1), max_size=4, unique=True)
_HOLD = st.one_of(st.none(), st.integers(1, 86_400).map(lambda n: timedelta(seconds=n)))


def _periods(cuts: Sequence[int]) -> list[Period]:
    ends = [START, *(START + timedelta(microseconds=cut) for cut in sorted(cuts))]
    return [Period(*pair) for pair in zip(ends, [*ends[1:], START + 48 * HOUR], strict=True)]


@given(_SERIES, _CUTS, _HOLD)
def test_adjoining_periods_add_up_exactly(
    readings: list[Reading], cuts: list[int], hold: timedelta | None
) -> None:
    whole, parts = _periods([])[0], _periods(cuts)
    all_of = held_values(readings, whole, hold)
    each = [held_values(readings, part, hold) for part in parts]
    assert sum((integral(held) for held in each), Decimal(0)) == integral(all_of)
    for level in (Decimal(0), Decimal("0.25")):
        for measure in (time_above, time_below, time_in_state):
            together = sum((measure(held, level) for held in each), timedelta(0))
            assert together == measure(all_of, level)
        assert sum(entries(readings, part, level) for part in parts) == entries(
            readings, whole, level
        )
        assert time_above(all_of, level) + time_below(all_of, level) + time_in_state(
            all_of, level
        ) == known_time(all_of)


@given(_SERIES, _CUTS, st.integers(0, 3))
def test_edges_of_adjoining_periods_add_up(
    readings: list[Reading], cuts: list[int], hysteresis: int
) -> None:
    rule = EdgeRule(Decimal(0), Decimal(hysteresis) / 4)
    total, armed = 0, False
    for part in _periods(cuts):
        within = [reading for reading in readings if reading.measured_at in part]
        count, armed = edge_count(within, part, rule, armed)
        total += count
    assert (total, armed) == edge_count(readings, _periods([])[0], rule)


@given(_SERIES, _CUTS)
def test_extremes_of_the_parts_are_those_of_the_whole(
    readings: list[Reading], cuts: list[int]
) -> None:
    each = [held_values(readings, part) for part in _periods(cuts)]
    whole = held_values(readings, _periods([])[0])
    highs = [value for held in each if (value := highest(held)) is not None]
    lows = [value for held in each if (value := lowest(held)) is not None]
    assert max(highs, default=None) == highest(whole)
    assert min(lows, default=None) == lowest(whole)
