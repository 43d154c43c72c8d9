from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from apps.common.period import Period, month_period, periods_between, whole_days
from apps.metering.domain.figures import Day, Gap, UsageFigures
from apps.metering.domain.recomputation import differences, recompute
from apps.metering.domain.usage import (
    counter_figures,
    delta_figures,
    delta_usage,
    find_gaps,
)
from apps.telemetry.domain.belief import Declaration, Discontinuity, LevelRules, Reading, walk

ZONE = "Europe/Berlin"
MARCH = month_period("2026-03", ZONE)
DAY = timedelta(days=1)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


def reading(instant: datetime, value: str | int) -> Reading:
    return Reading(instant, Decimal(value))


def test_counter_usage_is_closing_minus_opening_plus_corrections() -> None:
    opening, closing = reading(utc(2026, 2, 28), 100), reading(utc(2026, 3, 30), 30)
    jumps = [Discontinuity(utc(2026, 3, 30), Decimal(110), "reset")]
    assert counter_figures([opening, closing], jumps, "km", MARCH, ZONE).quantity == 40
    assert counter_figures([closing], jumps, "km", MARCH, ZONE).quantity == 0


def test_the_very_first_reading_opens_the_counter() -> None:
    first, closing = reading(utc(2026, 3, 2), 500), reading(utc(2026, 3, 30), 507)
    assert counter_figures([first, closing], [], "km", MARCH, ZONE).quantity == 7
    assert counter_figures([], [], "km", MARCH, ZONE).quantity == 0


def test_deltas_are_summed_exactly() -> None:
    assert delta_usage([Decimal("0.1")] * 10) == 1
    assert delta_usage([]) == 0
    assert delta_usage([Decimal("1e17"), Decimal("1e-12")]) == Decimal(
        "100000000000000000.000000000001"
    )


def test_gaps_are_silences_longer_than_expected() -> None:
    period = Period(utc(2026, 3, 1), utc(2026, 3, 5))
    instants = [utc(2026, 2, 28, 20), utc(2026, 3, 1, 12), utc(2026, 3, 3, 12), utc(2026, 3, 4)]
    assert find_gaps(instants, DAY, period) == (Gap(utc(2026, 3, 1, 12), utc(2026, 3, 3, 12)),)
    assert find_gaps([], DAY, period) == (Gap(period.start, period.end),)
    assert find_gaps([], None, period) == ()
    before = [utc(2026, 2, 27)]
    assert find_gaps(before, 9 * DAY, period) == ()
    late = [utc(2026, 2, 27), utc(2026, 3, 8)]
    assert find_gaps(late, DAY, period) == (Gap(period.start, period.end),)


def test_a_quarter_hour_series_without_holes_has_no_gap() -> None:
    quarter = timedelta(minutes=15)
    period = Period(utc(2026, 3, 1), utc(2026, 3, 2))
    instants = [period.start + n * quarter for n in range(96)]
    assert find_gaps(instants, quarter, period) == ()
    without = [instant for instant in instants if instant != utc(2026, 3, 1, 6)]
    assert find_gaps(without, quarter, period) == (
        Gap(utc(2026, 3, 1, 5, 45), utc(2026, 3, 1, 6, 15)),
    )


def test_a_reading_at_midnight_closes_the_day_that_ends() -> None:
    period = whole_days(date(2026, 3, 28), date(2026, 3, 31), ZONE)
    readings = [
        reading(utc(2026, 3, 27, 23), 0),
        reading(utc(2026, 3, 28, 23), 10),
        reading(utc(2026, 3, 29, 22), 15),
        reading(utc(2026, 3, 30, 21, 59), 40),
    ]
    assert counter_figures(readings, [], "km", period, ZONE).daily == (
        Day(date(2026, 3, 28), Decimal(10)),
        Day(date(2026, 3, 29), Decimal(5)),
        Day(date(2026, 3, 30), Decimal(25)),
    )


def figures_of(stretch_of: list[Reading], period: Period, zone: str) -> UsageFigures:
    stretch = walk(stretch_of, [], LevelRules("counter", restarts_from_zero=True))
    before = [r for r in stretch.believed if r.measured_at <= period.start][-1:]
    inside = [r for r in stretch.believed if period.start < r.measured_at <= period.end]
    jumps = [d for d in stretch.discontinuities if period.start < d.measured_at <= period.end]
    return counter_figures([*before, *inside], jumps, "km", period, zone)


