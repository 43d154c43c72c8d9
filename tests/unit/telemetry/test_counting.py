"""What counts of counters and amounts: conditions, estimates, opening values; worked by hand."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as some

from apps.common.period import Period
from apps.common.quantity import BadValue
from apps.telemetry.domain.belief import Discontinuity, Reading
from apps.telemetry.domain.conditions import CountCondition
from apps.telemetry.domain.counted_amounts import counted_amounts
from apps.telemetry.domain.counted_counters import counted_counter
from apps.telemetry.domain.counting import CountRules, Meters
from apps.telemetry.domain.meters import MeterVersion

START = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = Period(START, START + 24 * HOUR)
NEXT = Period(DAY.end, DAY.end + 24 * HOUR)
BOTH = Period(DAY.start, NEXT.end)
LOADED = CountCondition("state", "1", "is_one_of", (Decimal(1), Decimal(2)), 7 * 86_400)
PRESSED = CountCondition("pressure", "bar", "at_least", (Decimal(6),), 7200)
LINE = CountRules(estimate="straight_line", silence=7200)
WEEK = CountRules(estimate="last_week", silence=7200)


def at(hours: float, value: str) -> Reading:
    return Reading(START + hours * HOUR, Decimal(value))


def series(*pairs: tuple[float, str]) -> list[Reading]:
    return [at(*pair) for pair in pairs]


def test_of_a_step_the_part_of_the_time_counts_in_which_the_state_was_right() -> None:
    known = series((0, "100"), (10, "110"), (20, "130"))
    state = series((0, "1"), (5, "0"), (12.5, "2"), (40, "0"))
    found = counted_counter(known, (), CountRules((LOADED,)), DAY, [state])
    # Half of 10; of 20 in ten hours the last 7.5 hours.
    assert (found.gross, found.quantity, found.unknown) == (30, 20, 0)
    assert [amount for _, amount in found.steps] == [5, 15]


def test_all_conditions_must_hold_and_the_level_itself_is_enough() -> None:
    known = series((0, "0"), (4, "40"))
    state = series((0, "1"))
    pressure = series((0, "6"), (1, "5.99"), (2, "7"))
    rules = CountRules((LOADED, PRESSED))
    found = counted_counter(known, (), rules, DAY, [state, pressure])
    # Hours 0–1 and 2–4: the 7 of hour 2 holds for two hours.
    assert found.quantity == 30


def test_what_is_not_known_does_not_count_and_is_said() -> None:
    known = series((0, "0"), (10, "100"))
    found = counted_counter(known, (), CountRules((PRESSED,)), DAY, [series((2, "6"), (5, "1"))])
    # Unknown before 2, holds 2–4, unknown 4–5, fails 5–7, unknown 7–10.
    assert (found.quantity, found.unknown, found.gross) == (20, 60, 100)
    nothing = counted_counter(known, (), CountRules((PRESSED,)), DAY, [[]])
    assert (nothing.quantity, nothing.unknown) == (0, 100)


def test_one_that_fails_decides_although_another_is_not_known() -> None:
    known = series((0, "0"), (10, "100"))
    rules = CountRules((LOADED, PRESSED))
    found = counted_counter(known, (), rules, DAY, [series((0, "0")), []])
    assert (found.quantity, found.unknown) == (0, 0)


def test_amounts_count_by_what_holds_at_their_own_instant() -> None:
    known = series((0, "1"), (1, "2"), (2, "4"), (24, "8"))
    state = series((0, "0"), (1, "1"), (2, "0"))
    found = counted_amounts(known, CountRules((LOADED,)), DAY, [state])
    assert (found.gross, found.quantity) == (7, 2)


def test_a_step_over_the_edge_belongs_to_the_period_of_its_later_reading() -> None:
    known = series((20, "0"), (28, "80"))
    state = series((0, "1"), (26, "0"))
    rules = CountRules((LOADED,))
    assert counted_counter(known, (), rules, DAY, [state]).quantity == 0
    assert counted_counter(known, (), rules, NEXT, [state]).quantity == 60


def test_a_straight_line_parts_the_step_over_the_edge() -> None:
    known = series((20, "100"), (30, "150"))
    first, later = (counted_counter(known, (), LINE, span) for span in (DAY, NEXT))
    assert (first.quantity, later.quantity) == (20, 30)
    assert first.closing == Reading(DAY.end, Decimal(120))
    assert [(item.start, item.end, item.quantity) for item in first.estimates] == [
        (START + 20 * HOUR, DAY.end, 20)
    ]
    assert [(item.start, item.end, item.quantity) for item in later.estimates] == [
        (NEXT.start, START + 30 * HOUR, 30)
    ]
    assert (first.awaits, later.awaits) == (False, True)


def test_a_rollover_within_the_gap_is_parted_too() -> None:
    known = series((20, "990"), (30, "40"))
    jumps = [Discontinuity(START + 30 * HOUR, Decimal(1000), "rollover")]
    first, later = (counted_counter(known, jumps, LINE, span) for span in (DAY, NEXT))
    assert (first.quantity, later.quantity) == (20, 30)


def test_without_a_later_reading_a_line_has_no_end_and_waits() -> None:
    found = counted_counter(series((0, "0"), (10, "100")), (), LINE, DAY)
    assert (found.quantity, found.estimates, found.awaits) == (100, (), True)


def test_last_week_fills_the_silence_until_real_data_come() -> None:
    before = series((-168, "0"), (-160, "8"), (-148, "30"), (-140, "40"))
    known = [*before, *series((0, "100"), (8, "110"))]
    found = counted_counter(known, (), WEEK, DAY)
    # A week before from 8:00 to 24:00: 8 to 30.
    assert (found.quantity, found.closing) == (10 + 22, Reading(DAY.end, Decimal(132)))
    # A smaller real step wins: never more than what the counter counted.
    late = counted_counter([*known, at(26, "115")], (), WEEK, DAY)
    assert (late.quantity, late.awaits) == (15, False)


def test_missing_amounts_are_those_of_the_week_before() -> None:
    known = series((-164, "5"), (-163, "7"), (-160, "9"), (0, "1"), (12, "1"), (24, "1"))
    found = counted_amounts(known, CountRules(estimate="last_week", silence=3600), DAY)
    assert (found.quantity, found.gross) == (2 + 5 + 7 + 9, 23)
    assert [(item.quantity) for item in found.estimates] == [21]


def test_missing_amounts_lie_on_the_line_between_those_around() -> None:
    known = series((0, "10"), (4, "18"), (5.2, "18"), (24, "1"))
    rules = CountRules(estimate="straight_line", silence=3600)
    found = counted_amounts(known, rules, Period(START, START + 6 * HOUR))
    # 12, 14 and 16 at 1, 2 and 3; the hour and twelve minutes miss nothing; 5.2 to 24 has 17 of which
    # none lies before 6:00.
    assert found.quantity == 10 + 12 + 14 + 16 + 18 + 18
    assert [item.quantity for item in found.estimates] == [42]


def test_an_opening_value_that_both_signed_opens_the_counter() -> None:
    rules = CountRules(opening=Decimal(50))
    known = series((3, "60"), (20, "75"))
    first = counted_counter(known, (), rules, DAY, is_first=True)
    assert (first.quantity, first.opening) == (25, Reading(DAY.start, Decimal(50)))
    assert counted_counter(known, (), rules, DAY).quantity == 15
    earlier = counted_counter([at(-2, "55"), *known], (), rules, DAY, is_first=True)
    assert earlier.quantity == 25


def test_each_meter_weighs_what_it_counted_estimates_too() -> None:
    meters = Meters(
        (
            MeterVersion(None, factor=Decimal("2.5")),
            MeterVersion(START + 10 * HOUR, factor=Decimal(2)),
        ),
        needs_factor=True,
    )
    known = series((0, "0"), (10, "100"), (20, "150"), (30, "190"))
    first, later = (counted_counter(known, (), LINE, span, meters=meters) for span in (DAY, NEXT))
    # 100 × 2.5, 50 × 2, and of 40 × 2 four tenths.
    assert (first.quantity, later.quantity) == (250 + 100 + 32, 48)
    assert first.closing == Reading(DAY.end, Decimal(166))
    assert first.counts == {0: 100, 1: 66}
    amounts = counted_amounts(
        series((9, "10"), (10, "10")), CountRules((LOADED,)), DAY, [[at(0, "1")]], meters
    )
    assert (amounts.quantity, amounts.counts) == (45, {0: 10, 1: 10})


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: CountRules(estimate="guess", silence=60), "bad_estimate"),
        (lambda: CountRules(estimate="last_week"), "bad_silence"),
        (lambda: CountRules(estimate="last_week", silence=8 * 86_400), "bad_silence"),
        (lambda: CountRules(silence=60), "needless_silence"),
        (lambda: CountRules((LOADED,) * 4), "too_many_conditions"),
        (lambda: CountRules(opening=Decimal(-1)), "negative_opening"),
        (lambda: CountCondition("p", "bar", "above", (Decimal(1),), 60), "bad_test"),
        (lambda: CountCondition("p", "bar", "at_least", (), 60), "missing_states"),
        (lambda: CountCondition("p", "bar", "at_most", (Decimal(1), Decimal(2)), 60), "one_level"),
        (lambda: CountCondition("p", "bar", "at_most", (Decimal(1),), 0), "bad_hold"),
    ],
)
def test_rules_that_make_no_sense_are_refused(make: object, reason: str) -> None:
    with pytest.raises(BadValue) as refused:
        make()  # type: ignore[operator]
    assert refused.value.reason == reason


def test_rules_read_back_what_they_write() -> None:
    rules = CountRules((LOADED, PRESSED), "straight_line", 900, Decimal("12.5"))
    assert CountRules.from_dict(rules.to_dict()) == rules


steps = some.lists(some.tuples(some.integers(1, 40), some.integers(0, 90)), min_size=1, max_size=14)
levels = some.lists(some.tuples(some.integers(0, 30), some.integers(0, 9)), max_size=8)
rule = some.sampled_from([CountRules(), LINE, WEEK])
conditions = some.sampled_from([(), (PRESSED,), (LOADED, PRESSED)])


def counter_of(pairs: Sequence[tuple[int, int]], first: int) -> list[Reading]:
    hours, value, found = first, 0, [at(first, "0")]
    for gap, amount in pairs:
        hours, value = hours + gap, value + amount
        found.append(at(hours, str(value)))
    return found


def states_of(pairs: Sequence[tuple[int, int]]) -> list[Reading]:
    return sorted({item.measured_at: item for item in (at(h, str(v)) for h, v in pairs)}.values())


@given(steps, some.integers(-200, 30), levels, rule, conditions)
def test_adjoining_periods_of_a_counter_add_up(
    pairs: Sequence[tuple[int, int]], first: int, held: Sequence[tuple[int, int]],
    estimate: CountRules, named: tuple[CountCondition, ...],
) -> None:  # fmt: skip
    known, states = counter_of(pairs, first), [states_of(held) for _ in named]
    rules = CountRules(named, estimate.estimate, estimate.silence)
    parts = [counted_counter(known, (), rules, span, states) for span in (DAY, NEXT)]
    whole = counted_counter(known, (), rules, BOTH, states)
    gross = [part.gross for part in parts]
    if known[0].measured_at <= DAY.start:
        assert sum(gross) == whole.gross
    if not rules.estimate and known[0].measured_at <= DAY.start:
        assert sum(part.quantity for part in parts) == whole.quantity
    for part in [*parts, whole]:
        assert 0 <= part.quantity <= part.gross
        assert part.unknown <= part.gross - part.quantity + Decimal("1e-9")


@given(steps, some.integers(-200, 30), levels, some.sampled_from([LINE, WEEK]), conditions)
def test_adjoining_periods_of_amounts_add_up(
    pairs: Sequence[tuple[int, int]], first: int, held: Sequence[tuple[int, int]],
    estimate: CountRules, named: tuple[CountCondition, ...],
) -> None:  # fmt: skip
    known = counter_of(pairs, first)
    after = [item for item in known if item.measured_at >= BOTH.end]
    states = [states_of(held) for _ in named]
    rules = CountRules(named, estimate.estimate, estimate.silence)
    parts = [counted_amounts(known, rules, span, states) for span in (DAY, NEXT)]
    whole = counted_amounts(known, rules, BOTH, states)
    if after:
        assert sum(part.quantity for part in parts) == whole.quantity
        assert sum(part.gross for part in parts) == whole.gross
