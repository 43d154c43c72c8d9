"""Exact usage: resets, clock changes, starts within a month, adjoining periods, late arrivals."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from apps.assets.models import TypeChannel
from apps.common.canonical import readings_digest
from apps.metering.domain.figures import UsageFigures
from apps.metering.domain.recomputation import recompute
from apps.metering.models import BilledPeriod, ProvisionalUsage, UsageRecord
from apps.metering.operations import (
    Metered,
    NotMetered,
    meter_periods,
    open_periods,
    refresh_provisional,
)
from apps.metering.queries import covered_part, orders_of, periods_due, usage_preview
from apps.telemetry.models import Declaration
from apps.telemetry.operations import recompute_dirty, sync_channels
from apps.telemetry.queries import readings_between
from apps.telemetry.queries.usage import Span, usage_of
from tests.integration.metering.conftest import PLAN, Works

Month = Callable[..., Any]


def metered(works: Works, contract: Any, *periods: Any) -> list[UsageRecord]:
    """Records of the periods in order; each is closed as billing does."""
    records = []
    for period in periods:
        answer = meter_periods(wanted=[(contract, period)], now=works.now)[contract.pk]
        assert isinstance(answer, Metered), answer
        BilledPeriod.objects.filter(pk=answer.period.pk).update(state="billed")
        records += answer.records
    return records


def test_a_counter_is_closing_less_opening_and_adjoining_periods_add_up(
    works: Works, month: Month
) -> None:
    works.send(
        "cycles", ("2026-01-01T00:00:00+01:00", "100"), ("2026-01-20T10:00:00Z", "250.5"),
        ("2026-02-01T00:00:00+01:00", "300"), ("2026-02-14T12:30:00Z", "380"),
        ("2026-03-02T00:00:00Z", "500"),
    )  # fmt: skip
    contract = works.contract()
    january, february = metered(works, contract, month("2026-01"), month("2026-02"))
    assert january.quantity == 200
    assert february.quantity == 80
    figures = UsageFigures.from_dict(january.figures)
    assert (figures.opening.value, figures.closing.value) == (100, 300)  # type: ignore[union-attr]
    assert sum(day.quantity for day in figures.daily) == 200
    assert len(figures.daily) == 31
    assert figures.daily[-1].day == date(2026, 1, 31)
    assert figures.daily[-1].quantity == Decimal("49.5")
    assert figures.reading_count == 3


def test_the_evidence_is_what_the_domain_computes_from_the_readings(
    works: Works, month: Month
) -> None:
    works.send(
        "cycles", ("2026-01-05T00:00:00.25Z", "100"), ("2026-01-20T10:00:00Z", "1250.50"),
        ("2026-02-14T12:30:00Z", "1380"),
    )  # fmt: skip
    period = month("2026-01")
    [record] = metered(works, works.contract(), period)
    figures = UsageFigures.from_dict(record.figures)
    channel = works.machine.channels["cycles"]
    readings = readings_between(channel, period.start, period.end)
    assert record.readings_sha256 == readings_digest(
        ((r.measured_at, r.value) for r in readings), is_delta=False
    )
    assert recompute(figures, readings, period, "Europe/Berlin") == []
    assert record.quantity == Decimal("1150.5")
    assert set(figures.versions) == {"2026-01-05", "2026-01-20"}


@pytest.mark.parametrize(
    ("reset_at", "january", "february"),
    [("2026-01-25T00:00:00Z", 150, 50), ("2026-02-03T00:00:00Z", 100, 100)],
)
def test_a_declared_reset_bills_nothing_twice(
    works: Works, month: Month, reset_at: str, january: int, february: int
) -> None:
    works.send(
        "cycles", ("2026-01-01T00:00:00+01:00", "1000"), ("2026-01-20T00:00:00Z", "1100"),
        (reset_at, "50"), ("2026-02-20T00:00:00Z", "100"),
    )  # fmt: skip
    Declaration.objects.create(
        channel=works.machine.channels["cycles"], kind="reset",
        measured_at=datetime.fromisoformat(reset_at), reason="new controller", declared_by="Anna",
        declared_at=works.now,
    )  # fmt: skip
    records = metered(works, works.contract(), month("2026-01"), month("2026-02"))
    assert [record.quantity for record in records] == [january, february]
    figures = [UsageFigures.from_dict(record.figures) for record in records]
    assert [bool(item.corrections) for item in figures] == [january == 150, january == 100]
    assert [sum(d.quantity for d in item.daily) for item in figures] == [january, february]


@pytest.mark.parametrize(
    ("zone", "text", "hours"),
    [("Europe/Berlin", "2026-03", 743), ("Europe/Berlin", "2026-10", 745),
     ("Asia/Seoul", "2026-03", 744), ("Asia/Kolkata", "2026-03", 744)],
)  # fmt: skip
def test_a_month_of_hourly_amounts_has_as_many_as_it_has_hours(
    works: Works, month: Month, zone: str, text: str, hours: int
) -> None:
    period = month(text, zone)
    first = period.start - timedelta(hours=5)
    works.send(
        "energy",
        *(((first + timedelta(hours=n)).isoformat(), "1.25") for n in range(hours + 10)),
    )
    contract = works.contract(
        channel="energy", time_zone=zone, starts_on=date(2026, int(text[5:]), 1)
    )
    [record] = metered(works, contract, period)
    figures = UsageFigures.from_dict(record.figures)
    assert record.quantity == Decimal("1.25") * hours
    assert figures.reading_count == hours
    assert figures.gaps[0].start == period.start if figures.gaps else True
    by_day = {day.day: day.quantity for day in figures.daily}
    assert sum(by_day.values()) == record.quantity
    if zone == "Europe/Berlin":
        changed = date(2026, 3, 29) if text == "2026-03" else date(2026, 10, 25)
        assert by_day[changed] == Decimal("1.25") * (23 if text == "2026-03" else 25)


def test_a_start_within_the_month_meters_from_that_day(works: Works, month: Month) -> None:
    works.send(
        "cycles", ("2026-01-10T00:00:00Z", "100"), ("2026-01-16T00:00:00Z", "130"),
        ("2026-01-31T00:00:00Z", "200"),
    )  # fmt: skip
    contract = works.contract(starts_on=date(2026, 1, 15))
    [record] = metered(works, contract, month("2026-01"))
    figures = UsageFigures.from_dict(record.figures)
    assert record.quantity == 100
    assert figures.daily[0].day == date(2026, 1, 15)
    assert record.billed_period.follows is None
    [order] = orders_of([contract.pk])[contract.pk]
    assert covered_part(order, month("2026-01")).start == datetime(2026, 1, 14, 23, tzinfo=UTC)  # type: ignore[union-attr]


def test_the_first_reading_opens_the_counter_and_bills_nothing(works: Works, month: Month) -> None:
    works.send("cycles", ("2026-01-10T00:00:00Z", "5000"), ("2026-01-31T00:00:00Z", "5010"))
    [record] = metered(works, works.contract(), month("2026-01"))
    assert record.quantity == 10


def test_a_counter_that_was_never_read_is_refused_and_a_silent_one_used_nothing(
    works: Works, month: Month
) -> None:
    contract = works.contract()
    answer = meter_periods(wanted=[(contract, month("2026-01"))], now=works.now)[contract.pk]
    assert isinstance(answer, NotMetered)
    assert answer.reason == "no_readings"
    works.send("cycles", ("2025-12-10T00:00:00Z", "70"))
    [record] = metered(works, contract, month("2026-01"))
    assert record.quantity == 0
    assert UsageFigures.from_dict(record.figures).reading_count == 1


def test_a_late_arrival_before_billing_counts(works: Works, month: Month) -> None:
    works.send("cycles", ("2026-01-01T00:00:00Z", "100"), ("2026-01-20T00:00:00Z", "150"))
    contract = works.contract()
    wanted = [(contract, month("2026-01"))]
    first = meter_periods(wanted=wanted, now=works.now)[contract.pk]
    assert meter_periods(wanted=wanted, now=works.now)[contract.pk] == first
    works.send("cycles", ("2026-01-30T00:00:00Z", "190"))
    second = meter_periods(wanted=wanted, now=works.now)[contract.pk]
    assert isinstance(first, Metered)
    assert isinstance(second, Metered)
    [old], [new] = first.records, second.records
    assert (old.quantity, new.quantity) == (50, 90)
    assert (new.generation, new.replaces_id) == (2, old.pk)
    assert second.period.pk == first.period.pk
    BilledPeriod.objects.update(state="billed")
    works.send("cycles", ("2026-01-31T00:00:00Z", "195"))
    assert meter_periods(wanted=wanted, now=works.now)[contract.pk].records == [new]  # type: ignore[union-attr]


def test_periods_follow_one_another_and_the_next_waits(works: Works, month: Month) -> None:
    works.send("cycles", ("2026-01-01T00:00:00Z", "100"), ("2026-03-20T00:00:00Z", "150"))
    contract = works.contract()
    january, february = month("2026-01"), month("2026-02")
    waiting = meter_periods(wanted=[(contract, february)], now=works.now)[contract.pk]
    assert waiting == NotMetered("earlier_period_open")
    metered(works, contract, january, february)
    chain = BilledPeriod.objects.order_by("start")
    assert [row.follows_id for row in chain] == [None, chain[0].pk]
    due = periods_due([contract], works.now)[contract.pk]
    assert [period.start.date() for period in due][:1] == [date(2026, 2, 28)]
    assert len(due) == 8
    november = meter_periods(wanted=[(contract, month("2026-11"))], now=works.now)[contract.pk]
    assert isinstance(november, NotMetered)
    assert november.reason == "period_not_over"


def test_running_usage_equals_the_final_one(works: Works, month: Month) -> None:
    works.now = datetime(2026, 1, 15, tzinfo=UTC)
    works.send("cycles", ("2026-01-01T00:00:00Z", "100"), ("2026-01-14T00:00:00Z", "150"))
    recompute_dirty(now=works.now)
    contract = works.contract(starts_on=date(2026, 1, 1))
    [row] = ProvisionalUsage.objects.all()
    assert (row.quantity, row.period_start) == (50, month("2026-01").start)
    assert set(row.parties) == {works.provider.pk, works.customer.pk}
    works.now = datetime(2026, 2, 2, tzinfo=UTC)
    works.send("cycles", ("2026-01-31T22:00:00Z", "190"), ("2026-02-01T10:00:00Z", "195"))
    recompute_dirty(now=works.now)
    refresh_provisional(now=works.now)
    running = {row.period_start: row for row in ProvisionalUsage.objects.all()}
    [record] = metered(works, contract, month("2026-01"))
    final = running[month("2026-01").start]
    assert final.quantity == record.quantity == 90
    assert final.daily == record.figures["daily"]
    assert running[month("2026-02").start].quantity == 5


def test_a_new_period_opens_without_a_reading(works: Works) -> None:
    works.now = datetime(2026, 1, 15, tzinfo=UTC)
    works.contract(starts_on=date(2026, 1, 1))
    assert ProvisionalUsage.objects.count() == 1
    assert open_periods(now=datetime(2026, 2, 15, tzinfo=UTC)) == 2
    assert ProvisionalUsage.objects.count() == 2
    assert open_periods(now=datetime(2026, 2, 15, 1, tzinfo=UTC)) == 0


def test_the_preview_says_the_same_and_writes_nothing(works: Works, month: Month) -> None:
    works.send("cycles", ("2026-01-01T00:00:00Z", "100"), ("2026-01-20T00:00:00Z", "150"))
    recompute_dirty(now=works.now)
    contract = works.contract()
    wanted = [(contract, month("2026-01"))]
    [found] = usage_preview(wanted=wanted, now=works.now)[contract.pk]
    assert BilledPeriod.objects.count() == 0
    [record] = metered(works, contract, month("2026-01"))
    assert (found.quantity, found.unit, found.item_id) == (50, record.unit, record.item_id)


def test_a_silence_longer_than_expected_is_a_gap(works: Works, month: Month) -> None:
    times = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=15 * n) for n in range(200)]
    silent = [at for at in times if not 50 <= times.index(at) < 60]
    works.send("energy", *((at.isoformat(), "1") for at in silent))
    [record] = metered(works, works.contract(channel="energy"), month("2026-01"))
    gaps = UsageFigures.from_dict(record.figures).gaps
    assert [(gap.start, gap.end) for gap in gaps] == [
        (month("2026-01").start, times[0]), (times[49], times[60]),
        (times[-1], month("2026-01").end),
    ]  # fmt: skip


def test_usage_is_not_ready_while_readings_wait_for_the_roll_up(works: Works, month: Month) -> None:
    january = month("2026-01")
    spans = [Span(works.machine.channels["cycles"], january.start, january.end, "Europe/Berlin")]
    works.send("cycles", ("2026-01-05T10:00:00Z", "100"))
    assert not usage_of(spans)[0].ready
    recompute_dirty(now=works.now)
    assert usage_of(spans)[0].ready
    works.send("cycles", ("2026-01-06T10:00:00Z", "130"))
    assert not usage_of(spans)[0].ready
    recompute_dirty(now=works.now)
    assert (usage_of(spans)[0].ready, usage_of(spans)[0].quantity) == (True, 30)


def test_what_follows_from_a_level_that_holds_on_is_not_used_before_its_time(works: Works) -> None:
    """At 13:30 the current may hold until 14:30; quarters that have not begun are not counted."""
    channels = {
        "current": {"kind": "gauge", "unit": "A"},
        "loaded": {
            "kind": "delta",
            "unit": "h",
            "formula": "time_above(current, 1)",
            "formula_hold_seconds": 3600,
        },
    }
    asset, own = works.machine.asset, {"author": works.provider, "parties": [works.provider.pk]}
    for code, fields in channels.items():
        TypeChannel.objects.create(
            **own, asset_type=asset.asset_type, code=code, title=code.title(), **fields
        )
    sync_channels(asset_ids=[asset.pk])
    works.now = datetime(2026, 1, 15, 13, 30, tzinfo=UTC)
    works.send("current", ("2026-01-15T13:00:00Z", "5"), ("2026-01-15T13:30:00Z", "5"))
    recompute_dirty(now=works.now)
    loaded = {"model": "per_unit", "code": "loaded", "title": "Load", "meter": "loaded", "unit": "h",
              "unit_price": "2"}  # fmt: skip
    works.contract(channel="loaded", plan={**PLAN, "charges": [loaded]}, starts_on=date(2026, 1, 1))
    [row] = ProvisionalUsage.objects.all()
    assert (row.quantity, row.last_reading_at <= works.now) == (Decimal("0.5"), True)
