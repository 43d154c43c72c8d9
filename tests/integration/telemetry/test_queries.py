"""Reads: believed readings in order, thinned courses that keep their peaks, overviews."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.telemetry.domain.belief import Reading
from apps.telemetry.operations import Outcome, RawItem, recompute_dirty, take_in
from apps.telemetry.queries import (
    asset_sparklines,
    channels_of,
    latest_values,
    readings_between,
    series,
    stored_readings,
    value_at,
)
from tests.integration.telemetry.conftest import Machine, make_machine

Send = Callable[..., list[Outcome]]
Hour = Callable[[int], str]
OCTOBER = datetime(2026, 10, 1, tzinfo=UTC)


def at(hours: float) -> datetime:
    return OCTOBER + timedelta(hours=hours)


def test_a_counters_stretch_begins_with_its_opening_reading(
    machine: Machine, send: Send, hour: Hour, now: datetime
) -> None:
    cycles = machine.channels["cycles"]
    values = [(1, "10"), (3, "30"), (4, "20"), (5, "50"), (9, "90")]
    send(*(machine.item("cycles", hour(n), value) for n, value in values))
    recompute_dirty(now=now)
    assert readings_between(cycles, at(2), at(5)) == [
        Reading(at(1), Decimal(10)), Reading(at(3), Decimal(30)), Reading(at(5), Decimal(50)),
    ]  # fmt: skip
    assert readings_between(cycles.pk, at(0), at(1)) == [Reading(at(1), Decimal(10))]
    assert value_at(cycles, at(4.5)) == Reading(at(3), Decimal(30))
    assert value_at(cycles, at(0)) is None
    assert [row.value for row in stored_readings(cycles, at(0), at(9))] == [90, 50, 20, 30, 10]


def test_a_thinned_course_keeps_every_peak(machine: Machine, now: datetime) -> None:
    pressure = machine.channels["pressure"]
    items = [
        RawItem(
            n, machine.asset.public_id, "pressure", at(n / 60), str(999 if n == 1234 else n % 7)
        )
        for n in range(3000)
    ]
    take_in(items=items, source="x", now=now)
    points = series(pressure, at(-1), at(60), max_points=100)
    assert len(points) <= 100
    assert max(value for _, value in points) == 999
    assert points == sorted(points)
    assert len(series(pressure, at(-1), at(60), max_points=5000)) == 3000


def test_overviews_cost_the_same_for_many_assets(
    machine: Machine, cast: dict[str, Any], now: datetime
) -> None:
    machines = [make_machine(cast["maker"], now, serial=f"M-{n}") for n in range(6)]
    since = now - timedelta(days=2)
    items = [
        RawItem(n, one.asset.public_id, "cycles", since + timedelta(hours=n), str(n))
        for one in machines
        for n in range(30)
    ]
    take_in(items=items, source="x", now=now)
    recompute_dirty(now=now)
    counts = []
    for wanted in (machines[:1], machines):
        with CaptureQueriesContext(connection) as asked:
            found = channels_of([one.asset.pk for one in wanted], now)
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 4
    overview = next(item for item in found[machines[0].asset.pk] if item.channel.code == "cycles")
    assert overview.last == Reading(since + timedelta(hours=29), Decimal(29))
    assert (len(overview.daily), sum(overview.daily)) == (14, 29)
    lines = asset_sparklines([one.asset.pk for one in machines], now)
    assert len(lines) == 6
    assert latest_values(serial="M-0")["cycles"] == (since + timedelta(hours=29), 29)
