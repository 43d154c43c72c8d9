"""What contracts bill of gauges and states: worked numbers, edges, rounding, and that periods add up."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.common.period import Period
from apps.common.quantity import BadValue
from apps.telemetry.domain.belief import Reading
from apps.telemetry.domain.measures import (
    GAUGE_AGGREGATES,
    STATE_AGGREGATES,
    TIMES,
    WITH_VALUE,
    LevelMeasure,
    MeasuredUsage,
    measured_usage,
    readings_span,
    rounded_to,
)
from apps.telemetry.domain.series import (
    entries,
    held_values,
    highest,
    known_time,
    last_value,
    lowest,
    mean,
    time_above,
    time_below,
    time_in_state,
)

ZONE = "Europe/Berlin"
START = datetime(2026, 3, 27, 23, tzinfo=UTC)
HOUR = timedelta(hours=1)
# Three local days; the second has 23 hours.
SPAN = Period(START, START + 71 * HOUR)
EVERY = GAUGE_AGGREGATES + STATE_AGGREGATES


def at(hours: float, value: str | int) -> Reading:
    return Reading(START + hours * HOUR, Decimal(value))


def measure(aggregate: str, value: Any = None, hold: int = 3600, step: Any = None) -> LevelMeasure:
    if value is None and aggregate in WITH_VALUE:
        value = 1
    return LevelMeasure(
        aggregate, "1", hold, None if value is None else Decimal(value),
        None if step is None else Decimal(step),
    )  # fmt: skip


def found(readings: Sequence[Reading], wanted: LevelMeasure, span: Period = SPAN) -> MeasuredUsage:
    return measured_usage(readings, wanted, span, ZONE)


def test_worked_numbers_of_a_gauge() -> None:
    readings = [at(-2, 10), at(6, 20), at(18, 5), at(24, 8), at(71, 99)]
    span = Period(START, START + 24 * HOUR)
    day = 86_400
    assert found(readings, measure("mean", hold=day), span).quantity == Decimal("13.75")
    assert found(readings, measure("maximum", hold=day), span).quantity == 20
    assert found(readings, measure("minimum", hold=day), span).quantity == 5
    assert found(readings, measure("last", hold=day), span).quantity == 5
    assert found(readings, measure("time_above", 10, day), span).quantity == 12
    assert found(readings, measure("time_below", 10, day), span).quantity == 6


def test_a_state_over_three_days_one_of_them_short() -> None:
    readings = [at(-5, 1), at(2, 0), at(23, 1), at(50, 0)]
    answer = found(readings, measure("time_in", 1, 100 * 3600))
    assert answer.quantity == 2 + 27
    assert answer.daily == (
        (date(2026, 3, 28), Decimal(3)), (date(2026, 3, 29), Decimal(23)),
        (date(2026, 3, 30), Decimal(3)),
    )  # fmt: skip
    assert found(readings, measure("entries", 1)).daily[0] == (date(2026, 3, 28), 1)
    assert (answer.opening, answer.closing, answer.count) == (readings[0], readings[-1], 4)


def test_a_value_counts_no_longer_than_its_hold_and_the_rest_is_a_gap() -> None:
    answer = found([at(-1, 1), at(10, 1)], measure("time_in", 1, 2 * 3600))
    assert answer.quantity == 1 + 2
    assert answer.silences == (
        (START + HOUR, START + 10 * HOUR), (START + 12 * HOUR, SPAN.end)
    )  # fmt: skip
    assert answer.known == 3 * 3600
    assert found([at(-9, 1)], measure("time_in", 1)).silences == ((SPAN.start, SPAN.end),)


def test_a_reading_at_the_start_counts_and_one_at_the_end_is_the_next_periods() -> None:
    readings = [at(-1, 0), at(0, 1), at(71, 1)]
    assert found(readings, measure("entries", 1)).quantity == 1
    assert found(readings[:1], measure("entries", 1)).quantity == 0
    later = Period(SPAN.end, SPAN.end + HOUR)
    assert found([at(70, 0), at(71, 1)], measure("entries", 1), later).quantity == 1
    assert found([at(70, 0), at(71, 1)], measure("entries", 1)).quantity == 0
    assert readings_span(SPAN, measure("last")).end == SPAN.end - timedelta(microseconds=1)


def test_nothing_known_is_no_value_and_no_time() -> None:
    for aggregate in ("last", "maximum", "minimum", "mean"):
        assert found([], measure(aggregate)).quantity is None
    for aggregate in (*TIMES, "entries"):
        assert found([], measure(aggregate)).quantity == 0


def test_the_very_first_reading_enters_nothing() -> None:
    assert found([at(1, 1)], measure("entries", 1)).quantity == 0


def test_rounding_is_to_the_step_half_up() -> None:
    assert rounded_to(Decimal("83.25"), Decimal("0.1")) == Decimal("83.3")
    assert rounded_to(Decimal("-83.25"), Decimal("0.1")) == Decimal("-83.3")
    assert rounded_to(Decimal("7"), Decimal("15")) == 0
    assert rounded_to(Decimal("7.5"), Decimal("15")) == 15
    # 50 s are 0.0138… h.
    second = timedelta(seconds=50)
    readings = [at(1, 1), Reading(START + HOUR + second, Decimal(0))]
    assert found(readings, measure("time_in", 1)).quantity == Decimal("0.013888888889")
    rough = found(readings, measure("time_in", 1, step="0.01"))
    assert (rough.quantity, rough.exact) == (Decimal("0.01"), 50)


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        (("median", "kW", 60), "bad_aggregate"), (("time_above", "kW", 60), "missing_value"),
        (("maximum", "kW", 60, Decimal(1)), "needless_value"), (("mean", "kW", 0), "bad_hold"),
        (("mean", "kW", 367 * 86_400), "bad_hold"),
        (("mean", "kW", 60, None, Decimal(0)), "bad_step"),
    ],
)  # fmt: skip
def test_a_measure_that_makes_no_sense_is_refused(parts: Any, reason: str) -> None:
    with pytest.raises(BadValue) as refused:
        LevelMeasure(*parts)
    assert refused.value.reason == reason


def test_its_form_is_read_back() -> None:
    for wanted in (measure("time_above", "10.50", 900, "0.01"), measure("mean")):
        assert LevelMeasure.from_dict(wanted.to_dict()) == wanted


@st.composite
def courses(draw: st.DrawFn) -> list[Reading]:
    """Readings before, in and after the span, some at exactly a midnight."""
    minutes = draw(st.sets(st.integers(-600, 72 * 60), max_size=40))
    edges = draw(st.sets(st.sampled_from([0, 24 * 60, 47 * 60, 71 * 60]), max_size=4))
    values = st.sampled_from([Decimal(0), Decimal(1), Decimal("1.5"), Decimal(-2)])
    return [
        Reading(START + timedelta(minutes=minute), draw(values))
        for minute in sorted(minutes | edges)
    ]


def seen(readings: Sequence[Reading], span: Period) -> list[Reading]:
    """What a record of the span rests on: the last one before, and those in it."""
    before = [item for item in readings if item.measured_at < span.start][-1:]
    return before + [item for item in readings if item.measured_at in span]


HOLDS = st.sampled_from([60, 1800, 3600, 7 * 3600, 10 * 86_400])


@given(courses(), HOLDS, st.sampled_from([(), (1,), (23, 24), (24, 47), (10, 40, 60)]))
def test_times_and_entries_of_adjoining_periods_add_up(
    readings: list[Reading], hold: int, cuts: tuple[int, ...]
) -> None:
    edges = [SPAN.start, *(START + cut * HOUR for cut in cuts), SPAN.end]
    parts = [Period(a, b) for a, b in pairwise(edges)]
    for aggregate in (*TIMES, "entries"):
        wanted = measure(aggregate, 1, hold)
        whole = found(seen(readings, SPAN), wanted)
        pieces = [found(seen(readings, part), wanted, part) for part in parts]
        assert sum(piece.exact for piece in pieces) == whole.exact
        assert sum(piece.known for piece in pieces) == whole.known


@given(courses(), HOLDS)
def test_it_is_what_the_plain_aggregates_say(readings: list[Reading], hold: int) -> None:
    own = seen(readings, SPAN)
    held = held_values(own, SPAN, timedelta(seconds=hold))
    plain = {
        "last": last_value(held), "maximum": highest(held), "minimum": lowest(held),
        "mean": mean(held), "entries": entries(own, SPAN, Decimal(1)),
    }  # fmt: skip
    for aggregate, expected in plain.items():
        assert found(own, measure(aggregate, hold=hold)).quantity == expected
    one = Decimal(1)
    for aggregate, time in (
        ("time_above", time_above(held, one)), ("time_below", time_below(held, one)),
        ("time_in", time_in_state(held, one)),
    ):  # fmt: skip
        assert found(own, measure(aggregate, 1, hold)).exact == Decimal(time.total_seconds())
    answer = found(own, measure("mean", hold=hold))
    silent = sum(((b - a) for a, b in answer.silences), timedelta(0))
    assert known_time(held) + silent == SPAN.end - SPAN.start


@given(courses(), HOLDS, st.sampled_from([None, "0.01", "0.25", "7"]))
def test_days_sum_to_the_quantity(readings: list[Reading], hold: int, step: str | None) -> None:
    for aggregate in EVERY:
        answer = found(seen(readings, SPAN), measure(aggregate, hold=hold, step=step))
        assert sum(amount for _, amount in answer.daily) == (answer.quantity or 0)
        assert [day for day, _ in answer.daily] == [date(2026, 3, day) for day in (28, 29, 30)]


def in_state(*estimate: str, hold: int = 3600) -> LevelMeasure:
    return LevelMeasure("time_in", "1", hold, Decimal(1), None, *estimate)


def test_a_gap_is_filled_as_a_week_before_or_between_its_readings() -> None:
    week = -168
    # In the state for 2 h a week before the silence of 10:00–20:00; now for 5 of 10 known hours.
    before = [at(week + hour, 1 if hour in (12, 13) else 0) for hour in range(9, 21)]
    now = [at(hour, 1 if hour < 5 else 0) for hour in range(9)]
    now += [at(hour, 0) for hour in range(20, 24)]
    span = Period(START, START + 24 * HOUR)
    silence = (START + 9 * HOUR, START + 20 * HOUR)
    plain = found(before + now, in_state(), span)
    assert (plain.quantity, plain.silences, plain.estimates) == (5, (silence,), ())
    week_before = found(before + now, in_state("last_week"), span)
    assert (week_before.quantity, week_before.estimates) == (7, ((*silence, Decimal(7200)),))
    # Not in the state around the gap; in it from 20:00 on: the half of 8:00 to 20:00 from 14:00.
    line = found(before + now, in_state("straight_line"), span)
    assert (line.quantity, line.estimates, line.awaits) == (5, (), True)
    back = found([*before, *now[:9], at(20, 1), at(24, 0)], in_state("straight_line"), span)
    # From 21:00 on as at 20:00 until 22:00, then as at 24:00.
    evening = (START + 21 * HOUR, START + 24 * HOUR, Decimal(3600))
    assert back.quantity == 5 + 6 + 1 + 1
    assert back.estimates == ((*silence, Decimal(21600)), evening)
    assert line.known == week_before.known == plain.known
    assert sum(amount for _, amount in back.daily) == back.quantity


def test_a_level_crosses_the_threshold_on_the_line() -> None:
    """10 at 0:00 and 30 at 10:00, each good for an hour: above 15 from 2:30 on."""
    above = LevelMeasure("time_above", "kW", 3600, Decimal(15), None, "straight_line")
    below = LevelMeasure("time_below", "kW", 3600, Decimal(15), None, "straight_line")
    course, span = [at(0, 10), at(10, 30)], Period(START, START + 10 * HOUR)
    assert found(course, above, span).quantity == Decimal("7.5")
    assert found(course, below, span).quantity == Decimal("2.5")
    early, late = (Period(START + a * HOUR, START + b * HOUR) for a, b in ((0, 4), (4, 10)))
    assert [found(course, above, part).quantity for part in (early, late)] == [Decimal("1.5"), 6]
    assert not found(course, above, early).awaits
    assert found(course[:1], above, early).quantity == 0
    assert found(course[:1], above, early).awaits


def test_what_was_unknown_a_week_before_is_not_made_up() -> None:
    assert found([at(1, 1)], in_state("last_week")).quantity == 1
    assert found([], in_state("straight_line")).quantity == 0


def test_only_times_are_estimated_and_only_by_a_known_rule() -> None:
    for parts, reason in (
        (("maximum", "kW", 60, None, None, "last_week"), "needless_estimate"),
        (("time_in", "1", 60, Decimal(1), None, "guess"), "bad_estimate"),
    ):
        with pytest.raises(BadValue) as refused:
            LevelMeasure(*parts)  # type: ignore[arg-type]
        assert refused.value.reason == reason
    assert LevelMeasure.from_dict(in_state("last_week").to_dict()) == in_state("last_week")
    assert "estimate" not in in_state().to_dict()


@given(
    courses(),
    HOLDS,
    st.sampled_from([(24,), (10, 40, 60)]),
    st.sampled_from(["time_in", "time_above", "time_below"]),
)
def test_estimates_on_a_line_add_up(
    readings: list[Reading], hold: int, cuts: tuple[int, ...], aggregate: str
) -> None:
    """The whole, and its parts, each with what it sees: one before, one after."""
    wanted = LevelMeasure(aggregate, "1", hold, Decimal(1), None, "straight_line")
    edges = [SPAN.start, *(START + cut * HOUR for cut in cuts), SPAN.end]
    parts = [Period(a, b) for a, b in pairwise(edges)]
    whole = found(with_next(readings, SPAN), wanted)
    pieces = [found(with_next(readings, part), wanted, part) for part in parts]
    assert sum(piece.exact for piece in pieces) == whole.exact
    for piece in (*pieces, whole):
        assert piece.exact <= 72 * 3600


def with_next(readings: list[Reading], part: Period) -> list[Reading]:
    after = [item for item in readings if item.measured_at >= part.end]
    return [*seen(readings, part), *after[:1]]


@given(courses(), HOLDS, st.sampled_from([(24,), (10, 40, 60)]))
def test_estimates_as_a_week_before_add_up(
    readings: list[Reading], hold: int, cuts: tuple[int, ...]
) -> None:
    wanted = in_state("last_week", hold=hold)
    earlier = [Reading(item.measured_at - 168 * HOUR, item.value) for item in readings]
    course = [item for item in earlier if item.measured_at < START - 10 * HOUR] + readings
    edges = [SPAN.start, *(START + cut * HOUR for cut in cuts), SPAN.end]
    parts = [Period(a, b) for a, b in pairwise(edges)]
    whole = found(seen(course, wanted.reach(SPAN)), wanted)
    pieces = [found(seen(course, wanted.reach(part)), wanted, part) for part in parts]
    assert sum(piece.exact for piece in pieces) == whole.exact
