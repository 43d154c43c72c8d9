"""A component's usage: worked numbers, and the laws for any mountings and readings."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.common.period import Period, month_period, periods_between
from apps.metering.domain.components import (
    HostReadings,
    component_figures,
    counter_track,
    delta_track,
    empty_times,
    mounted_part,
    states_figures,
)
from apps.metering.domain.figures import UsageFigures
from apps.metering.domain.parts import Condition, Part, Stay
from apps.metering.domain.recomputation import recompute
from apps.metering.domain.stays import Carried, stays_of
from apps.metering.domain.usage import counter_figures, delta_figures
from apps.telemetry.domain.belief import LevelRules, Reading, walk

ZONE = "Europe/Berlin"
MARCH = month_period("2026-03", ZONE)
RULES = LevelRules("counter", restarts_from_zero=True)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


def readings(*pairs: tuple[datetime, str]) -> list[Reading]:
    return [Reading(at, Decimal(value)) for at, value in pairs]


def host(
    name: str, series: Sequence[Reading], period: Period = MARCH, zone: str = ZONE
) -> HostReadings:
    """A host's counter in a period, judged as telemetry does."""
    stretch = walk(series, [], RULES)
    before = [item for item in stretch.believed if item.measured_at <= period.start][-1:]
    inside = [item for item in stretch.believed if period.start < item.measured_at <= period.end]
    jumps = [item for item in stretch.discontinuities if item.measured_at <= period.end]
    own = [*before, *inside]
    figures = counter_figures(own, jumps, "km", period, zone, rules=RULES)
    return HostReadings(name, name.title(), "odometer", figures, own)


def stay(name: str, start: datetime, end: datetime | None, **more: Any) -> Stay:
    return Stay(name, name.title(), more.pop("position", "FL"), start, end, **more)


ONE = readings((utc(2026, 2, 28, 20), "1000"), (utc(2026, 3, 14, 9), "2300"),
               (utc(2026, 3, 14, 11), "2400"), (utc(2026, 3, 31, 12), "4000"))  # fmt: skip
TWO = readings((utc(2026, 2, 28, 20), "412000"), (utc(2026, 3, 14, 8), "413000"),
               (utc(2026, 3, 14, 12), "413200"), (utc(2026, 3, 31, 12), "415000"))  # fmt: skip
MOVED = utc(2026, 3, 14, 10)


def test_a_tire_that_moves_takes_each_trucks_kilometres_and_not_the_odometers_difference() -> None:
    stays = [stay("one", utc(2026, 1, 1), MOVED), stay("two", MOVED, None)]
    figures = component_figures(stays, [host("one", ONE), host("two", TWO)], "km", MARCH, ZONE)
    first, second = figures.parts
    # Half of the hour-long steps around the move: 2300 + 100 × 1/2 and 413000 + 200 × 2/4.
    assert (first.closing.value, first.closing.interpolated) == (2350, True)  # type: ignore[union-attr]
    assert (second.opening.value, second.opening.interpolated) == (413100, True)  # type: ignore[union-attr]
    assert (first.quantity, second.quantity) == (1350, 1900)
    assert figures.quantity == 3250
    assert sum(day.quantity for day in figures.daily) == 3250
    assert UsageFigures.from_dict(figures.to_dict()) == figures


def test_a_counter_value_carried_by_the_mounting_makes_the_edge_exact_and_a_late_one_too() -> None:
    carried = [*TWO, *readings((MOVED, "413020"))]
    sources = [host("one", ONE), host("two", sorted(carried))]
    figures = component_figures([stay("two", MOVED, None)], sources, "km", MARCH, ZONE)
    [part] = figures.parts
    assert (part.opening.value, part.opening.interpolated) == (413020, False)  # type: ignore[union-attr]
    assert part.quantity == 1980


def test_a_reset_of_the_host_is_a_correction_of_the_part_it_falls_into() -> None:
    series = readings((utc(2026, 2, 28), "100"), (utc(2026, 3, 10), "160"),
                      (utc(2026, 3, 20), "40"), (utc(2026, 3, 30), "70"))  # fmt: skip
    stays = [stay("one", utc(2026, 1, 1), utc(2026, 3, 15)), stay("one", utc(2026, 3, 15), None)]
    figures = component_figures(stays, [host("one", series)], "km", MARCH, ZONE)
    # 160 → restart → 40 is one step of 40, from the 10th to the 20th: half of it by the 15th.
    first, second = figures.parts
    assert (first.closing.value, second.opening.value) == (180, 180)  # type: ignore[union-attr]
    # 180 − 100; and 70 − 180 + 160 for the restart.
    assert (first.gross, second.gross) == (80, 50)
    assert [len(part.corrections) for part in figures.parts] == [0, 1]


