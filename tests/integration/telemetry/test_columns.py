"""A batch judged by columns gives what its items give one by one, and steps aside for odd ones."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from apps.assets.models import Asset
from apps.common.ids import encode
from apps.telemetry.models import RefusedItem
from apps.telemetry.operations import Outcome, take_in
from apps.telemetry.operations.channels import names_for
from apps.telemetry.operations.columns import Batch, judge_batch
from apps.telemetry.operations.intake import retention_edge
from apps.telemetry.operations.judgement import Bounds, judge_items
from apps.telemetry.operations.storing import forget_clashes
from apps.telemetry.wire import read_batch
from apps.tenancy.context import company_context
from tests.integration.telemetry.conftest import Machine, make_machine

TEN = int(datetime(2026, 10, 1, 10, tzinfo=UTC).timestamp()) * 1_000_000


def body(machine: Machine, *changes: dict[str, Any]) -> bytes:
    """Events an hour apart, each with its changes; `value` and `unit` go into its data."""
    events = []
    for number, change in enumerate(changes):
        data = {name: change[name] for name in ("value", "unit", "channel") if name in change}
        others = {name: text for name, text in change.items() if name not in data}
        events.append({
            "specversion": "1.0", "id": str(number), "source": "/test", "type": "reading",
            "subject": f"{machine.asset.public_id}/cycles", "time": f"2026-10-01T{number:02d}:00:00Z",
            "data": {"value": str(number), **data}, **others,
        })  # fmt: skip
    return json.dumps(events).encode()


def bounds_of(now: datetime, device: Any = None) -> Bounds:
    return Bounds(now, retention_edge(now), "key", device)


def usual(raw: bytes, asset: str = "") -> Batch:
    items = read_batch(raw, asset).items
    assert isinstance(items, Batch)
    return items


@pytest.mark.parametrize(
    ("text", "micros"),
    [
        ("2026-10-01T10:00:00Z", TEN),
        ("2026-10-01T10:00:00z", TEN),
        ("2026-10-01T12:00:00+02:00", TEN),
        ("2026-10-01T04:30:00-05:30", TEN),
        ("2026-10-01T10:00:00.5Z", TEN + 500_000),
        ("2026-10-01T10:00:00.000001Z", TEN + 1),
    ],
)
def test_every_form_of_a_time_is_the_same_instant(
    machine: Machine, now: datetime, text: str, micros: int
) -> None:
    judged = judge_batch(usual(body(machine, {"time": text}, {})), bounds_of(now))
    assert judged is not None
    assert judged.levels.micros == [micros, TEN - 9 * 3_600_000_000]


@pytest.mark.parametrize("value", ["7", "-0.5", 7, 0.25, "123456789012345678.123456789012"])
def test_a_plain_number_keeps_its_digits(machine: Machine, now: datetime, value: Any) -> None:
    judged = judge_batch(usual(body(machine, {}, {"value": value})), bounds_of(now))
    assert judged is not None
    assert judged.levels.values == ["0", str(value)]


@pytest.mark.parametrize(
    "odd",
    [
        {"value": "1,2"}, {"value": "1e3"}, {"value": 1e300}, {"value": "NaN"}, {"value": ""},
        {"value": None}, {"value": True}, {"value": "\u0661"}, {"value": [1, 2]}, {"value": "1\\u0030"},
        {"value": "1234567890123456789"}, {"value": "\" 1"}, {"value": {"1": 2}}, {"value": "\n1"},
        {"time": ""}, {"time": "2026-10-01T10:00:00"}, {"time": "2026-10-01T10:00:60Z"},
        {"time": "2099-10-01T10:00:00Z"}, {"time": "1999-10-01T10:00:00Z"}, {"time": "\u0662026"},
        {"subject": ""}, {"subject": "nothing/cycles"}, {"subject": "cycles"}, {"unit": "kWh"},
    ],
)  # fmt: skip
def test_one_odd_item_sends_the_batch_the_long_way(
    machine: Machine, now: datetime, odd: dict[str, Any]
) -> None:
    batch = usual(body(machine, {}, odd, {"unit": "{cycle}"}))
    assert judge_batch(batch, bounds_of(now)) is None
    outcomes = take_in(items=batch, source="key", now=now)
    names = names_for({(item.asset, item.channel) for item in batch})
    judged = judge_items(list(batch), names, bounds_of(now))
    assert [each.status for each in outcomes][::2] == status_of(judged.refused, 0, 2)
    assert outcomes[1] == judged.refused.get(1, Outcome(1, "accepted"))
    kept = RefusedItem.objects.filter(position=1)
    assert [row.reason for row in kept] == [each.reason for each in judged.refused.values()]


def status_of(refused: dict[int, Outcome], *places: int) -> list[str]:
    return ["refused" if place in refused else "accepted" for place in places]


def test_deltas_and_own_intervals_go_the_long_way(machine: Machine, now: datetime) -> None:
    subject = f"{machine.asset.public_id}/energy"
    assert judge_batch(usual(body(machine, {"subject": subject}, {})), bounds_of(now)) is None
    assert not isinstance(read_batch(body(machine, {"channel": "cycles"}, {})).items, Batch)


def test_a_device_names_only_the_channel_and_only_its_own_asset(
    machine: Machine, now: datetime
) -> None:
    other = make_machine(machine.company, now, "SN-2")
    device = type("Sender", (), {"asset_id": machine.asset.id})()
    own = encode(Asset.prefix, machine.asset.id)
    for _ in range(2):  # found, then remembered
        plain = usual(body(machine, {"subject": "cycles"}, {}), own)
        judged = judge_batch(plain, bounds_of(now, device))
        assert judged is not None
        assert judged.levels.channels == [machine.channels["cycles"].id] * 2
        foreign = usual(body(other, {}), own)
        assert judge_batch(foreign, bounds_of(now, device)) is None


def test_what_an_open_transaction_sees_is_not_remembered(machine: Machine, now: datetime) -> None:
    assert connection.in_atomic_block
    batch = usual(body(machine, {}))
    assert judge_batch(batch, bounds_of(now)) is not None
    assert names_for(set()).subjects.get("", {}) == {}


def test_duplicates_and_conflicts_of_a_batch_that_commits_by_itself(
    own_database: str, cast: dict[str, Any], now: datetime
) -> None:
    same, other = {"time": "2026-10-01T00:00:00Z", "value": "0"}, {"time": "2026-10-01T01:00:00Z"}
    with company_context(cast["maker"]):
        machine = make_machine(cast["maker"], now)
        first = take_in(items=usual(body(machine, {}, {}, same)), source="key", now=now)
        assert [each.status for each in first] == ["accepted", "accepted", "duplicate"]
        again = read_batch(
            body(machine, {}, {}, {}, {**other, "value": "9"}, {**other, "value": "1.0"})
        )
        found = take_in(items=again.items, source="key", now=now, raw_of=again.raw_of)
        assert [each.status for each in found] == [
            "duplicate", "duplicate", "accepted", "conflict", "duplicate",
        ]  # fmt: skip
        assert found[3].params == {"stored": "1"}
        assert json.loads(RefusedItem.objects.get().raw)["data"] == {"value": "9"}
        assert stored(machine) == [Decimal(0), Decimal(1), Decimal(2)]
        assert not connection.in_atomic_block


def test_a_batch_is_taken_for_new_until_one_clashes_and_nothing_of_that_one_is_half_stored(
    own_database: str, cast: dict[str, Any], now: datetime
) -> None:
    """Hours 0 to 2 are new; then 0 to 4 clash, and are stored after a comparison, marked once."""
    with company_context(cast["maker"]):
        machine = make_machine(cast["maker"], now)
        forget_clashes()
        take_in(items=usual(body(machine, {}, {}, {})), source="key", now=now)
        # Hour 0 is a level at midnight: it belongs to the day that ends there.
        assert marks() == [date(2026, 9, 30), date(2026, 10, 1)]
        for _ in range(2):
            found = take_in(items=usual(body(machine, *[{}] * 5)), source="key", now=now)
        assert {each.status for each in found} == {"duplicate"}
        assert stored(machine) == [Decimal(hour) for hour in range(5)]
        assert marks() == [date(2026, 9, 30), date(2026, 10, 1), date(2026, 10, 1)]
        forget_clashes()


def test_amounts_are_taken_for_new_too(
    own_database: str, cast: dict[str, Any], now: datetime
) -> None:
    with company_context(cast["maker"]):
        machine = make_machine(cast["maker"], now)
        items = [
            machine.item("energy", f"2026-10-0{day}T00:00:00Z", "1.5", day, id=str(day))
            for day in (1, 2)
        ]
        forget_clashes()
        for status in ("accepted", "duplicate", "duplicate"):
            found = take_in(items=items, source="key", now=now)
            assert [each.status for each in found] == [status, status]
        assert marks() == [date(2026, 10, 1), date(2026, 10, 2)]
        forget_clashes()


def marks() -> list[date]:
    with connection.cursor() as cursor:
        cursor.execute("select day from telemetry_mark order by day")
        return [day for (day,) in cursor.fetchall()]


def test_companies_in_turn_on_one_connection_keep_their_own(
    own_database: str, cast: dict[str, Any], now: datetime
) -> None:
    machines = {}
    for name in ("maker", "provider"):
        with company_context(cast[name]):
            machines[name] = make_machine(cast[name], now)
    for hour in range(6):
        for name, machine in machines.items():
            with company_context(cast[name]):
                items = usual(
                    body(machine, *[{"value": f"{hour}.{name == 'maker':d}"}] * (hour + 1))
                )
                take_in(items=items, source="key", now=now)
    for name, machine in machines.items():
        with company_context(cast[name]):
            expected = [Decimal(f"{hour}.{name == 'maker':d}") for hour in range(6)]
            assert stored(machine) == expected


def stored(machine: Machine) -> Sequence[Decimal]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select value from telemetry_level where channel_id = %s order by measured_at",
            [machine.channels["cycles"].id],
        )
        return [value for (value,) in cursor.fetchall()]
