"""Figures of what counts under rules, computed again from the readings of the evidence."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from apps.common.period import month_period
from apps.metering.domain.counted import CountFigures
from apps.metering.domain.counting import conditions_figures, counted_figures
from apps.metering.domain.figures import HostFigures, UsageFigures
from apps.metering.domain.recomputation import recompute
from apps.metering.domain.usage import digest_of
from apps.pricing.windows import WindowCalendar
from apps.telemetry.domain.belief import LevelRules, Reading
from apps.telemetry.domain.conditions import CountCondition
from apps.telemetry.domain.counted_counters import counted_counter
from apps.telemetry.domain.counting import CountRules

ZONE = "Europe/Berlin"
MARCH = month_period("2026-03", ZONE)
BELIEF = LevelRules("counter", max_rate_per_hour=Decimal(2))
LOADED = CountCondition("state", "1", "is_one_of", (Decimal(1),), 31 * 86_400)
RULES = CountRules((LOADED,), "straight_line", 86_400)
NIGHT = WindowCalendar(
    tuple("night" if hour < 6 else "day" for _ in range(7) for hour in range(24))
)


def at(day: int, hour: int, value: int) -> Reading:
    return Reading(
        datetime(2026, 3, 1, tzinfo=UTC) + timedelta(days=day - 1, hours=hour), Decimal(value)
    )


OWN = [at(1, -12, 100), at(10, 4, 140), at(10, 16, 150), at(35, 12, 400)]
STATES = [at(1, 0, 1), at(10, 10, 0), at(20, 0, 1)]


def stated() -> UsageFigures:
    found = counted_counter(OWN, (), RULES, MARCH, [STATES])
    counting = CountFigures.of(
        RULES, found, is_first=False, since=MARCH.start, until=OWN[-1].measured_at,
        states_since=OWN[0].measured_at,
    )  # fmt: skip
    source = conditions_figures("1", digest_of(STATES, is_delta=False), len(STATES), {})
    return counted_figures(
        found, counting, "h", MARCH, ZONE, digest=digest_of(OWN, is_delta=False),
        reading_count=len(OWN), rules=BELIEF, calendars={"hours": NIGHT},
        sources=[HostFigures("a", "Press", "state", source)],
    )  # fmt: skip


def differing(
    figures: UsageFigures, own: list[Reading] = OWN, states: list[Reading] = STATES
) -> set[str]:
    return {item.path for item in recompute(figures, [*own, *states], MARCH, ZONE)}


def test_they_are_the_same_again_in_days_and_windows_too() -> None:
    figures = stated()
    assert differing(figures) == set()
    assert sum(day.quantity for day in figures.daily) == figures.quantity
    assert sum(figures.windows[0].quantities.values()) == figures.quantity
    assert UsageFigures.from_dict(figures.to_dict()) == figures


def test_each_figure_and_reading_that_was_changed_is_named() -> None:
    figures = stated()
    assert figures.counting is not None
    for changed, path in (
        (replace(figures, quantity=Decimal(1)), "usage/quantity"),
        (
            replace(figures, counting=replace(figures.counting, gross=Decimal(1))),
            "usage/counting/gross",
        ),
        (
            replace(figures, counting=replace(figures.counting, estimates=())),
            "usage/counting/estimates",
        ),
        (replace(figures, closing=OWN[2]), "usage/closing/value"),
    ):
        assert path in differing(changed), path
    moved = [*STATES[:2], at(21, 0, 1)]
    assert "usage/sources/0/usage/readings_digest" in differing(figures, states=moved)
    assert "usage/readings_digest" in differing(figures, own=[*OWN[:3], at(35, 12, 401)])
    # A reading that the stated rules would not believe.
    assert "readings/2" in differing(figures, own=[*OWN[:2], at(10, 16, 300), OWN[3]])


def test_readings_out_of_order_or_missing_make_every_figure_meaningless() -> None:
    figures = stated()
    assert "readings/1" in differing(figures, own=[OWN[1], OWN[0], *OWN[2:]])
    assert "usage/sources/0" in differing(figures, states=[*STATES[:2], at(40, 0, 1)])
    with pytest.raises(ValueError, match="readings are stated"):
        recompute(figures, OWN, MARCH, ZONE)
    counting = figures.counting
    assert counting is not None
    late = replace(figures, counting=replace(counting, states_since=MARCH.end))
    assert differing(late) == {"usage/counting/states_since"}
