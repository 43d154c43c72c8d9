from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.telemetry.domain.belief import (
    Declaration,
    DeltaReading,
    DeltaRules,
    Discontinuity,
    LevelRules,
    Reading,
    Stretch,
    judge_deltas,
    walk,
)
from apps.telemetry.domain.days import in_force

START = datetime(2026, 3, 1, tzinfo=UTC)
PLAIN = LevelRules("counter")
FIVE_DIGITS = LevelRules("counter", register_size=Decimal(100000))
RESTARTS = LevelRules("counter", restarts_from_zero=True)
AT_MOST_10 = LevelRules("counter", max_rate_per_hour=Decimal(10))


def hour(number: float) -> datetime:
    return START + timedelta(hours=number)


def series(*values: int | str) -> list[Reading]:
    return [Reading(hour(n), Decimal(value)) for n, value in enumerate(values)]


def usage(stretch: Stretch, after: datetime | None = None, upto: datetime | None = None) -> Decimal:
    """usage(a, b] by the law, written as simply as it is stated."""

    def value(instant: datetime | None) -> Decimal:
        known = [r for r in stretch.believed if instant is None or r.measured_at <= instant]
        return known[-1].value if known else stretch.believed[0].value

    if not stretch.believed:
        return Decimal(0)
    start = after or stretch.believed[0].measured_at
    jumps = sum(
        (d.amount for d in stretch.discontinuities
         if start < d.measured_at and (upto is None or d.measured_at <= upto)), Decimal(0),
    )  # fmt: skip
    return value(upto) - value(start) + jumps


def kinds(stretch: Stretch) -> list[tuple[str, Decimal]]:
    return [(item.kind, item.amount) for item in stretch.discontinuities]


def reasons(stretch: Stretch) -> list[tuple[int, str]]:
    return [
        (int((item.reading.measured_at - START) / timedelta(hours=1)), item.reason)
        for item in stretch.disbelieved
    ]


def test_the_first_reading_opens_and_bills_nothing() -> None:
    stretch = walk(series(5000), [], PLAIN)
    assert usage(stretch) == 0
    assert stretch.carry == Reading(START, Decimal(5000))
    assert walk([], [], PLAIN) == Stretch((), (), (), None)


def test_a_rising_counter() -> None:
    stretch = walk(series(100, 110, 110, "130.5"), [], PLAIN)
    assert usage(stretch) == Decimal("30.5")
    assert stretch.discontinuities == ()


def test_a_falling_value_is_not_believed() -> None:
    stretch = walk(series(100, 110, 50, 111), [], PLAIN)
    assert usage(stretch) == 11
    assert reasons(stretch) == [(2, "falling")]
    assert stretch.disbelieved[0].params == {"previous": "110"}


def test_rollover_of_a_register() -> None:
    stretch = walk(series(99990, 15), [], FIVE_DIGITS)
    assert kinds(stretch) == [("rollover", Decimal(100000))]
    assert usage(stretch) == 25


@pytest.mark.parametrize(("value", "believed"), [(49990, True), (49991, False)])
def test_a_rollover_over_more_than_half_the_register_is_not_plausible(
    value: int, believed: bool
) -> None:
    stretch = walk(series(99990, value), [], FIVE_DIGITS)
    assert bool(stretch.discontinuities) is believed
    assert bool(stretch.disbelieved) is not believed


def test_a_rollover_within_the_maximum_rate() -> None:
    rules = LevelRules("counter", register_size=Decimal(1000), max_rate_per_hour=Decimal(10))
    assert kinds(walk(series(995, 5), [], rules)) == [("rollover", Decimal(1000))]
    assert reasons(walk(series(995, 6), [], rules)) == [(1, "falling")]


def test_a_value_the_register_cannot_show() -> None:
    assert reasons(walk(series(99990, 100000, 99999), [], FIVE_DIGITS)) == [(1, "above_register")]
    assert reasons(walk(series(-1, 5), [], FIVE_DIGITS)) == []


def test_a_channel_that_restarts_from_zero() -> None:
    stretch = walk(series(100, 110, 3, 8), [], RESTARTS)
    assert kinds(stretch) == [("restart", Decimal(110))]
    assert usage(stretch) == 18


