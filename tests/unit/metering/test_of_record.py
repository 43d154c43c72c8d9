"""The meter of record: who counts when, what comes back, and that adjoining periods add up."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.common.period import Period, whole_days
from apps.common.quantity import BadValue
from apps.metering.domain.components import HostReadings
from apps.metering.domain.figures import UsageFigures
from apps.metering.domain.of_record import deviation_of, of_record_figures, window_of
from apps.metering.domain.recomputation import recompute
from apps.metering.domain.usage import counter_figures, delta_figures
from apps.telemetry.domain.belief import LevelRules, Reading, walk
from apps.telemetry.domain.meters import MeterVersion
from apps.telemetry.domain.sources import MeterTerms

ZONE = "Europe/Berlin"
START = datetime(2026, 3, 1, tzinfo=UTC)
RULES = LevelRules("counter")
Rows = list[tuple[float, str]]
ALL = ("device", "channel:gps", "declared")
EVERY = MeterTerms(ALL)


def at(day: float) -> datetime:
    return START + timedelta(days=day)


def days(first: float, last: float) -> Period:
    return Period(at(first), at(last))


def source(
    code: str, rows: Rows, window: Period, kind: str = "counter", **more: Any
) -> HostReadings:
    readings = sorted(Reading(at(day), Decimal(value)) for day, value in rows)
    if kind == "delta":
        inside = [item for item in readings if item.measured_at in window]
        return HostReadings("a", "A", code, delta_figures(inside, "km", window, ZONE), inside)
    stretch = walk(readings, [], RULES)
    before = [item for item in stretch.believed if item.measured_at <= window.start][-1:]
    inside = [item for item in stretch.believed if window.start < item.measured_at <= window.end]
    own = [*before, *inside]
    figures = counter_figures(own, stretch.discontinuities, "km", window, ZONE, rules=RULES, **more)
    return HostReadings("a", "A", code, figures, own)


def record(
    period: Period, device: Rows, gps: Rows = (), declared: Rows = (),  # type: ignore[assignment]
    terms: MeterTerms = EVERY, kind: str = "counter", **more: Any,
) -> UsageFigures:  # fmt: skip
    own = source("odo", device, period, **more)
    window = window_of(own.figures, period, at(0))
    others = {"channel:gps": source("gps", gps, window, kind),
              "declared": source("odo-declared", declared, window, **more)}  # fmt: skip
    sources = [own, *(others[name] for name in terms.sources[1:])]
    figures = of_record_figures(terms, at(0), sources, "km", period, ZONE)
    readings = [item for one in sources for item in one.readings]
    assert recompute(figures, readings, period, ZONE) == []
    assert UsageFigures.from_dict(figures.to_dict()) == figures
    assert figures.of_record is not None
    assert sum(part.quantity for part in figures.of_record.parts) == figures.quantity
    assert sum(day.quantity for day in figures.daily) == figures.quantity
    return figures


def told(figures: UsageFigures) -> list[tuple[str, Decimal]]:
    assert figures.of_record is not None
    return [(part.source, part.quantity) for part in figures.of_record.parts]


HOURLY: Rows = [(n / 2, str(1000 + 10 * n)) for n in range(21)]  # 20 km a day, for ten days


def test_a_counter_that_speaks_counts_alone_and_the_others_stand_beside_it() -> None:
    gps = [(n / 2, str(3 * n)) for n in range(21)]
    figures = record(days(0, 10), HOURLY, gps, terms=MeterTerms(ALL, deviation=Decimal(5)))
    assert told(figures) == [("device", Decimal(200))]
    assert figures.of_record is not None
    beside = [(item.source, item.quantity, item.is_beyond) for item in figures.of_record.beside]
    assert beside == [("channel:gps", 60, True), ("declared", None, False)]
    assert deviation_of(Decimal(60), figures.quantity) == -70


def test_another_channel_stands_in_from_the_last_reading_on() -> None:
    gps = [(n / 4, str(5 * n)) for n in range(81)]  # the same 20 km a day, read every 6 hours
    figures = record(days(0, 20), HOURLY, gps)
    # The device is silent from day 10; it counted 200 until then, the positions 200 since.
    assert told(figures) == [("device", Decimal(200)), ("channel:gps", Decimal(200))]
    assert figures.of_record is not None
    [own, stood_in] = figures.of_record.parts
    assert own.end == stood_in.start == at(11)
    assert stood_in.silent_since == at(10)


def test_amounts_stand_in_as_well() -> None:
    gps = [(n / 4, "5") for n in range(80)]
    figures = record(days(0, 20), HOURLY, gps, kind="delta")
    assert told(figures) == [("device", Decimal(200)), ("channel:gps", Decimal(200))]


def test_what_comes_back_puts_right_what_stood_in_for_it() -> None:
    gps = [(n / 4, str(6 * n)) for n in range(81)]  # it overstates: 24 km a day
    device = [*HOURLY, (15, "1300"), (15.5, "1310"), (16, "1320"), (16.5, "1330")]
    first = record(days(0, 14), HOURLY, gps)
    assert first.quantity == 200 + 4 * 24
    second = record(days(14, 16.5), device, gps)
    # 1330 − 1200 = 130 since its last reading, of which 96 are counted already.
    assert second.quantity == 130 - 96
    assert record(days(0, 16.5), device, gps).quantity == 330


def test_a_declared_reading_is_one_of_the_same_counter() -> None:
    figures = record(days(0, 31), HOURLY, declared=[(30.9, "1500")])
    assert told(figures) == [("device", Decimal(200)), ("declared", Decimal(300))]
    lower = record(days(0, 31), HOURLY, declared=[(30.9, "1100")])
    assert told(lower) == [("device", Decimal(200))]


def test_declared_readings_are_weighed_by_the_counters_own_factor() -> None:
    meters = [MeterVersion(None, factor=Decimal("1.5"))]
    figures = record(days(0, 31), HOURLY, declared=[(30.9, "1500")], meters=meters)
    assert told(figures) == [("device", Decimal(300)), ("declared", Decimal(450))]


def test_a_counter_first_heard_in_the_period_goes_on_from_what_stood_in() -> None:
    device = [(5 + n / 2, str(7000 + 10 * n)) for n in range(11)]
    gps = [(n / 4, str(5 * n)) for n in range(41)]
    figures = record(days(0, 10), device, gps)
    assert figures.quantity == 100 + 100
    assert [name for name, _ in told(figures)] == ["channel:gps", "device"]


def test_a_silence_nobody_fills_is_no_usage() -> None:
    assert told(record(days(0, 20), HOURLY)) == [("device", Decimal(200))]
    assert told(record(days(0, 20), [])) == [("device", Decimal(0))]


def test_a_changed_part_in_the_evidence_is_found() -> None:
    gps = [(n / 4, str(5 * n)) for n in range(81)]
    period = days(0, 20)
    figures = record(period, HOURLY, gps)
    own = source("odo", HOURLY, period)
    window = window_of(own.figures, period, at(0))
    readings = [*own.readings, *source("gps", gps, window).readings]
    for field, value in (("source", "device"), ("quantity", "201")):
        changed: Any = figures.to_dict()
        changed["of_record"]["parts"][1][field] = value
        found = recompute(UsageFigures.from_dict(changed), readings, period, ZONE)
        assert [item.path for item in found] == [f"usage/of_record/parts/1/{field}"]


@pytest.mark.parametrize(
    ("sources", "more", "reason"),
    [((), {}, "bad_sources"), (("declared", "device"), {}, "device_first"),
     (("channel:gps",), {}, "device_first"), (("device", "device"), {}, "bad_sources"),
     (("device", "channel:"), {}, "bad_sources"), (("device", "who"), {}, "bad_sources"),
     (("device",), {"silent_after": 0}, "bad_silence"),
     (("device",), {"deviation": Decimal(-1)}, "bad_deviation"),
     (("device",), {"expired": "bill"}, "bad_expired")],
)  # fmt: skip
def test_terms_that_say_nothing_sensible_are_refused(
    sources: tuple[str, ...], more: dict[str, Any], reason: str
) -> None:
    with pytest.raises(BadValue) as refused:
        MeterTerms(sources, **more)
    assert refused.value.reason == reason
    assert MeterTerms.from_dict(MeterTerms(ALL).to_dict()) == MeterTerms(ALL)


rising = st.lists(
    st.tuples(st.integers(1, 12), st.integers(0, 300)), min_size=0, max_size=10
)  # fmt: skip


def climbing(steps: list[tuple[int, int]], first: int) -> Rows:
    """Hours and amounts as (day, value) of a counter."""
    hour, value, found = 0, first, []
    for hours, amount in steps:
        hour, value = hour + hours * 6, value + amount
        found.append((hour / 24, str(value)))
    return found


@settings(max_examples=60, deadline=None)
@given(
    device=rising, gps=rising, declared=rising, silence=st.integers(1, 100),
    cuts=st.lists(st.integers(1, 24), min_size=1, max_size=3, unique=True), kind=st.sampled_from(["counter", "delta"]),
)  # fmt: skip
def test_adjoining_periods_add_up_whichever_source_counts(
    device: list[tuple[int, int]], gps: list[tuple[int, int]], declared: list[tuple[int, int]],
    silence: int, cuts: list[int], kind: str,
) -> None:  # fmt: skip
    terms = MeterTerms(ALL, silent_after=silence)
    other = (
        climbing(gps, 40)
        if kind == "counter"
        else [
            (day, str(amount)) for (day, _), (_, amount) in zip(climbing(gps, 0), gps, strict=True)
        ]
    )
    rows = (climbing(device, 1000), other, climbing(declared, 1050))
    edges = [0, *sorted(cuts), 25]
    parts = [
        record(days(start, end), *rows, terms=terms, kind=kind) for start, end in pairwise(edges)
    ]
    whole = record(days(0, 25), *rows, terms=terms, kind=kind)
    assert whole.quantity == sum(part.quantity for part in parts)


def test_a_month_in_its_own_zone_tiles_over_the_change_of_the_clock() -> None:
    march = whole_days(date(2026, 3, 1), date(2026, 4, 1), ZONE)
    gps = [(n / 4, str(5 * n)) for n in range(130)]
    figures = record(march, [(-1, "1000"), *HOURLY[1:]], gps)
    assert len(figures.daily) == 31