@pytest.mark.parametrize(
    ("factor", "expected"), [("0", "0"), ("0.5", "675"), ("0.3333", "449.955")]
)
def test_a_positions_factor_is_exact_and_the_days_still_sum(factor: str, expected: str) -> None:
    stays = [stay("one", utc(2026, 1, 1), MOVED, factor=Decimal(factor))]
    figures = component_figures(stays, [host("one", ONE)], "km", MARCH, ZONE)
    assert figures.quantity == Decimal(expected)
    assert figures.parts[0].gross == 1350
    assert sum(day.quantity for day in figures.daily) == figures.quantity


def test_a_lift_axle_counts_only_while_it_is_down() -> None:
    down = Condition("one", "One", "axle_down", Decimal(1))
    states = readings((utc(2026, 3, 2), "1"), (utc(2026, 3, 14, 10), "0"), (utc(2026, 3, 31), "1"))
    source = HostReadings("one", "One", "axle_down", states_figures(states, "1"), states)
    stays = [stay("one", utc(2026, 1, 1), None, conditions=(down,))]
    sources = [host("one", ONE), source]
    figures = component_figures(stays, sources, "km", MARCH, ZONE)
    [part] = figures.parts
    assert part.gross == 3000
    track = counter_track(ONE, [])
    assert track is not None
    expected = (track.used(utc(2026, 3, 14, 10)) - track.used(utc(2026, 3, 2))) + (
        track.used(utc(2026, 3, 31, 12)) - track.used(utc(2026, 3, 31))
    )
    assert part.counted == expected
    assert 0 < part.counted < part.gross
    every = [reading for item in sources for reading in item.readings]
    assert recompute(figures, every, MARCH, ZONE) == []
    assert sum(day.quantity for day in figures.daily) == figures.quantity


def test_amounts_belong_to_whoever_was_mounted_at_their_instant() -> None:
    amounts = readings((utc(2026, 3, 5), "4"), (MOVED, "6"), (utc(2026, 3, 20), "1"))
    own = HostReadings("one", "One", "energy", delta_figures(amounts, "km", MARCH, ZONE), amounts)
    stays = [stay("one", utc(2026, 1, 1), MOVED)]
    figures = component_figures(stays, [own], "km", MARCH, ZONE)
    assert figures.quantity == 4
    assert delta_track(amounts, MARCH).used(MARCH.end) == 11
    assert recompute(figures, amounts, MARCH, ZONE) == []


def test_usage_passes_through_a_trailer_to_the_tractor_that_draws_it() -> None:
    rows = [
        Carried("tire", "trailer", "Trailer", "TL", utc(2026, 3, 1), None, Decimal("0.5"), None, False),
        Carried("trailer", "one", "One", "coupling", utc(2026, 2, 1), utc(2026, 3, 10)),
        Carried("trailer", "two", "Two", "coupling", utc(2026, 3, 12), None, Decimal("0.5")),
        Carried("other", "one", "One", "FL", utc(2026, 2, 1), None),
    ]  # fmt: skip
    first, second = stays_of("tire", rows)
    assert (first.host, first.via, first.start, first.end) == (
        "one", ("Trailer",), utc(2026, 3, 1), utc(2026, 3, 10),
    )  # fmt: skip
    assert (second.position, second.factor, second.end) == ("TL", Decimal("0.25"), None)
    circle = [Carried("a", "b", "B", "x", utc(2026, 1, 1), None, runs=False),
              Carried("b", "a", "A", "x", utc(2026, 1, 1), None, runs=False)]  # fmt: skip
    assert stays_of("a", circle) == []


zones = st.sampled_from(["Europe/Berlin", "America/St_Johns", "Pacific/Apia", "Asia/Kathmandu"])
QUARTERS = 92 * 24 * 4
moments = st.integers(-200, QUARTERS)
counts = st.lists(st.tuples(moments, st.integers(0, 40)), max_size=25)


def believed(points: list[tuple[int, int]], begin: datetime) -> list[Reading]:
    """A counter that never falls below what it showed, with restarts where it does."""
    found = {begin + timedelta(minutes=15 * quarter): value for quarter, value in points}
    return [Reading(at, Decimal(value)) for at, value in sorted(found.items())]


