from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.common.period import (
    Period,
    add_months,
    local_date,
    local_days,
    midnight,
    month_period,
    parse_instant,
    parse_month,
    period_of,
    periods_between,
    whole_days,
)
from apps.common.quantity import BadValue

ZONES = ["Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu",
         "Africa/Casablanca", "Pacific/Apia"]  # fmt: skip
kinds = st.sampled_from(["month", "week", "day"])
zones = st.sampled_from(ZONES)
days = st.dates(date(2005, 1, 1), date(2030, 12, 31))


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


@given(kinds, zones, days, st.integers(1, 400))
def test_periods_tile(kind: str, zone: str, first: date, length: int) -> None:
    until = first + timedelta(days=length)
    periods = list(periods_between(kind, zone, first, until))
    assert periods[0].start == midnight(first, zone)
    assert periods[-1].end >= midnight(until, zone)
    for before, after in pairwise(periods):
        assert before.end == after.start
        assert not before.overlaps(after)


@given(kinds, zones, st.datetimes(datetime(2005, 1, 1), datetime(2030, 12, 31)))  # noqa: DTZ001
def test_every_instant_is_in_its_period(kind: str, zone: str, naive: datetime) -> None:
    instant = naive.replace(tzinfo=UTC)
    period = period_of(kind, zone, instant)
    assert instant in period
    assert period_of(kind, zone, period.start) == period
    assert period_of(kind, zone, period.end).start == period.end


@given(zones, days, st.integers(1, 60))
def test_local_days_tile_the_period(zone: str, first: date, length: int) -> None:
    until = first + timedelta(days=length)
    if midnight(first, zone) == midnight(until, zone):
        return
    period = whole_days(first, until, zone)
    found = local_days(period, zone)
    starts = [midnight(day, zone) for day in found]
    assert starts[0] == period.start
    assert starts == sorted(set(starts))
    assert len(found) in (length, length - 1)


def test_berlin_months_over_both_changes() -> None:
    march = month_period("2026-03", "Europe/Berlin")
    assert march == Period(utc(2026, 2, 28, 23), utc(2026, 3, 31, 22))
    assert march.duration == timedelta(days=31) - timedelta(hours=1)
    october = month_period("2026-10", "Europe/Berlin")
    assert october.duration == timedelta(days=31) + timedelta(hours=1)


def test_lord_howe_moves_by_half_an_hour() -> None:
    april = month_period("2026-04", "Australia/Lord_Howe")
    assert april.duration == timedelta(days=30) + timedelta(minutes=30)


def test_kathmandu_is_off_by_a_quarter() -> None:
    day = whole_days(date(2026, 1, 1), date(2026, 1, 2), "Asia/Kathmandu")
    assert day.start == utc(2025, 12, 31, 18, 15)


def test_apia_skipped_a_whole_day() -> None:
    december = month_period("2011-12", "Pacific/Apia")
    found = local_days(december, "Pacific/Apia")
    assert date(2011, 12, 30) not in found
    assert len(found) == 30
    assert december.duration == timedelta(days=30)
    daily = list(periods_between("day", "Pacific/Apia", date(2011, 12, 29), date(2012, 1, 1)))
    assert [period.start for period in daily] == [utc(2011, 12, 29, 10), utc(2011, 12, 30, 10)]


def test_a_midnight_that_does_not_exist_is_the_first_instant_after_it() -> None:
    # Casablanca put its clocks forward at midnight of 1 June 2008.
    begin = midnight(date(2008, 6, 1), "Africa/Casablanca")
    assert begin == utc(2008, 6, 1)
    assert begin.astimezone(ZoneInfo("Africa/Casablanca")).hour == 1


def test_twins_made_before_and_after_dst_bill_the_same_periods() -> None:
    before = set(periods_between("month", "Europe/Berlin", date(2026, 3, 1), date(2026, 7, 1)))
    after = set(periods_between("month", "Europe/Berlin", date(2026, 4, 1), date(2026, 7, 1)))
    assert after < before


def test_day_31_comes_back_after_shorter_months() -> None:
    periods = periods_between("month", "UTC", date(2027, 10, 31), date(2028, 4, 30))
    starts = [local_date(period.start, "UTC") for period in periods]
    assert starts == [date(2027, 10, 31), date(2027, 11, 30), date(2027, 12, 31),
                      date(2028, 1, 31), date(2028, 2, 29), date(2028, 3, 31)]  # fmt: skip


@given(days, st.integers(-30, 30))
def test_adding_months_lands_in_that_month(day: date, months: int) -> None:
    found = add_months(day, months)
    assert found.year * 12 + found.month == day.year * 12 + day.month + months
    assert found.day <= day.day


def test_anchored_period_of_an_instant() -> None:
    period = period_of("month", "UTC", utc(2026, 3, 10), date(2026, 1, 31))
    assert period == Period(utc(2026, 2, 28), utc(2026, 3, 31))


def test_a_period_is_aware_and_not_empty() -> None:
    with pytest.raises(BadValue):
        Period(datetime(2026, 1, 1), datetime(2026, 1, 2))  # noqa: DTZ001
    with pytest.raises(BadValue):
        Period(utc(2026, 1, 1), utc(2026, 1, 1))
    period = Period(utc(2026, 1, 1), utc(2026, 1, 2))
    assert period.start in period
    assert period.end not in period
    assert period.intersection(Period(utc(2026, 1, 2), utc(2026, 1, 3))) is None


@pytest.mark.parametrize("text", ["2026-13", "2026-00", "26-01", "2026-1", "0000-01", "2026-01-01"])
def test_bad_months(text: str) -> None:
    with pytest.raises(BadValue):
        parse_month(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-01T12:00:00Z", utc(2026, 3, 1, 12)),
        ("2026-03-01t12:00:00.5+05:45", utc(2026, 3, 1, 6, 15, 0, 500000)),
        ("2026-03-01 12:00:00-03:30", utc(2026, 3, 1, 15, 30)),
        ("2026-03-01T12:00:00.123456000Z", utc(2026, 3, 1, 12, 0, 0, 123456)),
    ],
)
def test_instants(text: str, expected: datetime) -> None:
    assert parse_instant(text) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("2026-03-01T12:00:00", "naive_time"), ("2026-03-01", "bad_time"), ("", "bad_time"),
        ("2026-02-30T00:00:00Z", "bad_time"), ("2026-03-01T24:00:00Z", "bad_time"),
        ("2026-03-01T12:00:60Z", "bad_time"), ("2026-03-01T12:00:00+99:00", "bad_time"),
        ("0001-01-01T00:00:00+14:00", "bad_time"), ("9999-12-31T23:59:59-14:00", "bad_time"),
        ("2026-03-01T12:00:00.1234567Z", "too_precise_time"), (1772366400, "bad_time"),
        (None, "bad_time"), ("2026-03-01T12:00:00Z\n", "bad_time"), ("２026-03-01T12:00:00Z", "bad_time"),
    ],
)  # fmt: skip
def test_refused_instants(text: object, reason: str) -> None:
    with pytest.raises(BadValue) as refused:
        parse_instant(text)
    assert refused.value.reason == reason


def test_unknown_zones_are_refused() -> None:
    for zone in ("Mars/Olympus", "", "../etc/passwd", "Europe"):
        with pytest.raises(BadValue):
            midnight(date(2026, 1, 1), zone)
