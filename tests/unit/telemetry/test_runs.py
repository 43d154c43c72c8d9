"""Runs told from a level: pauses end none, and days handed on count as one stretch does."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from apps.telemetry.domain.belief import Reading
from apps.telemetry.domain.runs import Rest, RunRule, runs_of

START = datetime(2026, 3, 1, 9, tzinfo=UTC)
RULE = RunRule(Decimal(20), Decimal(1800))


def at(minute: int, value: int) -> Reading:
    return Reading(START + timedelta(minutes=minute), Decimal(value))


def begun(readings: list[Reading], rule: RunRule = RULE, rest: Rest | None = None) -> list[int]:
    return [
        (reading.measured_at - START) // timedelta(minutes=1)
        for reading, begins, _rest in runs_of(readings, rule, rest or Rest()) if begins
    ]  # fmt: skip


def test_a_pause_within_a_run_begins_none() -> None:
    worked = [at(0, 0), at(60, 2000), at(70, 5), at(85, 300), at(100, 0), at(150, 300)]
    assert begun(worked) == [60, 150]


def test_the_pause_itself_still_belongs_to_the_run() -> None:
    assert begun([at(0, 0), at(1, 21), at(2, 20), at(31, 21)]) == [1]
    assert begun([at(0, 0), at(1, 21), at(2, 20), at(32, 21)]) == [1, 32]


def test_a_silence_ends_no_run_and_the_first_reading_begins_none() -> None:
    assert begun([at(0, 500), at(600, 500)]) == []
    assert begun([at(0, 500), at(600, 0), at(601, 500)]) == [601]


def test_a_pause_of_any_length_is_compared() -> None:
    assert begun([at(0, 0), at(1, 21), at(2, 0), at(3, 21)], RunRule(Decimal(20), Decimal(0))) == [
        1,
        3,
    ]
    endless = RunRule(Decimal(20), Decimal(10) ** 17)
    assert begun([at(0, 0), at(1, 21), at(2, 0), at(999_999, 21)], endless) == [1]


@given(
    st.lists(st.tuples(st.integers(0, 500), st.sampled_from([0, 20, 21, 900])), max_size=30,
             unique_by=lambda pair: pair[0]),
    st.integers(0, 500), st.integers(0, 7200),
)  # fmt: skip
def test_two_parts_count_as_the_whole(pairs: list[tuple[int, int]], cut: int, pause: int) -> None:
    readings = [at(minute, value) for minute, value in sorted(pairs)]
    rule, rest = RunRule(Decimal(20), Decimal(pause)), Rest()
    first = [item for item in readings if item.measured_at < START + timedelta(minutes=cut)]
    for _reading, _begins, after in runs_of(first, rule, rest):
        rest = after
    rejoined = begun(first, rule) + begun(readings[len(first) :], rule, rest)
    assert rejoined == begun(readings, rule)