@settings(max_examples=80, deadline=None)
@given(
    zones, counts, st.lists(moments, max_size=12), st.lists(st.booleans(), min_size=13, max_size=13)
)
def test_a_positions_parts_and_empty_times_sum_to_the_host_and_periods_add_up(
    zone: str, points: list[tuple[int, int]], cuts: list[int], taken: list[bool]
) -> None:
    """`cuts` divide the time of one position; every other stretch holds a component or nothing."""
    first = date(2011, 11, 1)
    periods = list(periods_between("month", zone, first, date(2012, 2, 1)))
    begin = periods[0].start
    series = believed(points, begin)
    edges = sorted({begin + timedelta(minutes=15 * cut) for cut in cuts})
    bounds = [begin - timedelta(days=900), *edges, None]
    stays = [
        stay("one", start, end)  # type: ignore[arg-type]
        for start, end, here in zip(bounds, bounds[1:], taken, strict=False)
        if here
    ]
    whole = Period(begin, periods[-1].end)
    totals = []
    for period in [*periods, whole]:
        source = host("one", series, period, zone)
        track = counter_track(source.readings, source.figures.corrections)
        if track is None:
            totals.append([Decimal(0)] * len(stays))
            continue
        empty = [stay("one", start, end) for start, end in empty_times(stays, track.window)]
        parts = [part for item in [*stays, *empty] if (part := mounted_part(item, track, {}))]
        assert sum(part.gross for part in parts) == source.figures.quantity
        assert all(part.gross >= 0 for part in parts)
        totals.append([gross_of(item, track) for item in stays])
        figures = component_figures(stays, [source], "km", period, zone)
        assert sum(day.quantity for day in figures.daily) == figures.quantity
        assert recompute(figures, source.readings, period, zone) == []
        assert UsageFigures.from_dict(figures.to_dict()) == figures
    for number in range(len(stays)):
        assert sum(row[number] for row in totals[:-1]) == totals[-1][number]


def gross_of(item: Stay, track: Any) -> Decimal:
    part: Part | None = mounted_part(item, track, {})
    return Decimal(0) if part is None else part.gross


@settings(max_examples=40, deadline=None)
@given(counts, counts, st.lists(moments, min_size=1, max_size=6), counts)
def test_a_component_between_two_hosts_is_recomputed_and_late_readings_keep_every_law(
    ones: list[tuple[int, int]], twos: list[tuple[int, int]], moves: list[int],
    late: list[tuple[int, int]],
) -> None:  # fmt: skip
    """It moves back and forth, more than once a day where the moves lie close."""
    begin = MARCH.start
    instants = sorted({begin + timedelta(minutes=15 * move) for move in moves})
    bounds = [begin - timedelta(days=9), *instants, None]
    stays = [
        stay(("one", "two")[number % 2], start, end)  # type: ignore[arg-type]
        for number, (start, end) in enumerate(pairwise(bounds))
    ]
    for more in ([], late):
        sources = [host("one", believed(ones + more, begin)), host("two", believed(twos, begin))]
        figures = component_figures(stays, sources, "km", MARCH, ZONE)
        every = [reading for item in sources for reading in item.readings]
        assert recompute(figures, every, MARCH, ZONE) == []
        assert sum(day.quantity for day in figures.daily) == figures.quantity
        whole = sum(item.figures.quantity for item in sources)
        assert 0 <= figures.quantity <= whole


def test_the_verifier_names_a_changed_part_a_changed_source_and_two_places_at_once() -> None:
    stays = [stay("one", utc(2026, 1, 1), MOVED), stay("two", MOVED, None)]
    sources = [host("one", ONE), host("two", TWO)]
    figures = component_figures(stays, sources, "km", MARCH, ZONE)
    every = [reading for item in sources for reading in item.readings]
    assert recompute(figures, every, MARCH, ZONE) == []
    form: dict[str, Any] = figures.to_dict()
    form["parts"][0]["quantity"] = "1351"
    found = recompute(UsageFigures.from_dict(form), every, MARCH, ZONE)
    assert [(item.path, item.stated, item.computed) for item in found] == [
        ("usage/parts/0/quantity", "1351", "1350")
    ]
    form = figures.to_dict()
    form["parts"][1]["start"] = "2026-03-14T09:30:00Z"
    paths = {item.path for item in recompute(UsageFigures.from_dict(form), every, MARCH, ZONE)}
    assert "usage/parts/1" in paths
    assert "usage/quantity" in paths
    changed = [*every[:-1], Reading(every[-1].measured_at, Decimal("415001"))]
    paths = {item.path for item in recompute(figures, changed, MARCH, ZONE)}
    assert {"usage/quantity", "usage/sources/1/usage/quantity"} <= paths
    assert "usage/sources/1/usage/readings_digest" in paths
    assert recompute(figures, every[:-1], MARCH, ZONE)[0].path == "usage/sources"
