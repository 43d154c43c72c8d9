"""What a plan counts of readings: those received in its month, whenever measured and by whichever way."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import connection
from django.test import Client

from apps.accounts.operations import make_key
from apps.subscriptions.domain.limits import Counted
from apps.subscriptions.domain.registry import count_of
from apps.telemetry.limits import forget_limits
from apps.telemetry.operations import RawItem, recompute_dirty, take_in
from apps.telemetry.operations.declared import SOURCE as DECLARED
from apps.telemetry.operations.received import fold_received
from apps.telemetry.operations.storing import forget_clashes
from apps.tenancy.context import company_context
from tests.integration.subscriptions.test_limits import change_plan_row
from tests.integration.telemetry.conftest import Machine, make_machine

MONTH = datetime(2026, 11, 1, tzinfo=UTC)


def received(since: datetime = MONTH) -> int:
    return count_of(Counted.READINGS, since)


def take(machine: Machine, now: datetime, *times: str, channel: str = "cycles") -> None:
    items = [machine.item(channel, time, str(n), n) for n, time in enumerate(times)]
    take_in(items=items, source="test", now=now)


def test_late_history_counts_in_the_month_it_comes_in(machine: Machine, now: datetime) -> None:
    take(machine, now, "2026-08-01T10:00:00Z", "2026-09-01T10:00:00Z", "2026-11-02T08:00:00Z")
    assert received() == 3, "before any roll-up"
    recompute_dirty(now=now)
    assert received() == 3
    # In the month after nothing of it counts, though some was measured late.
    assert received(datetime(2026, 12, 1, tzinfo=UTC)) == 0


def test_what_stands_there_counts_once(machine: Machine, now: datetime) -> None:
    for _twice in range(2):
        take(machine, now, "2026-11-01T10:00:00Z", "2026-11-01T11:00:00Z")
        take(machine, now, "2026-11-01T10:00:00Z", channel="energy")
    assert received() == 3
    # Of five one is new, one in conflict and one refused.
    items = [
        machine.item("cycles", time, value, n)
        for n, (time, value) in enumerate([
            ("2026-11-01T10:00:00Z", "0"), ("2026-11-01T11:00:00Z", "1"),
            ("2026-11-01T11:00:00Z", "9"), ("2026-11-01T12:00:00Z", "2"), ("yesterday", "1"),
        ])
    ]  # fmt: skip
    take_in(items=items, source="test", now=now)
    assert received() == 4


def test_a_period_that_begins_in_the_afternoon_counts_nothing_of_the_morning(
    machine: Machine, now: datetime
) -> None:
    morning, afternoon = now.replace(hour=9), now.replace(hour=14, minute=30)
    take(machine, morning, "2026-11-01T10:00:00Z")
    take(machine, afternoon - timedelta(minutes=20), "2026-11-01T11:00:00Z")
    take(machine, afternoon + timedelta(hours=1), "2026-11-01T12:00:00Z")
    for _folded in range(2):
        assert received(morning.replace(hour=0)) == 3
        assert received(now.replace(hour=14)) == 2
        # The hour it begins in belongs to the period before: nothing is in two of them.
        assert received(afternoon) == 1
        fold_received()


def test_folding_keeps_the_sum_and_one_row_an_hour(machine: Machine, now: datetime) -> None:
    for minute in range(5):
        take(machine, now + timedelta(minutes=minute), f"2026-11-01T10:0{minute}:00Z")
        fold_received()
    take(machine, now + timedelta(hours=2), "2026-11-01T11:00:00Z")
    fold_received()
    with connection.cursor() as cursor:
        cursor.execute("select readings from telemetry_receivedhour order by hour")
        assert cursor.fetchall() == [(5,), (1,)]
        cursor.execute("select count(*) from telemetry_received")
        assert cursor.fetchone() == (0,)
    assert received() == 6


def test_each_way_in_counts_outside_of_transactions_too(own_database: str, now: datetime) -> None:
    """There a batch of new rows goes by statements of its own, also after a clash."""
    from apps.tenancy.models import Company

    maker = Company.objects.get(slug="maker")
    with company_context(maker):
        machine = make_machine(maker, now)
        forget_clashes()
        take(machine, now, "2026-11-01T10:00:00Z", "2026-11-01T11:00:00Z")
        take(machine, now, "2026-11-01T10:00:00Z", channel="energy")
        assert received() == 3
        take(machine, now, "2026-11-01T10:00:00Z", "2026-11-01T11:00:00Z", "2026-11-01T12:00:00Z")
        assert received() == 4
        value = Decimal(7)
        said = RawItem(0, machine.asset.public_id, "cycles", "2026-11-01T13:00:00Z", value)
        take_in(items=[said], source=DECLARED, now=now)
        assert received() == 5


def test_a_full_month_is_full_for_history_too(
    cast: dict[str, Any], machine: Machine, now: datetime, time_machine: Any
) -> None:
    time_machine.move_to(now)
    change_plan_row("network", most_readings=2)
    connection.set_tenant(cast["maker"])  # type: ignore[attr-defined]
    secret = make_key(name="gateway", scope="intake", now=now)[1]
    take(machine, now, "2026-08-01T10:00:00Z", "2026-08-02T10:00:00Z")
    forget_limits()
    client = Client(HTTP_HOST=f"maker.{settings.PERUSE_DOMAIN}")
    body = json.dumps({
        "specversion": "1.0", "id": "1", "source": "/test", "type": "reading",
        "subject": f"{machine.asset.public_id}/cycles", "time": "2026-11-01T10:00:00Z",
        "data": {"value": "12.5"},
    })  # fmt: skip

    def sent() -> int:
        forget_limits()
        kind, key = "application/cloudevents+json", f"Bearer {secret}"
        answer = client.post("/api/v1/events", body, kind, HTTP_AUTHORIZATION=key)
        return int(answer.status_code)

    assert sent() == 429
    time_machine.move_to(datetime(2026, 12, 1, 9, tzinfo=UTC))
    assert sent() == 200
