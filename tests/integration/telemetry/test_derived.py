"""Derived channels: whatever the order of arrival, they say what the stored readings say."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.telemetry.models import Channel, ChannelDay
from apps.telemetry.operations import Outcome, RawItem, declare, deriving, recompute_dirty, take_in
from apps.telemetry.queries import readings_between
from apps.tenancy.context import company_context
from tests.integration.telemetry.conftest import Machine, make_machine

Send = Callable[..., list[Outcome]]
OCTOBER = datetime(2026, 10, 1, tzinfo=UTC)
DERIVED: dict[str, dict[str, Any]] = {
    "current": {"kind": "gauge", "unit": "A"},
    "voltage": {"kind": "gauge", "unit": "V"},
    "latitude": {"kind": "gauge", "unit": "deg"},
    "longitude": {"kind": "gauge", "unit": "deg"},
    "run_hours": {"kind": "delta", "unit": "h", "formula": "time_above(current, 1)"},
    "starts": {"kind": "delta", "unit": "{start}", "formula": "edges(current, 1, hysteresis=0.2)"},
    "power": {"kind": "gauge", "unit": "kW", "formula": "current * voltage / 1000"},
    "consumed": {"kind": "delta", "unit": "kW.h", "formula": "integral(power)"},
    "way": {"kind": "delta", "unit": "km", "formula": "distance(latitude, longitude)",
            "formula_step": Decimal("0.001")},
}  # fmt: skip


@pytest.fixture
def press(cast: dict[str, Any], now: datetime) -> Iterator[Machine]:
    """A machine with derived channels; the test runs inside its company."""
    with company_context(cast["maker"]):
        yield make_machine(cast["maker"], now, serial="SN-D", **DERIVED)


def at(minutes: float) -> str:
    return (OCTOBER + timedelta(minutes=minutes)).isoformat().replace("+00:00", "Z")


def said(channel: Channel) -> list[tuple[float, Decimal]]:
    """(minutes after 1 October, value) of every believed reading that is not zero."""
    found = readings_between(channel, OCTOBER - timedelta(days=9), OCTOBER + timedelta(days=40))
    return [
        ((item.measured_at - OCTOBER) / timedelta(minutes=1), item.value.normalize())
        for item in found if item.value
    ]  # fmt: skip


def total(channel: Channel) -> Decimal:
    return sum((value for _, value in said(channel)), Decimal(0))


def test_hours_above_a_level_by_quarter_hours(press: Machine, send: Send, now: datetime) -> None:
    for minute, value in ((0, "5"), (10, "0.5"), (20, "3"), (32, "0")):
        send(press.item("current", at(minute), value))
    recompute_dirty(now=now)
    # 10 minutes; then from 20 to 30 and from 30 to 32.
    assert said(press.channels["run_hours"]) == [
        (0, Decimal("0.1667")), (15, Decimal("0.1666")), (30, Decimal("0.0334")),
    ]  # fmt: skip
    assert said(press.channels["starts"]) == [(15, 1)]


def test_a_value_holds_over_midnight_and_no_longer_than_stated(
    press: Machine, send: Send, now: datetime
) -> None:
    send(press.item("current", at(24 * 60 - 5), "5"))
    recompute_dirty(now=now)
    # 15 minutes, of which ten lie in the next day, for which nothing was sent.
    assert said(press.channels["run_hours"]) == [
        (24 * 60 - 15, Decimal("0.0833")), (24 * 60, Decimal("0.1667")),
    ]  # fmt: skip
    send(press.item("current", at(24 * 60 - 1), "0"))
    recompute_dirty(now=now)
    assert said(press.channels["run_hours"]) == [(24 * 60 - 15, Decimal("0.0667"))]


def test_a_formula_has_a_value_wherever_its_inputs_have(
    press: Machine, send: Send, now: datetime
) -> None:
    send(press.item("current", at(1), "10"))
    send(press.item("voltage", at(2), "400"))
    send(press.item("current", at(3), "20"))
    send(press.item("current", at(17), "30"))
    recompute_dirty(now=now)
    # At 1 there is no voltage yet, at 17 the voltage of minute 2 holds no more.
    assert said(press.channels["power"]) == [(2, 4), (3, 8)]
    # A chain: 1 minute of 4 kW and 15 minutes of 8 kW.
    assert total(press.channels["consumed"]) == Decimal("2.0667")


def test_kilometres_from_positions(press: Machine, send: Send, now: datetime) -> None:
    way = [
        ("48.137", "11.575"),
        ("48.137", "11.576"),
        ("0", "0"),
        ("58", "11"),
        ("48.138", "11.576"),
    ]
    for minute, (north, east) in enumerate(way):
        send(press.item("latitude", at(minute), north), press.item("longitude", at(minute), east))
    recompute_dirty(now=now)
    assert said(press.channels["way"]) == [(0, Decimal("0.185"))]


def test_nothing_is_sent_to_a_derived_channel(press: Machine, send: Send, now: datetime) -> None:
    for name in ("run_hours", "power"):
        outcome = send(press.item(name, at(1), "1", id="x"))[0]
        assert (outcome.status, outcome.reason) == ("refused", "derived_channel")


def test_nothing_used_is_told_from_nothing_known(press: Machine, send: Send, now: datetime) -> None:
    send(press.item("current", at(20), "0.2"))
    recompute_dirty(now=now)
    days = ChannelDay.objects.filter(channel=press.channels["run_hours"])
    assert [(row.day, row.usage, row.closing_at) for row in days] == [
        (date(2026, 10, 1), 0, OCTOBER + timedelta(minutes=15))
    ]


def test_a_late_reading_moves_only_the_days_it_touches(
    press: Machine, send: Send, now: datetime
) -> None:
    for day in range(4):
        send(press.item("current", at(24 * 60 * day + 60), "5"))
    recompute_dirty(now=now)
    versions = versions_of(press.channels["run_hours"])
    send(press.item("current", at(24 * 60 + 65), "0"))
    recompute_dirty(now=now)
    moved = versions_of(press.channels["run_hours"])
    assert [day for day in moved if moved[day] != versions.get(day)] == [date(2026, 10, 2)]
    assert total(press.channels["run_hours"]) == 3 * Decimal("0.25") + Decimal("0.0833")


def versions_of(channel: Channel) -> dict[date, int]:
    return dict(ChannelDay.objects.filter(channel=channel).values_list("day", "version"))


def test_an_edge_depends_on_what_an_earlier_day_hands_on(
    press: Machine, send: Send, now: datetime
) -> None:
    send(press.item("current", at(0.5), "0"), press.item("current", at(6 * 24 * 60 + 1), "5"))
    recompute_dirty(now=now)
    assert said(press.channels["starts"]) == [(6 * 24 * 60, 1)]
    # Late: it rose three days earlier already, and never fell.
    send(press.item("current", at(3 * 24 * 60 + 1), "4"))
    recompute_dirty(now=now)
    assert said(press.channels["starts"]) == [(3 * 24 * 60, 1)]


def test_what_a_day_hands_on_reaches_a_later_day_whose_inputs_stay(
    press: Machine, send: Send, now: datetime
) -> None:
    """0.9 is neither above 1 nor low enough to count the next rise: what was before it decides."""
    send(press.item("current", at(60), "0"), press.item("current", at(120), "0.9"))
    send(press.item("current", at(3 * 24 * 60 + 60), "5"))
    recompute_dirty(now=now)
    assert said(press.channels["starts"]) == [(3 * 24 * 60 + 60, 1)]
    send(press.item("current", at(90), "5"))
    recompute_dirty(now=now)
    assert said(press.channels["starts"]) == [(90, 1)]


def test_what_is_not_believed_does_not_count(press: Machine, send: Send, now: datetime) -> None:
    send(press.item("current", at(0), "0"), press.item("current", at(5), "9"))
    send(press.item("current", at(10), "0"))
    recompute_dirty(now=now)
    assert total(press.channels["starts"]) == 1
    declare(channel=press.channels["current"], kind="disbelieve",
            measured_at=OCTOBER + timedelta(minutes=5), reason="test", by="test", now=now)  # fmt: skip
    recompute_dirty(now=now)
    assert total(press.channels["starts"]) == 0
    assert total(press.channels["run_hours"]) == 0


def test_billing_drains_what_a_channel_rests_on(press: Machine, send: Send, now: datetime) -> None:
    send(press.item("current", at(0), "5"), press.item("voltage", at(0), "200"))
    recompute_dirty(now=now, channel_ids=[press.channels["consumed"].pk])
    assert total(press.channels["consumed"]) == Decimal("0.25")
    assert said(press.channels["run_hours"]) == []


@pytest.mark.parametrize("bound", ["MOST_DAYS", "MOST_SECONDS"])
def test_what_is_too_much_for_one_transaction_is_derived_in_several(
    press: Machine, send: Send, now: datetime, monkeypatch: pytest.MonkeyPatch, bound: str
) -> None:
    monkeypatch.setattr(deriving, bound, 1 if bound == "MOST_DAYS" else 0)
    for day in range(5):
        send(press.item("current", at(24 * 60 * day + 60), "5"))
    recompute_dirty(now=now)
    assert total(press.channels["run_hours"]) == 5 * Decimal("0.25")


def test_a_rolled_back_worker_leaves_everything_marked(
    press: Machine, send: Send, now: datetime
) -> None:
    send(press.item("current", at(0), "5"))
    recompute_dirty(now=now, channel_ids=[press.channels["current"].pk])
    with transaction.atomic():
        recompute_dirty(now=now)
        transaction.set_rollback(True)
    assert said(press.channels["run_hours"]) == []
    recompute_dirty(now=now)
    assert total(press.channels["run_hours"]) == Decimal("0.25")


MOMENTS = st.lists(
    st.tuples(
        st.integers(0, 4 * 24 * 12),
        st.sampled_from(("current", "voltage")),
        st.sampled_from(("0", "0.9", "1", "2")),
    ),
    min_size=1, max_size=25, unique_by=lambda row: row[:2],
)  # fmt: skip


@settings(
    max_examples=10, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(rows=MOMENTS, data=st.data())
def test_any_order_of_arrival_says_the_same(
    press: Machine, now: datetime, rows: list[tuple[int, str, str]], data: st.DataObject
) -> None:
    items = [press.item(code, at(5 * place), value) for place, code, value in rows]
    shuffled = data.draw(st.permutations(items))
    cuts = data.draw(st.lists(st.integers(0, len(items)), max_size=4))
    expected = outcome_of(press, [items], now)
    edges = [0, *sorted(cuts), len(items)]
    parts = [shuffled[a:b] for a, b in pairwise(edges)]
    assert outcome_of(press, parts, now) == expected


def outcome_of(press: Machine, batches: list[list[RawItem]], now: datetime) -> dict[str, Any]:
    """What every derived channel says after these batches, each worked in; nothing stays."""
    with transaction.atomic():
        for batch in batches:
            placed = [RawItem(n, i.asset, i.channel, i.time, i.value) for n, i in enumerate(batch)]
            take_in(items=placed, source="test", now=now)
            recompute_dirty(now=now)
        found: dict[str, Any] = {
            code: said(row) for code, row in press.channels.items() if row.depth
        }
        found["digests"] = sorted(
            (row.channel.code, row.day, bytes(row.digest))
            for row in ChannelDay.objects.exclude(digest=None).select_related("channel")
        )
        transaction.set_rollback(True)
    return found
