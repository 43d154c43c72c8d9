"""Where windows of the week begin on the line of UTC instants."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.common.period import Period, month_period
from apps.metering.domain.told_apart import (
    ChargeWindows,
    counter_windows,
    windows_from_text,
    windows_of_parts,
    windows_to_text,
)
from apps.metering.domain.usage import Steps, counter_steps
from apps.pricing.changes import by_window, cuts_of, spread_by_hours, windows_added
from apps.pricing.windows import WindowCalendar
from apps.telemetry.domain.belief import Discontinuity, Reading
from apps.telemetry.domain.meters import Weighing


def steps_of(readings: list[Reading], jumps: list[Discontinuity]) -> Steps:
    return counter_steps(readings, jumps, Weighing(()))


def parts_of(amounts: list[Reading]) -> list[tuple[datetime, Decimal]]:
    return [(item.measured_at, item.value) for item in amounts]


NIGHTS = WindowCalendar(
    tuple("night" if hour < 2 or hour >= 22 else "day" for _ in range(7) for hour in range(24))
)
# Clocks change by an hour, by half an hour, at midnight, never; zones half an hour off, and 5:45.
ZONES = {
    "Europe/Berlin": ("2026-03", "2026-10"), "Australia/Lord_Howe": ("2026-04", "2026-10"),
    "America/St_Johns": ("2026-03", "2026-11"), "Asia/Kathmandu": ("2026-05",),
    "Africa/Casablanca": ("2026-02", "2026-03"), "Africa/Cairo": ("2026-04", "2026-10"),
}  # fmt: skip
MONTHS = [(zone, month) for zone, months in ZONES.items() for month in months]
weeks = st.lists(st.sampled_from(["a", "b", "c"]), min_size=168, max_size=168).map(tuple)
holidays = st.frozensets(st.dates(date(2026, 1, 1), date(2026, 12, 31)), max_size=3)
calendars = st.builds(WindowCalendar, weeks, holidays)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("zone", "day", "cuts"),
    [
        # Winter time; then the night in which 2:00 becomes 3:00: the day begins at 1:00 UTC.
        ("Europe/Berlin", utc(2026, 3, 28), [utc(2026, 3, 28, 1), utc(2026, 3, 28, 21)]),
        ("Europe/Berlin", utc(2026, 3, 28, 22), [utc(2026, 3, 29, 1), utc(2026, 3, 29, 20)]),
        # 3:00 becomes 2:00 at 1:00 UTC: the hour that comes twice lies in the day both times.
        ("Europe/Berlin", utc(2026, 10, 24, 22), [utc(2026, 10, 25), utc(2026, 10, 25, 21)]),
        # Lord Howe is 11 hours ahead, 10:30 in winter; 2:00 becomes 1:30 at 15:00 UTC of 4 April.
        ("Australia/Lord_Howe", utc(2026, 4, 4, 13),
         [utc(2026, 4, 4, 15, 30), utc(2026, 4, 5, 11, 30)]),
        # 2:00 becomes 2:30 on 4 October at 15:30 UTC: the night ends as ever, at that instant.
        ("Australia/Lord_Howe", utc(2026, 10, 3, 13), [utc(2026, 10, 3, 15, 30), utc(2026, 10, 4, 11)]),
        ("Asia/Kathmandu", utc(2026, 5, 1), [utc(2026, 5, 1, 16, 15), utc(2026, 5, 1, 20, 15)]),
    ],
)  # fmt: skip
def test_windows_begin_by_the_local_clock(zone: str, day: datetime, cuts: list[datetime]) -> None:
    assert list(cuts_of([NIGHTS], Period(day, day + timedelta(hours=24)), zone)) == cuts


@pytest.mark.parametrize(("zone", "month"), MONTHS)
@settings(deadline=None, max_examples=10)
@given(calendar=calendars)
def test_every_minute_lies_in_the_window_of_its_piece(
    zone: str, month: str, calendar: WindowCalendar
) -> None:
    period, place = month_period(month, zone), ZoneInfo(zone)
    cuts = cuts_of([calendar], period, zone)
    assert list(cuts) == sorted(set(cuts))
    starts = [period.start, *cuts]
    ends = [*cuts, period.end]
    for start, end in zip(starts, ends, strict=True):
        window = calendar.window_at(start.astimezone(place))
        instant = start
        while instant < end:
            assert calendar.window_at(instant.astimezone(place)) == window
            instant += timedelta(minutes=15)
    # Neighbours differ: nothing is cut that need not be.
    windows = [calendar.window_at(start.astimezone(place)) for start in starts]
    assert all(one != other for one, other in pairwise(windows))


@settings(deadline=None)
@given(
    zone_month=st.sampled_from(MONTHS), calendar=calendars,
    minutes=st.lists(st.integers(-4000, 45_000), unique=True, max_size=30),
    values=st.lists(st.integers(0, 10**6), min_size=30, max_size=30), jumps=st.booleans(),
)  # fmt: skip
def test_windows_sum_to_the_quantity_and_pieces_say_the_same(
    zone_month: tuple[str, str], calendar: WindowCalendar, minutes: list[int], values: list[int],
    jumps: bool,
) -> None:  # fmt: skip
    zone, month = zone_month
    period = month_period(month, zone)
    instants = [period.start + timedelta(minutes=minute) for minute in sorted(minutes)]
    inside = [at for at in instants if at <= period.end]
    readings = [Reading(at, Decimal(value) / 8) for at, value in zip(inside, values, strict=False)]
    # Of those before the period only the last one opens it.
    early = [item for item in readings if item.measured_at <= period.start]
    readings = readings[max(len(early) - 1, 0) :]
    said = [Discontinuity(item.measured_at, Decimal(7), "reset") for item in readings[2::3]]
    said = said if jumps else []
    (found,) = counter_windows({"use": calendar}, steps_of(readings, said), period, zone)
    whole = readings[-1].value - readings[0].value if readings else Decimal(0)
    whole += sum(item.amount for item in said if item.measured_at > readings[0].measured_at)
    assert sum(found.quantities.values()) == whole
    assert set(found.quantities) == set(calendar.codes)
    amounts = [item for item in readings if item.measured_at in period]
    (deltas,) = windows_of_parts({"use": calendar}, parts_of(amounts), zone)
    assert sum(deltas.quantities.values()) == sum(item.value for item in amounts)
    assert ChargeWindows.from_dict(found.to_dict()) == found


@settings(deadline=None)
@given(calendar=calendars, quantity=st.decimals(0, 10**6, places=3))
def test_a_made_up_quantity_is_spread_to_the_last_digit(
    calendar: WindowCalendar, quantity: Decimal
) -> None:
    parts = spread_by_hours(calendar, quantity)
    assert sum(parts.values()) == quantity
    assert min(parts.values()) >= 0


def test_two_records_of_one_asset_are_one() -> None:
    one = {"use": {"a": Decimal(1), "b": Decimal(2)}}
    assert windows_added(one, {"use": {"b": Decimal(3)}}) == {
        "use": {"a": Decimal(1), "b": Decimal(5)}
    }
    assert windows_added(None, one) == windows_added(one, None) == one
    assert windows_from_text(windows_to_text(one)) == one
    assert windows_from_text(windows_to_text(None)) is None


def test_an_edge_belongs_to_what_ends_for_a_step_and_to_what_begins_for_an_amount() -> None:
    period = Period(utc(2026, 5, 4), utc(2026, 5, 5))
    at = [Reading(utc(2026, 5, 4, hour), Decimal(hour)) for hour in (0, 2, 4)]
    (steps,) = counter_windows({"use": NIGHTS}, steps_of(at, []), period, "UTC")
    assert steps.quantities == {"night": 2, "day": 2}
    (amounts,) = windows_of_parts({"use": NIGHTS}, parts_of(at), "UTC")
    assert amounts.quantities == {"night": 0, "day": 6}
    assert by_window(NIGHTS, [], "UTC") == {"night": 0, "day": 0}
