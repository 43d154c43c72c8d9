"""Roll-ups: belief in the database is that of the domain, whatever the order of arrival."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.events.models import OutboxEvent
from apps.telemetry.domain.belief import LevelRules, Reading, walk
from apps.telemetry.domain.hours import level_hours
from apps.telemetry.models import (
    Channel,
    ChannelDay,
    Declaration,
    Disbelief,
    Discontinuity,
    HourRollup,
)
from apps.telemetry.operations import Outcome, RawItem, recompute_dirty, take_in
from tests.integration.telemetry.conftest import Machine, make_machine

Send = Callable[..., list[Outcome]]
Hour = Callable[[int], str]
OCTOBER = datetime(2026, 10, 1, tzinfo=UTC)


def at(hours: float) -> datetime:
    return OCTOBER + timedelta(hours=hours)


def usage(channel: Channel) -> list[tuple[int, Decimal]]:
    """(hours after 1 October, usage) of each hour that has any."""
    rows = HourRollup.objects.filter(channel=channel).order_by("hour")
    return [
        (int((row.hour - OCTOBER).total_seconds() // 3600), row.usage.normalize())
        for row in rows if row.usage
    ]  # fmt: skip


def test_steps_of_a_counter_lie_in_the_hour_that_ends_with_them(
    machine: Machine, send: Send, hour: Hour, now: datetime
) -> None:
    send(*(machine.item("cycles", hour(n), str(10 * n)) for n in (0, 1, 2, 24, 25)))
    assert recompute_dirty(now=now) == 3
    cycles = machine.channels["cycles"]
    assert usage(cycles) == [(0, 10), (1, 10), (23, 220), (24, 10)]
    days = ChannelDay.objects.filter(channel=cycles).order_by("day")
    assert [(row.day, row.opening_value, row.closing_value, row.reading_count) for row in days] == [
        (date(2026, 9, 30), None, 0, 1), (date(2026, 10, 1), 0, 240, 3),
        (date(2026, 10, 2), 240, 250, 1),
    ]  # fmt: skip
    assert not [row for row in days if row.version != row.done_version]
    assert recompute_dirty(now=now) == 0


def test_amounts_lie_in_the_hour_they_begin_with(
    machine: Machine, send: Send, hour: Hour, now: datetime
) -> None:
    send(*(machine.item("energy", hour(n), "1.5", id=str(n)) for n in (0, 1, 24)))
    send(machine.item("energy", hour(0), "2.25", id="again"))
    recompute_dirty(now=now)
    assert usage(machine.channels["energy"]) == [
        (0, Decimal("3.75")), (1, Decimal("1.5")), (24, Decimal("1.5")),
    ]  # fmt: skip


def test_gauges_have_lowest_highest_and_last(
    machine: Machine, send: Send, hour: Hour, now: datetime
) -> None:
    first = "2026-10-01T00:10:00Z", "2026-10-01T00:20:00Z", hour(1)
    for time, value in zip(first, ("5", "3", "4"), strict=True):
        send(machine.item("pressure", time, value))
    recompute_dirty(now=now)
    row = HourRollup.objects.get()
    assert (row.minimum, row.maximum, row.last_value, row.usage, row.reading_count) == (
        3,
        5,
        4,
        0,
        3,
    )


def test_a_falling_value_is_stored_and_not_believed(
    machine: Machine, send: Send, hour: Hour, now: datetime
) -> None:
    for n, value in enumerate(("100", "110", "90", "120")):
        send(machine.item("cycles", hour(n + 1), value))
    recompute_dirty(now=now)
    found = Disbelief.objects.get()
    assert (found.measured_at, found.value, found.reason) == (at(3), 90, "falling")
    assert sum(amount for _, amount in usage(machine.channels["cycles"])) == 20


def test_a_late_reading_changes_the_days_after_it(
    machine: Machine, send: Send, hour: Hour, now: datetime
) -> None:
    cycles = machine.channels["cycles"]
    send(*(machine.item("cycles", hour(24 * n + 1), str(100 + n)) for n in (0, 2, 3, 5, 8)))
    recompute_dirty(now=now)
    versions = dict(ChannelDay.objects.values_list("day", "version"))
    send(machine.item("cycles", hour(24 * 1 + 1), "500"))
    assert recompute_dirty(now=now) == 5
    assert sorted(Disbelief.objects.values_list("value", flat=True)) == [102, 103, 105, 108]
    assert sum(amount for _, amount in usage(cycles)) == 400
    after = dict(ChannelDay.objects.values_list("day", "version"))
    assert [after[day] - versions.get(day, 0) for day in sorted(after)] == [0, 1, 1, 1, 1, 1]


def test_a_change_that_moves_nothing_stops_at_its_day(
    machine: Machine, send: Send, hour: Hour, now: datetime
) -> None:
    send(*(machine.item("cycles", hour(24 * n + 12), str(100 + n)) for n in range(6)))
    recompute_dirty(now=now)
    send(machine.item("cycles", hour(24 * 2 + 6), "101.5"))
    assert recompute_dirty(now=now) == 1


def test_a_disbelief_goes_when_its_cause_goes(
    machine: Machine, send: Send, hour: Hour, now: datetime
) -> None:
    cycles = machine.channels["cycles"]
    send(machine.item("cycles", hour(1), "900"), machine.item("cycles", hour(2), "10"))
    recompute_dirty(now=now)
    assert Disbelief.objects.count() == 1
    Declaration.objects.create(
        channel=cycles,
        kind="disbelieve",
        measured_at=at(1),
        reason="spike",
        declared_by="x",
        declared_at=now,
    )
    ChannelDay.objects.update(version=2)
    recompute_dirty(now=now)
    assert list(Disbelief.objects.values_list("measured_at", "reason")) == [
        (at(1), "declared_wrong")
    ]


def test_rollovers_become_discontinuities(
    machine: Machine, send: Send, hour: Hour, now: datetime
) -> None:
    cycles = machine.channels["cycles"]
    Channel.objects.filter(pk=cycles.pk).update(register_size=1000)
    send(machine.item("cycles", hour(1), "990"), machine.item("cycles", hour(2), "15"))
    recompute_dirty(now=now)
    assert list(Discontinuity.objects.values_list("kind", "amount")) == [("rollover", 1000)]
    assert usage(cycles) == [(1, 25)]


def test_the_event_names_channels_and_assets(
    machine: Machine, send: Send, hour: Hour, now: datetime
) -> None:
    send(machine.item("cycles", hour(1), "1"))
    recompute_dirty(now=now)
    event = OutboxEvent.objects.get(name="telemetry.rolled_up")
    assert event.payload == {
        "channels": [machine.channels["cycles"].pk], "assets": [str(machine.asset.pk)],
        "since": hour(1)[:10],
    }  # fmt: skip
    machine.asset.refresh_from_db()
    assert machine.asset.last_reading_at == at(1)


def test_a_mark_raised_meanwhile_stays_dirty(
    machine: Machine, send: Send, hour: Hour, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    from apps.telemetry.operations import rollup

    rework = rollup.rework

    def interrupted(channels: Any) -> Any:
        worked = rework(channels)
        send(machine.item("cycles", hour(2), "2"))
        return worked

    send(machine.item("cycles", hour(1), "1"))
    monkeypatch.setattr(rollup, "rework", interrupted)
    recompute_dirty(now=now)
    monkeypatch.undo()
    assert recompute_dirty(now=now) == 1
    assert usage(machine.channels["cycles"]) == [(1, 1)]


def test_many_channel_days_go_in_chunks(
    machine: Machine, cast: dict[str, Any], now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.telemetry.operations.rollup.CHUNK", 3)
    machines = [make_machine(cast["maker"], now, serial=f"M-{n}") for n in range(5)]
    items = [
        RawItem(n, one.asset.public_id, "cycles", at(24 * n + 1).isoformat(), str(n))
        for one in machines
        for n in range(10)
    ]
    take_in(items=items, source="x", now=now)
    heard: list[int] = []
    assert recompute_dirty(now=now, after_chunk=heard.append) == 50
    assert heard == [30, 50]


# --- Whatever the order of arrival ------------------------------------------------------------

VALUES = st.lists(st.integers(0, 60), min_size=1, max_size=14)
GAPS = st.lists(st.integers(1, 40), min_size=14, max_size=14)


def belief(channel: Channel) -> dict[str, Any]:
    """All that roll-ups say of the channel, without versions and keys."""
    return {
        "days": list(
            ChannelDay.objects.filter(channel=channel).order_by("day").values_list(
                "day", "opening_at", "opening_value", "closing_at", "closing_value",
                "reading_count",
            )
        ),
        "hours": list(
            HourRollup.objects.filter(channel=channel).order_by("hour").values_list(
                "hour", "reading_count", "usage", "last_at", "last_value", "minimum", "maximum"
            )
        ),
        "jumps": list(
            Discontinuity.objects.filter(channel=channel).order_by("measured_at").values_list(
                "measured_at", "kind", "amount"
            )
        ),
        "disbelief": list(
            Disbelief.objects.filter(channel=channel).order_by("measured_at").values_list(
                "measured_at", "value", "reason", "params"
            )
        ),
    }  # fmt: skip


def expected(readings: list[Reading], rules: LevelRules) -> dict[str, Any]:
    """The same straight from the domain, walked at once."""
    stretch = walk(readings, [], rules)
    hours = level_hours(rules.kind, stretch.believed, stretch.discontinuities, None)
    return {
        "hours": [
            (h.hour, h.reading_count, h.usage, h.last_at, h.last_value, h.minimum, h.maximum)
            for h in hours
        ],
        "jumps": [(j.measured_at, j.kind, j.amount) for j in stretch.discontinuities],
        "disbelief": [
            (d.reading.measured_at, d.reading.value, d.reason, dict(d.params))
            for d in stretch.disbelieved
        ],
    }


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    data=st.data(),
    values=VALUES,
    gaps=GAPS,
    size=st.sampled_from([None, 64]),
    restarts=st.booleans(),
    rate=st.sampled_from([None, Decimal(3)]),
)
def test_any_order_of_arrival_gives_the_same_belief(
    machine: Machine,
    now: datetime,
    data: Any,
    values: list[int],
    gaps: list[int],
    size: int | None,
    restarts: bool,
    rate: Decimal | None,
) -> None:
    cycles = machine.channels["cycles"]
    with transaction.atomic():
        Channel.objects.filter(pk=cycles.pk).update(
            register_size=size, restarts_from_zero=restarts, max_rate_per_hour=rate
        )
        instants = [at(sum(gaps[: n + 1])) for n in range(len(values))]
        readings = [
            Reading(instant, Decimal(value))
            for instant, value in zip(instants, values, strict=True)
        ]
        for batch in data.draw(batches(len(readings)), label="arrival"):
            items = [
                RawItem(
                    place,
                    machine.asset.public_id,
                    "cycles",
                    readings[n].measured_at,
                    readings[n].value,
                )
                for place, n in enumerate(batch)
            ]
            take_in(items=items, source="x", now=now)
            if data.draw(st.booleans(), label="roll up between"):
                recompute_dirty(now=now)
        recompute_dirty(now=now)
        rules = LevelRules("counter", Decimal(size) if size else None, restarts, rate)
        found = belief(cycles)
        days = found.pop("days")
        assert found == expected(readings, rules)
        assert [day[3:5] for day in days][-1] == closing_of(readings, rules)
        transaction.set_rollback(True)


def closing_of(readings: list[Reading], rules: LevelRules) -> tuple[Any, Any]:
    carry = walk(readings, [], rules).carry
    return (None, None) if carry is None else (carry.measured_at, carry.value)


def batches(count: int) -> Any:
    """A shuffled arrival, cut into batches."""
    return st.permutations(range(count)).flatmap(
        lambda order: st.lists(
            st.integers(0, count), max_size=4, unique=True
        ).map(lambda cuts: _cut(list(order), sorted(cuts)))
    )  # fmt: skip


def _cut(order: list[int], cuts: list[int]) -> list[list[int]]:
    edges = [0, *cuts, len(order)]
    return [order[a:b] for a, b in pairwise(edges) if a < b]
