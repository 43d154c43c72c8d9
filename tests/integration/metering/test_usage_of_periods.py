"""Usage from the roll-up is what the domain makes of the readings themselves, to the digest."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.common.period import Period, month_period
from apps.metering.domain.figures import UsageFigures
from apps.metering.domain.told_apart import windows_of_parts
from apps.metering.domain.usage import counter_figures, delta_figures
from apps.pricing.changes import cuts_of
from apps.pricing.windows import WindowCalendar
from apps.telemetry.domain.belief import Reading, walk
from apps.telemetry.models import Channel, ChannelDay, Disbelief
from apps.telemetry.operations import RawItem, judge_disbelief, recompute_dirty, take_in
from apps.telemetry.queries import readings_between
from apps.telemetry.queries.belief import declarations_in_force, rules_of
from apps.telemetry.queries.usage import ChannelUsage, Span, quantities_of, usage_of
from tests.integration.metering.conftest import Works

Month = Callable[..., Any]
# Berlin goes back on 25 October, St. John's on 1 November, Lord Howe forward on 4 October by half
# an hour; Kathmandu is always 5:45 ahead.
ZONES = ("UTC", "Europe/Berlin", "Asia/Kathmandu", "America/St_Johns", "Australia/Lord_Howe")
FIRST = datetime(2026, 9, 28, tzinfo=UTC)
# Nights from 22 to 6, and Sundays with 4 October; the rest of the week.
_NIGHT = [*range(6), 22, 23]
CALENDARS = {
    "use": WindowCalendar(
        tuple(
            "sunday" if day == 6 else "night" if hour in _NIGHT else "day"
            for day in range(7) for hour in range(24)
        ),
        frozenset({date(2026, 10, 9)}),
    ),
    "flat": WindowCalendar(("all",) * 168),
}  # fmt: skip
MINUTE = timedelta(minutes=1)


def expected(span: Span) -> UsageFigures:
    """Straight from the stored readings; of a counter all of them are walked again."""
    channel, period = span.channel, Period(span.start, span.end)
    seconds = channel.expected_interval_seconds
    interval = None if seconds is None else timedelta(seconds=seconds)
    readings = readings_between(channel, period.start, period.end)
    if channel.kind == "delta":
        return delta_figures(
            readings, channel.unit, period, span.zone, interval, calendars=CALENDARS
        )
    stored = Channel.objects.raw(
        "select c.*, l.measured_at, l.value from telemetry_channel c "
        "join telemetry_level l on l.channel_id = c.id where c.id = %s", [channel.pk],
    )  # fmt: skip
    said = declarations_in_force([channel.pk]).get(channel.pk, [])
    stretch = walk([Reading(row.measured_at, row.value) for row in stored], said, rules_of(channel))
    jumps = [item for item in stretch.discontinuities if item.measured_at <= period.end]
    return counter_figures(
        readings, jumps, channel.unit, period, span.zone, interval, calendars=CALENDARS
    )


def assert_agrees(span: Span, found: ChannelUsage) -> None:
    figures = expected(span)
    assert found.ready
    assert found.quantity == figures.quantity
    assert list(found.daily.items()) == [(day.day, day.quantity) for day in figures.daily]
    assert found.digest == figures.readings_digest
    assert found.reading_count == figures.reading_count
    assert found.gaps == [(gap.start, gap.end) for gap in figures.gaps]
    assert found.jumps == figures.corrections
    windows = windows_of_parts(CALENDARS, found.pieces, span.zone)
    assert windows == figures.windows
    for of_charge in windows:
        assert sum(of_charge.quantities.values()) == found.quantity
    if span.channel.kind != "delta":
        assert (found.opening, found.closing) == (figures.opening, figures.closing)


def spans_of(channel: Channel, zone: str) -> list[Span]:
    """A month, a part of it, a few hours within a day, a whole UTC day, odd minutes."""
    month = month_period("2026-10", zone)
    noon = datetime(2026, 10, 9, 12, tzinfo=UTC)
    edges = [
        (month.start, month.end), (noon, month.end), (noon, noon + timedelta(hours=5)),
        (noon.replace(hour=0), noon.replace(hour=0) + timedelta(days=1)),
        (month.start + 17 * MINUTE, noon + 13 * MINUTE),
    ]  # fmt: skip
    return [
        Span(channel, start, end, zone, cuts_of(CALENDARS.values(), Period(start, end), zone))
        for start, end in edges
    ]


def compare(channel: Channel) -> None:
    spans = [span for zone in ZONES for span in spans_of(channel, zone)]
    full = usage_of(spans, evidence=True)
    for span, found in zip(spans, full, strict=True):
        assert_agrees(span, found)
    plain = usage_of(spans)
    lean = quantities_of(spans)
    for one, two, three in zip(full, plain, lean, strict=True):
        assert (one.quantity, one.daily, one.jumps) == (two.quantity, two.daily, two.jumps)
        assert tuple(three) == (one.quantity, one.last_at, one.ready, "")


def take(works: Works, code: str, pairs: list[tuple[datetime, int]]) -> None:
    """Some at once, some late, the roll-up in between."""
    for batch in (pairs[::3], pairs[1::3], pairs[2::3]):
        items = [
            RawItem(place, works.machine.asset.public_id, code, instant, Decimal(value) / 4)
            for place, (instant, value) in enumerate(batch)
        ]
        take_in(items=items, source="test", now=works.now)
        recompute_dirty(now=works.now)


# Minutes after the first instant; the hour and the midnight are hit often.
MINUTES = st.one_of(
    st.integers(0, 36 * 24).map(lambda hour: hour * 60),
    st.integers(0, 36).map(lambda day: day * 24 * 60),
    st.integers(0, 36 * 24 * 60),
)
HISTORIES = st.dictionaries(MINUTES, st.integers(0, 400), max_size=40)
database_settings = settings(
    max_examples=8, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip


@database_settings
@given(
    history=HISTORIES, rising=st.booleans(), restarts=st.booleans(),
    rate=st.sampled_from([None, Decimal(3)]), interval=st.sampled_from([None, 3600, 172_800]),
    release=st.booleans(),
)  # fmt: skip
def test_a_counter_with_late_readings_resets_and_releases(
    works: Works, history: dict[int, int], rising: bool, restarts: bool, rate: Decimal | None,
    interval: int | None, release: bool,
) -> None:  # fmt: skip
    code = "cycles"
    with transaction.atomic():
        Channel.objects.filter(pk=works.machine.channels[code].pk).update(
            restarts_from_zero=restarts, max_rate_per_hour=rate, expected_interval_seconds=interval
        )
        channel = Channel.objects.get(pk=works.machine.channels[code].pk)
        values = sorted(history.values()) if rising else list(history.values())
        instants = [FIRST + minute * MINUTE for minute in sorted(history)]
        take(works, code, list(zip(instants, values, strict=True)))
        doubted = Disbelief.objects.filter(channel=channel).order_by("measured_at").first()
        if release and doubted is not None:
            judge_disbelief(
                disbelief=doubted, believe=True, reason="read again", by="Ada", now=works.now
            )
            recompute_dirty(now=works.now)
        compare(channel)
        transaction.set_rollback(True)


@database_settings
@given(history=HISTORIES, interval=st.sampled_from([None, 3600, 172_800]))
def test_amounts_that_come_late(
    works: Works, history: dict[int, int], interval: int | None
) -> None:
    with transaction.atomic():
        channel = works.machine.channels["energy"]
        Channel.objects.filter(pk=channel.pk).update(expected_interval_seconds=interval)
        pairs = [(FIRST + minute * MINUTE, value) for minute, value in history.items()]
        take(works, "energy", pairs)
        compare(Channel.objects.get(pk=channel.pk))
        transaction.set_rollback(True)


@pytest.mark.parametrize("code", ["cycles", "energy"])
def test_a_quarter_hour_series_over_the_change_of_the_clock(works: Works, code: str) -> None:
    start = datetime(2026, 10, 2, 20, tzinfo=UTC)
    pairs = [(start + 15 * n * MINUTE, 4 * n) for n in range(30 * 96) if n % 333]
    take(works, code, pairs)
    Channel.objects.update(expected_interval_seconds=900)
    compare(Channel.objects.get(pk=works.machine.channels[code].pk))


def test_another_expected_interval_needs_no_rolling_up(works: Works) -> None:
    pairs = [(FIRST + timedelta(days=5, hours=hour), 4 * hour) for hour in (0, 1, 2, 5, 6, 30)]
    take(works, "cycles", pairs)
    versions = list(ChannelDay.objects.order_by("id").values_list("version", "done_version"))
    found = {}
    for seconds in (3600, 7200, 36_000):
        Channel.objects.update(expected_interval_seconds=seconds)
        channel = Channel.objects.get(code="cycles")
        day = FIRST + timedelta(days=5)
        [usage] = usage_of([Span(channel, day, day + timedelta(days=2), "UTC")], evidence=True)
        hours = [
            ((start - day) // timedelta(hours=1), (end - day) // timedelta(hours=1))
            for start, end in usage.gaps
        ]
        found[seconds] = hours
    assert found == {
        3600: [(2, 5), (6, 30), (30, 48)], 7200: [(2, 5), (6, 30), (30, 48)],
        36_000: [(6, 30), (30, 48)],
    }  # fmt: skip
    after = list(ChannelDay.objects.order_by("id").values_list("version", "done_version"))
    assert after == versions


def test_a_channel_without_readings_used_nothing(works: Works, month: Month) -> None:
    october = month("2026-10")
    spans = [
        Span(works.machine.channels[code], october.start, october.end, "Europe/Berlin")
        for code in ("cycles", "energy")
    ]
    for span, found in zip(spans, usage_of(spans, evidence=True), strict=True):
        assert_agrees(span, found)
    assert quantities_of(spans) == [(0, None, True, "")] * 2


def test_a_year_of_a_zone_that_moves_by_half_an_hour(works: Works) -> None:
    """Both ends are whole hours of UTC, midnights in between are not."""
    zone = "Australia/Lord_Howe"
    works.now = datetime(2027, 1, 5, tzinfo=UTC)
    pairs = [(datetime(2026, 1, 1, 13, 20 + n % 30, tzinfo=UTC) + timedelta(days=n), n * 8)
             for n in range(360)]  # fmt: skip
    take(works, "cycles", pairs)
    start, end = month_period("2026-01", zone).start, month_period("2026-12", zone).end
    spans = [Span(works.machine.channels["cycles"], start, end, zone)]
    assert_agrees(spans[0], usage_of(spans, evidence=True)[0])
