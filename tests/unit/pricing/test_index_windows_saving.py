"""Price index, time-of-use windows, shared saving."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.pricing.circumstances import Circumstances, ContractYear
from apps.pricing.explain import sentences
from apps.pricing.registry import PlanError
from apps.pricing.values import PricingError, ServiceDays
from apps.pricing.windows import WindowCalendar
from tests.unit.pricing.plans import (
    PEAK,
    REST,
    circumstances,
    flat,
    index,
    metered,
    minors,
    over,
    plan,
    run,
    tiers,
    time_of_use,
    used,
)

HOURS = metered("per_unit", unit_price="0.067")
INDEXABLE: list[dict[str, Any]] = [
    flat("49"),
    HOURS,
    metered("graduated", tiers=tiers(("10", "1"), (None, "0.5", "2"))),
    metered("volume", tiers=tiers(("10", "1"), (None, "0.5", "2"))),
    metered("package", size="10", unit_price="5"),
    metered("stairstep", tiers=[{"up_to": None, "amount": "20"}]),
    metered("shared_saving", baseline="100", unit_price="2", share="30"),
    over("minimum", amount="100"),
]


def test_an_index_moves_the_price_by_its_weight() -> None:
    charge = {**HOURS, "index": index()}
    (line,) = run([charge], used("55"), around=circumstances("120")).lines
    assert (line.unit_price, line.net_minor) == (Decimal("0.0737"), 405)  # 4.0535
    assert sentences(line, "en")[1:5] == [
        "Producer prices, steel for 2026-02: 120, published on 2026-03-20.",
        "(100 + 0.5 × (120 − 100)) ÷ 100 = 1.1, to 12 decimals, half up.",
        "0.067\u00a0EUR × 1.1 = 0.0737\u00a0EUR, to 12 decimals, half up.",
        "55\u00a0h × 0.0737\u00a0EUR = 4.0535\u00a0EUR.",
    ]


def test_the_factor_has_12_decimals_half_up() -> None:
    charge = {**HOURS, "unit_price": "1", "index": index(base="3", weight="1")}
    (line,) = run([charge], used("1"), around=circumstances("2")).lines
    assert line.unit_price == Decimal("0.666666666667")


@pytest.mark.parametrize(
    ("value", "factor"), [("50", "0.95"), ("90", "0.95"), ("100", "1"), ("130", "1.1")]
)
def test_the_band_holds_the_factor(value: str, factor: str) -> None:
    charge = {**HOURS, "unit_price": "1", "index": index(low="0.95", high="1.1")}
    (line,) = run([charge], used("1"), around=circumstances(value)).lines
    assert line.unit_price == Decimal(factor)


@pytest.mark.parametrize("charge", INDEXABLE, ids=lambda item: str(item["model"]))
def test_weight_0_is_no_index_and_a_missing_value_is_refused(charge: dict[str, Any]) -> None:
    plain = run([charge], used("55"))
    still = {**charge, "index": index(weight="0")}
    assert minors(run([still], used("55"), around=circumstances("777"))) == minors(plain)
    moved = {**charge, "index": index(weight="1")}
    double = run([moved], used("55"), around=circumstances("200"))
    assert [line.amount for line in double.lines] == [2 * line.amount for line in plain.lines]
    with pytest.raises(PricingError, match="no_index_value"):
        run([moved], used("55"))


def test_a_charge_over_others_follows_no_index() -> None:
    with pytest.raises(PlanError, match="unknown_key"):
        plan(HOURS, over("percentage", percent="1", index=index()))


@pytest.mark.parametrize(
    ("change", "place", "reason"),
    [
        ({"base": "0"}, "base", "not_positive"),
        ({"weight": "1.1"}, "weight", "above_limit"),
        ({"series": "no good"}, "series", "bad_series"),
        ({"low": "1.1", "high": "0.9"}, "high", "band_upside_down"),
        ({"colour": "red"}, "colour", "unknown_key"),
    ],
)
def test_a_bad_index_names_its_place(change: dict[str, str], place: str, reason: str) -> None:
    with pytest.raises(PlanError) as refused:
        plan({**HOURS, "index": index(**change)})
    assert (refused.value.path, refused.value.reason) == (f"charges[0].index.{place}", reason)


def test_each_window_is_a_line_with_its_price() -> None:
    period = run([time_of_use()], used("10.5", peak="10", rest="0.5"))
    assert minors(period) == [300, 10]
    assert [line.key for line in period.lines] == [("use", 1, "ast_a"), ("use", 2, "ast_a")]
    assert period.lines[1].title == {"de": "Use, Niedertarif", "en": "Use, Off-peak"}
    assert sentences(period.lines[0], "de")[:2] == [
        "Nutzung von A: 10,5\u00a0h.",
        "Zeitfenster Hochtarif: 10\u00a0h.",
    ]


def test_zero_usage_is_one_line_in_the_first_window() -> None:
    (line,) = run([time_of_use()], used("0", peak="0", rest="0")).lines
    assert (line.tier, line.net_minor) == (1, 0)
    assert minors(run([time_of_use()], used("0"))) == [0]
    assert minors(run([time_of_use()])) == []
    assert minors(run([time_of_use(pooling="pooled")])) == [0]
    only_rest = run([time_of_use()], used("1", rest="1"))
    assert [(line.tier, line.net_minor) for line in only_rest.lines] == [(2, 20)]


def test_windows_are_pooled_and_converted() -> None:
    usage = (
        used("60", unit="min", peak="30", rest="30"),
        used("1", "b", peak="1", rest="0"),
    )
    assert minors(run([time_of_use()], *usage)) == [15, 10, 30]
    assert minors(run([time_of_use(pooling="pooled")], *usage)) == [45, 10]


@pytest.mark.parametrize(
    ("windows", "reason"),
    [
        ({}, "no_windows"),
        ({"peak": "9", "rest": "0.5"}, "windows_do_not_tile"),
        ({"peak": "10", "night": "0.5"}, "windows_do_not_tile"),
        ({"peak": "11", "rest": "-0.5"}, "negative_usage"),
    ],
)
def test_windows_that_are_not_the_whole_are_refused(windows: dict[str, str], reason: str) -> None:
    with pytest.raises(PricingError, match=reason):
        run([time_of_use()], used("10.5", **windows))


def clock(*parts: int) -> datetime:
    """A local clock time; only its day and hour are looked at."""
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc]


def hours(*days: int, start: int, end: int) -> dict[str, Any]:
    return {"days": list(days), "from": start, "to": end}


@pytest.mark.parametrize(
    ("windows", "path", "reason", "params"),
    [
        ([PEAK], "windows", "windows_leave_a_gap", {"day": "1", "hour": "00:00"}),
        ([PEAK, {**REST, "hours": [hours(1, start=21, end=23)]}], "windows[1].hours",
         "windows_overlap", {"other": "peak", "day": "1", "hour": "21:00"}),
        ([REST, {**REST, "code": "other"}], "windows", "two_rests", {}),
        ([PEAK, {**PEAK, "title": "x"}], "windows[1].code", "repeated_code", {}),
        ([{**PEAK, "hours": [hours(8, start=0, end=1)]}, REST], "windows[0].hours[0].days",
         "not_within", {}),
        ([{**PEAK, "hours": [hours(1, start=5, end=5)]}, REST], "windows[0].hours[0].to",
         "empty_span", {}),
        ([{**PEAK, "hours": [{"days": [], "from": 1, "to": 2}]}, REST],
         "windows[0].hours[0].days", "missing_days", {}),
        ([{**PEAK, "hours": [{"days": [1], "from": "6", "to": 2}]}, REST],
         "windows[0].hours[0].from", "not_within", {}),
    ],
)  # fmt: skip
def test_windows_tile_the_week(
    windows: list[Any], path: str, reason: str, params: dict[str, str]
) -> None:
    with pytest.raises(PlanError) as refused:
        plan(metered("time_of_use", windows=windows))
    assert (refused.value.path, refused.value.reason) == (f"charges[0].{path}", reason)
    assert params.items() <= refused.value.params.items()


def test_the_calendar_knows_the_window_of_a_clock_time() -> None:
    calendar = plan(time_of_use(holidays=["2026-12-25"])).calendars["m"]["use"]
    assert calendar.codes == ("rest", "peak")
    friday, saturday = clock(2026, 3, 6, 21, 59), clock(2026, 3, 7, 12)
    assert (calendar.window_at(friday), calendar.window_at(saturday)) == ("peak", "rest")
    assert calendar.window_at(clock(2026, 3, 6, 22)) == "rest"
    assert calendar.window_at(clock(2026, 12, 25, 12)) == "rest"  # a Friday and a holiday
    assert calendar.holidays == {date(2026, 12, 25)}
    assert WindowCalendar.from_dict(calendar.to_dict()) == calendar


def test_hours_past_midnight_run_into_the_next_day() -> None:
    night = {**PEAK, "code": "night", "hours": [hours(7, start=22, end=6)]}
    calendar = plan(metered("time_of_use", windows=[night, REST])).calendars["m"]["use"]
    assert calendar.window_at(clock(2026, 3, 8, 22)) == "night"  # Sunday
    assert calendar.window_at(clock(2026, 3, 9, 5)) == "night"
    assert calendar.window_at(clock(2026, 3, 9, 6)) == "rest"


def test_one_window_may_hold_the_whole_week() -> None:
    whole = {**PEAK, "hours": [hours(1, 2, 3, 4, 5, 6, 7, start=0, end=24)]}
    assert minors(run([metered("time_of_use", windows=[whole])], used("1", peak="1"))) == [30]


SAVING = metered("shared_saving", baseline="1000", unit_price="0.30", share="40")


@pytest.mark.parametrize(
    ("measured", "quantity", "minor"),
    [("0", "1000", 12000), ("800", "200", 2400), ("999.99", "0.01", 0), ("1000", "0", 0),
     ("1200", "0", 0)],
)  # fmt: skip
def test_a_share_of_the_saving(measured: str, quantity: str, minor: int) -> None:
    (line,) = run([SAVING], used(measured)).lines
    assert (line.quantity, line.net_minor) == (Decimal(quantity), minor)
    assert line.unit_price == Decimal("0.12")


def test_below_zero_only_if_the_plan_says_so() -> None:
    (line,) = run([{**SAVING, "floor": "none"}], used("1200")).lines
    assert (line.quantity, line.unit_price, line.net_minor) == (-200, Decimal("0.12"), -2400)


def test_a_saving_that_nobody_measured_is_refused() -> None:
    with pytest.raises(PricingError, match="nothing_measured"):
        run([SAVING])


def test_the_baseline_follows_the_covered_days() -> None:
    (line,) = run([SAVING], used("100"), days=ServiceDays(30, 15)).lines
    assert (line.quantity, line.net_minor) == (400, 4800)
    assert sentences(line, "en")[1:3] == [
        "Baseline: 1,000\u00a0h × 15 of 30 days = 500\u00a0h, to 12 decimals, half up.",
        "Saved: 500\u00a0h − 100\u00a0h = 400\u00a0h.",
    ]


@given(st.decimals(0, 1000, places=4), st.decimals(0, 1000, places=4))
def test_a_higher_index_never_lowers_the_price(a: Decimal, b: Decimal) -> None:
    charge = {**HOURS, "index": index(low="0.5", high="1.5")}
    low, high = (run([charge], used("55"), around=circumstances(str(item))).net.minor
                 for item in sorted((a, b)))  # fmt: skip
    assert low <= high


def test_circumstances_come_back_from_their_dict() -> None:
    year = ContractYear(True, ServiceDays(365, 30), {"use": -5, "base": 10})
    whole = circumstances("120.5", year)
    assert Circumstances.from_dict(whole.to_dict()) == whole
    assert Circumstances().to_dict() is None
    assert Circumstances.from_dict(None) == Circumstances()
    for bad in ([], {"indices": 5, "year": None}, {"indices": [], "year": {"closes": 1}}):
        with pytest.raises((TypeError, KeyError)):
            Circumstances.from_dict(bad)