def test_a_declared_reset_reads_from_zero() -> None:
    stretch = walk(series(100, 110, 3), [Declaration("reset", hour(1.5))], PLAIN)
    assert kinds(stretch) == [("reset", Decimal(110))]
    assert usage(stretch) == 13
    late = walk(series(100, 110, 3), [Declaration("reset", hour(2))], PLAIN)
    assert usage(late) == 13
    early = walk(series(100, 110, 3), [Declaration("reset", hour(1))], PLAIN)
    assert reasons(early) == [(2, "falling")]


def test_a_declared_exchange_bills_both_sides() -> None:
    exchange = Declaration("exchange", hour(1.5), Decimal(115), Decimal(40))
    stretch = walk(series(100, 110, 52), [exchange], PLAIN)
    assert kinds(stretch) == [("exchange", Decimal(75))]
    assert usage(stretch) == (115 - 100) + (52 - 40)


def test_an_exchange_for_a_meter_that_shows_more() -> None:
    exchange = Declaration("exchange", hour(1.5), Decimal(115), Decimal(5000))
    stretch = walk(series(100, 110, 5002), [exchange], AT_MOST_10)
    assert usage(stretch) == 17
    assert stretch.disbelieved == ()


def test_an_exchange_that_closes_below_what_was_read_does_not_fit() -> None:
    exchange = Declaration("exchange", hour(1.5), Decimal(105), Decimal(0))
    stretch = walk(series(100, 110, 5), [exchange], PLAIN)
    assert reasons(stretch) == [(2, "exchange_does_not_fit")]


def test_two_exchanges_without_a_reading_between() -> None:
    declared = [
        Declaration("exchange", hour(1.6), Decimal(20), Decimal(7)),
        Declaration("exchange", hour(1.2), Decimal(120), Decimal(0)),
    ]
    stretch = walk(series(100, 110, 8), declared, PLAIN)
    assert usage(stretch) == 20 + 20 + 1
    assert [item.kind for item in stretch.discontinuities] == ["several"]


def test_a_step_faster_than_possible_is_not_believed() -> None:
    stretch = walk(series(0, 10, 21, 30), [], AT_MOST_10)
    assert reasons(stretch) == [(2, "too_fast")]
    assert stretch.disbelieved[0].params == {"used": "11", "most": "10"}
    assert usage(stretch) == 30


def test_after_a_spike_the_counter_goes_on() -> None:
    stretch = walk(series(0, 10, 100000, 15), [], AT_MOST_10)
    assert reasons(stretch) == [(2, "too_fast")]
    assert usage(stretch) == 15


def test_a_person_believes_a_falling_reading_and_it_bills_nothing() -> None:
    stretch = walk(series(100, 110, 50, 60), [Declaration("believe", hour(2))], PLAIN)
    assert kinds(stretch) == [("released", Decimal(60))]
    assert usage(stretch) == 10 + 0 + 10


def test_a_person_believes_a_fast_step_and_it_is_billed() -> None:
    stretch = walk(series(0, 50), [Declaration("believe", hour(1))], AT_MOST_10)
    assert usage(stretch) == 50


def test_a_person_disbelieves_a_reading() -> None:
    declared = [Declaration("believe", hour(1)), Declaration("disbelieve", hour(1))]
    stretch = walk(series(0, 500, 10), declared, PLAIN)
    assert reasons(stretch) == [(1, "declared_wrong")]
    assert usage(stretch) == 10


def test_levels_that_are_no_counters_know_only_bounds() -> None:
    rules = LevelRules("gauge", minimum=Decimal(-5), maximum=Decimal(5))
    stretch = walk(series(3, 6, -5, -6, 5), [Declaration("believe", hour(3))], rules)
    assert reasons(stretch) == [(1, "above_maximum")]
    assert stretch.discontinuities == ()


def test_a_stretch_begins_after_its_carry() -> None:
    with pytest.raises(ValueError, match="carry"):
        walk(series(1), [], PLAIN, Reading(START, Decimal(0)))
    with pytest.raises(ValueError, match="exchange"):
        Declaration("exchange", START)


