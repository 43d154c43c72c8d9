"""The record of a gauge or state: its JSON form, and what computing it again finds."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.common.canonical import canonical_json
from apps.common.period import Period
from apps.metering.domain.figures import UsageFigures
from apps.metering.domain.measuring import measured_again, measured_figures
from apps.metering.domain.recomputation import recompute
from apps.metering.domain.usage import digest_of
from apps.telemetry.domain.belief import LevelRules, Reading
from apps.telemetry.domain.measures import LevelMeasure, measured_usage

START = datetime(2026, 3, 1, tzinfo=UTC)
SPAN = Period(START, START + timedelta(days=2))
MEASURES = [
    LevelMeasure("time_in", "1", 7200, Decimal(1), Decimal("0.01")),
    LevelMeasure("entries", "1", 7200, Decimal(1)),
    LevelMeasure("maximum", "kW", 7200, step=Decimal("0.1")),
    LevelMeasure("minimum", "kW", 7200), LevelMeasure("mean", "kW", 7200),
    LevelMeasure("time_above", "kW", 3600, Decimal("0.5"), None, "straight_line"),
    LevelMeasure("time_below", "kW", 3600, Decimal("0.5"), None, "last_week"),
    LevelMeasure("last", "kW", 7200), LevelMeasure("time_below", "kW", 7200, Decimal("0.5")),
]  # fmt: skip


def reading(hours: float, value: str) -> Reading:
    return Reading(START + timedelta(hours=hours), Decimal(value))


READINGS = [
    reading(-1, "1"), reading(0, "0"), reading(3, "1"), reading(4, "0.25"), reading(40, "1"),
]  # fmt: skip


def figures_of(measure: LevelMeasure, readings: list[Reading]) -> UsageFigures:
    return measured_figures(
        measured_usage(readings, measure, SPAN, "UTC"), measure, "h",
        digest=digest_of(readings, is_delta=False), rules=LevelRules(measure.kind),
    )  # fmt: skip


@pytest.mark.parametrize("measure", MEASURES, ids=lambda item: item.aggregate + item.estimate)
def test_it_is_read_back_and_computed_again_to_the_same_bytes(measure: LevelMeasure) -> None:
    figures = figures_of(measure, READINGS)
    again = UsageFigures.from_dict(figures.to_dict())
    assert canonical_json(again.to_dict()) == canonical_json(figures.to_dict())
    assert recompute(again, READINGS, SPAN, "UTC") == []


@pytest.mark.parametrize("measure", MEASURES, ids=lambda item: item.aggregate + item.estimate)
def test_another_quantity_is_found(measure: LevelMeasure) -> None:
    figures = replace(figures_of(measure, READINGS), quantity=Decimal("123.4"))
    assert "usage/quantity" in {item.path for item in recompute(figures, READINGS, SPAN, "UTC")}


def test_a_reading_at_the_end_or_two_before_the_start_do_not_belong() -> None:
    figures = figures_of(MEASURES[0], READINGS)
    late = [*READINGS, reading(48, "0")]
    assert [item.computed for item in recompute(figures, late, SPAN, "UTC")] == ["outside"]
    early = [reading(-2, "1"), *READINGS]
    assert [item.computed for item in recompute(figures, early, SPAN, "UTC")] == ["outside"]


def test_a_hidden_gap_is_found() -> None:
    figures = replace(figures_of(MEASURES[0], READINGS), gaps=())
    assert "usage/gaps" in {item.path for item in recompute(figures, READINGS, SPAN, "UTC")}


def test_a_record_without_its_measure_is_no_record() -> None:
    figures = replace(figures_of(MEASURES[0], READINGS), measure=None)
    with pytest.raises(ValueError, match="measure"):
        measured_again(figures, READINGS, SPAN, "UTC")


@given(
    st.sampled_from(MEASURES),
    st.lists(st.tuples(st.integers(0, 47), st.sampled_from(["0", "1", "0.5"])), max_size=20,
             unique_by=lambda pair: pair[0]),
)  # fmt: skip
def test_any_course_verifies(measure: LevelMeasure, pairs: list[tuple[int, str]]) -> None:
    readings = [reading(hour, value) for hour, value in sorted(pairs)]
    figures = figures_of(measure, readings)
    assert recompute(UsageFigures.from_dict(figures.to_dict()), readings, SPAN, "UTC") == []