zones = st.sampled_from(
    ["Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu",
     "Africa/Casablanca", "Pacific/Apia"]
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(
    zones,
    st.dates(date(2009, 1, 1), date(2027, 12, 31)),
    st.lists(st.tuples(st.integers(0, 100 * 24 * 4), st.integers(0, 50)), max_size=30),
)
def test_adjoining_periods_add_up_and_days_add_up_to_their_period(
    zone: str, first: date, points: list[tuple[int, int]]
) -> None:
    periods = list(periods_between("month", zone, first, first + timedelta(days=90)))
    begin = periods[0].start
    series = [reading(begin - DAY, 7)] + [
        reading(begin + timedelta(minutes=15 * quarter), value)
        for quarter, value in dict(points).items()
    ]
    series.sort()
    single = [figures_of(series, period, zone) for period in periods]
    whole = figures_of(series, Period(begin, periods[-1].end), zone)
    assert sum(item.quantity for item in single) == whole.quantity
    for item in [*single, whole]:
        assert sum(day.quantity for day in item.daily) == item.quantity
        assert item.quantity >= 0


def exchanged() -> tuple[UsageFigures, list[Reading]]:
    rules = LevelRules("counter", max_rate_per_hour=Decimal(5))
    declared = [
        Declaration("exchange", utc(2026, 3, 9), Decimal(130), Decimal(10)),
        Declaration("disbelieve", utc(2026, 3, 10)),
        Declaration("reset", utc(2026, 4, 9)),
    ]
    readings = [
        reading(utc(2026, 2, 28), 100),
        reading(utc(2026, 3, 5), 120),
        reading(utc(2026, 3, 10), 90),
        reading(utc(2026, 3, 15), 25),
    ]
    stretch = walk(readings, declared, rules)
    figures = counter_figures(
        stretch.believed, stretch.discontinuities, "km", MARCH, ZONE, DAY,
        {"km/2026-03-05": 4}, rules, declared,
    )  # fmt: skip
    return figures, list(stretch.believed)


def test_figures_come_back_from_their_dict() -> None:
    figures, _ = exchanged()
    assert figures.quantity == 30 + 15
    assert [item.kind for item in figures.declarations] == ["exchange"]
    assert UsageFigures.from_dict(figures.to_dict()) == figures


def test_the_same_readings_give_the_same_figures() -> None:
    figures, readings = exchanged()
    assert recompute(figures, readings, MARCH, ZONE) == []


def test_a_changed_reading_or_figure_is_named() -> None:
    figures, readings = exchanged()
    changed = [*readings[:-1], reading(utc(2026, 3, 15), 26)]
    paths = {item.path for item in recompute(figures, changed, MARCH, ZONE)}
    assert {"usage/quantity", "usage/closing/value", "usage/readings_digest"} <= paths
    other = UsageFigures.from_dict({**figures.to_dict(), "quantity": "44"})
    (found,) = recompute(other, readings, MARCH, ZONE)
    assert (found.path, found.stated, found.computed) == ("usage/quantity", "44", "45")


def test_corrections_that_the_declarations_do_not_give_are_found() -> None:
    figures, readings = exchanged()
    without = UsageFigures.from_dict({**figures.to_dict(), "declarations": []})
    found = recompute(without, readings, MARCH, ZONE)
    assert ("readings/2", "believed", "falling") in [
        (item.path, item.stated, item.computed) for item in found
    ]


def corrected() -> tuple[UsageFigures, list[Reading]]:
    rules = LevelRules("counter", max_rate_per_hour=Decimal(5))
    declared = [Declaration("correction", utc(2026, 3, 7), amount=Decimal("-2.5"))]
    readings = [
        reading(utc(2026, 2, 28), 100), reading(utc(2026, 3, 5), 120),
        reading(utc(2026, 3, 10), 130),
    ]  # fmt: skip
    stretch = walk(readings, declared, rules)
    figures = counter_figures(
        stretch.believed, stretch.discontinuities, "km", MARCH, ZONE,
        rules=rules, declarations=declared,
    )  # fmt: skip
    return figures, readings


def test_a_declared_correction_stands_in_the_evidence_and_is_found_again() -> None:
    figures, readings = corrected()
    assert figures.quantity == Decimal("27.5")
    assert [(item.kind, item.amount) for item in figures.corrections] == [
        ("correction", Decimal("-2.5"))
    ]
    assert UsageFigures.from_dict(figures.to_dict()) == figures
    assert recompute(figures, readings, MARCH, ZONE) == []
    (said,) = figures.to_dict()["declarations"]  # type: ignore[misc, attr-defined]
    other = UsageFigures.from_dict(
        {**figures.to_dict(), "declarations": [{**said, "amount": "-2"}]}
    )
    assert {item.path for item in recompute(other, readings, MARCH, ZONE)} == {
        "usage/corrections/0/amount"
    }


def test_a_fall_without_rules_needs_a_correction() -> None:
    readings = [reading(utc(2026, 2, 28), 100), reading(utc(2026, 3, 5), 90)]
    figures = counter_figures(readings, [], "km", MARCH, ZONE)
    assert [item.computed for item in recompute(figures, readings, MARCH, ZONE)] == ["falling"]


def test_readings_out_of_order_or_outside_are_found() -> None:
    figures, readings = exchanged()
    (swapped,) = recompute(figures, [readings[0], readings[2], readings[1]], MARCH, ZONE)
    assert (swapped.path, swapped.computed) == ("readings/2", "order")
    (late,) = recompute(figures, [*readings, reading(utc(2026, 4, 1), 26)], MARCH, ZONE)
    assert (late.path, late.computed) == ("readings/3", "outside")
    deltas = [reading(MARCH.end, 1)]
    (edge,) = recompute(delta_figures(deltas, "kW.h", MARCH, ZONE), deltas, MARCH, ZONE)
    assert edge.computed == "outside"


def test_differences_name_each_leaf() -> None:
    found = differences({"a": [1, {"b": None}], "c": True}, {"a": [1, {"b": "x"}], "c": 1}, "top")
    assert [(item.path, item.stated, item.computed) for item in found] == [
        ("top/a/1/b", "nothing", "x"),
        ("top/c", "True", "1"),
    ]
    assert differences([1], [1, 2], "top")[0].stated == "1 entries"