counters = st.lists(st.integers(0, 120), min_size=1, max_size=24)
rules_of = st.builds(
    LevelRules,
    kind=st.just("counter"),
    register_size=st.sampled_from([None, Decimal(100)]),
    restarts_from_zero=st.booleans(),
    max_rate_per_hour=st.sampled_from([None, Decimal(30)]),
)
declarations_of = st.lists(
    st.one_of(
        st.builds(
            Declaration,
            kind=st.sampled_from(["reset", "believe", "disbelieve"]),
            measured_at=st.integers(0, 48).map(lambda n: hour(n / 2)),
        ),
        st.builds(
            Declaration,
            kind=st.just("exchange"),
            measured_at=st.integers(0, 48).map(lambda n: hour(n / 2)),
            closing=st.integers(0, 150).map(Decimal),
            opening=st.integers(0, 50).map(Decimal),
        ),
    ),
    max_size=4,
    unique_by=lambda item: item.measured_at,
)


@settings(max_examples=150)
@given(counters, declarations_of, rules_of, st.randoms(use_true_random=False))
def test_any_order_of_arrival_gives_the_same(
    values: list[int], declarations: list[Declaration], rules: LevelRules, random: object
) -> None:
    readings = series(*values)
    straight = walk(readings, declarations, rules)
    random.shuffle(readings)  # type: ignore[attr-defined]
    random.shuffle(declarations)  # type: ignore[attr-defined]
    assert walk(readings, declarations, rules) == straight


def in_pieces(
    readings: list[Reading], cuts: Iterable[int], declared: list[Declaration], rules: LevelRules
) -> Stretch:
    whole = Stretch((), (), (), None)
    edges = [0, *sorted(cuts), len(readings)]
    for low, high in pairwise(edges):
        carry = whole.carry
        since = [d for d in declared if carry is None or d.measured_at > carry.measured_at]
        part = walk(readings[low:high], since, rules, carry)
        whole = Stretch(
            whole.believed + part.believed, whole.disbelieved + part.disbelieved,
            whole.discontinuities + part.discontinuities, part.carry,
        )  # fmt: skip
    return whole


@settings(max_examples=150)
@given(counters, declarations_of, rules_of, st.sets(st.integers(0, 24)))
def test_day_by_day_with_the_carry_is_the_same_as_all_at_once(
    values: list[int], declarations: list[Declaration], rules: LevelRules, cuts: set[int]
) -> None:
    readings = series(*values)
    cuts = {cut for cut in cuts if cut <= len(readings)}
    assert in_pieces(readings, cuts, declarations, rules) == walk(readings, declarations, rules)


@settings(max_examples=150)
@given(counters, declarations_of, rules_of, st.integers(0, 24))
def test_adjoining_usages_add_up_and_no_step_bills_less_than_nothing(
    values: list[int], declarations: list[Declaration], rules: LevelRules, middle: int
) -> None:
    stretch = walk(series(*values), declarations, rules)
    if not stretch.believed:
        return
    cut = max(hour(middle), stretch.believed[0].measured_at)
    assert usage(stretch, upto=cut) + usage(stretch, after=cut) == usage(stretch)
    for before, reading in pairwise(stretch.believed):
        assert usage(stretch, before.measured_at, reading.measured_at) >= 0


@given(counters, declarations_of, rules_of)
def test_every_reading_is_believed_or_has_a_reason(
    values: list[int], declarations: list[Declaration], rules: LevelRules
) -> None:
    stretch = walk(series(*values), declarations, rules)
    known = [*stretch.believed, *(item.reading for item in stretch.disbelieved)]
    assert sorted(known) == series(*values)
    assert len({item.measured_at for item in stretch.discontinuities}) == len(
        stretch.discontinuities
    )


def test_a_value_above_the_register_that_was_released_does_not_roll_over() -> None:
    """101 of a register of 100, then 0: over the end it would have used one less than nothing."""
    rules = LevelRules(kind="counter", register_size=Decimal(100))
    stretch = walk(series("0", "101", "0"), [Declaration("believe", hour(1))], rules)
    assert [item.value for item in stretch.believed] == [0, 101]
    assert [item.reason for item in stretch.disbelieved] == ["falling"]


def test_thirty_digit_values_stay_exact() -> None:
    exchange = Declaration("exchange", hour(0.5), Decimal("999999999999999999"), Decimal("1e-12"))
    stretch = walk(series("123456789012345678.000000000001", 5), [exchange], PLAIN)
    assert stretch.discontinuities == (
        Discontinuity(hour(1), Decimal("999999999999999998.999999999999"), "exchange"),
    )


def test_deltas_are_judged_one_by_one() -> None:
    rules = DeltaRules(Decimal(40), timedelta(minutes=15))
    readings = [
        DeltaReading("d", hour(3), Decimal(-1)),
        DeltaReading("a", hour(0), Decimal(10)),
        DeltaReading("b", hour(1), Decimal("10.1")),
        DeltaReading("c", hour(2), Decimal("10.1"), timedelta(minutes=30)),
        DeltaReading("e", hour(4), Decimal(11)),
        DeltaReading("f", hour(5), Decimal(1)),
    ]
    believed, disbelieved = judge_deltas(readings, {"e": "believe", "f": "disbelieve"}, rules)
    assert [reading.key for reading in believed] == ["a", "c", "e"]
    assert [(item.reading.key, item.reason) for item in disbelieved] == [
        ("b", "too_fast"),
        ("d", "negative_amount"),
        ("f", "declared_wrong"),
    ]


def correction(hours: float, amount: int) -> Declaration:
    return Declaration("correction", hour(hours), amount=Decimal(amount))


def test_a_correction_adds_its_amount_to_the_step_it_falls_in() -> None:
    stretch = walk(series(100, 110, 120), [correction(1.5, 7)], PLAIN)
    assert kinds(stretch) == [("correction", Decimal(7))]
    assert usage(stretch) == 27
    assert usage(stretch, upto=hour(1)) == 10
    assert usage(walk(series(100, 110, 120), [correction(1, -4)], PLAIN)) == 16


def test_no_rule_of_belief_judges_a_correction() -> None:
    stretch = walk(series(0, 10, 20), [correction(1, 500), correction(2, -90)], AT_MOST_10)
    assert stretch.disbelieved == ()
    assert [item.amount for item in stretch.discontinuities] == [500, -90]
    assert usage(stretch) == 430


def test_a_correction_beside_a_reset_is_one_jump_of_several() -> None:
    reset = Declaration("reset", hour(1.5))
    stretch = walk(series(100, 110, 3), [reset, correction(1.5, 7)], PLAIN)
    assert kinds(stretch) == [("several", Decimal(117))]


def test_a_correction_waits_for_the_next_believed_reading() -> None:
    stretch = walk(series(100, 50, 120), [correction(1, 7)], PLAIN)
    assert reasons(stretch) == [(1, "falling")]
    assert stretch.discontinuities == (Discontinuity(hour(2), Decimal(7), "correction"),)


def test_before_the_first_reading_or_on_a_level_there_is_nothing_to_correct() -> None:
    assert walk(series(100), [correction(0, 7)], PLAIN).discontinuities == ()
    assert walk(series(1, 2), [correction(1, 7)], LevelRules("gauge")).discontinuities == ()


@pytest.mark.parametrize(("kind", "amount"), [("correction", None), ("reset", Decimal(1))])
def test_only_a_correction_has_an_amount(kind: str, amount: Decimal | None) -> None:
    with pytest.raises(ValueError, match="amount"):
        Declaration(kind, START, amount=amount)


def test_of_two_corrections_of_one_instant_the_last_counts() -> None:
    said = [correction(1, 7), Declaration("reset", hour(1)), correction(1, 9)]
    assert [(item.kind, item.amount) for item in in_force(said)] == [
        ("correction", Decimal(9)), ("reset", None),
    ]  # fmt: skip


@given(
    st.lists(st.integers(0, 50), min_size=2, max_size=12),
    st.lists(st.tuples(st.integers(1, 40), st.integers(-9, 9)), max_size=6),
    st.integers(1, 11),
)
def test_corrections_are_the_same_in_one_walk_or_two(
    steps: list[int], said: list[tuple[int, int]], cut: int
) -> None:
    readings = series(*(sum(steps[: n + 1]) for n in range(len(steps))))
    corrections = [correction(quarters / 4, amount) for quarters, amount in said if amount]
    whole = walk(readings, corrections, PLAIN)
    first = walk(readings[:cut], corrections, PLAIN)
    second = walk(readings[cut:], corrections, PLAIN, first.carry)
    assert whole.discontinuities == (*first.discontinuities, *second.discontinuities)
    last = readings[-1].measured_at
    counted = sum(
        (item.amount for item in corrections if item.amount and item.measured_at <= last),
        Decimal(0),
    )
    assert usage(whole) == sum(steps[1:]) + counted
