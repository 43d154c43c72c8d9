"""The same batch from eight clients at once, and months made by all of them, on real connections."""

import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, connections

from apps.telemetry.models import ChannelDay, HourRollup
from apps.telemetry.operations import RawItem, recompute_dirty, take_in
from apps.tenancy.context import company_context
from tests.integration.telemetry.conftest import Machine, make_machine

CLIENTS, HOURS = 8, 400


def at_once(work: Callable[[int], Any]) -> list[Any]:
    """Run `work(n)` in as many threads as there are clients, all starting together."""
    results: list[Any] = [None] * CLIENTS
    start = threading.Barrier(CLIENTS)

    def run(number: int) -> None:
        try:
            start.wait(timeout=30)
            results[number] = work(number)
        except BaseException as error:
            results[number] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[n]) for n in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return results


def batch(machine: Machine, now: datetime) -> list[RawItem]:
    first = now - timedelta(hours=HOURS)
    return [
        RawItem(n, machine.asset.public_id, code, first + timedelta(hours=n), value, str(n))
        for n in range(HOURS) for code, value in (("cycles", str(n)), ("energy", "1.5"))
    ]  # fmt: skip


def test_the_same_batch_from_eight_clients_counts_once(
    own_database: str, cast: dict[str, Any], now: datetime
) -> None:
    maker = cast["maker"]
    with company_context(maker):
        machine = make_machine(maker, now)
    items = batch(machine, now)

    def send(number: int) -> Counter[str]:
        # Each client sends in its own order, so that the batches cross each other.
        mixed = items[number * 37 :] + items[: number * 37]
        with company_context(maker):
            outcomes = take_in(items=mixed, source="x", now=now)
        return Counter(outcome.status for outcome in outcomes)

    total = sum(at_once(send), Counter())
    assert total == {"accepted": len(items), "duplicate": (CLIENTS - 1) * len(items)}
    with company_context(maker):
        recompute_dirty(now=now)
        energy = HourRollup.objects.filter(channel=machine.channels["energy"])
        assert sum(row.usage for row in energy) == HOURS * 3 / 2
        cycles = HourRollup.objects.filter(channel=machine.channels["cycles"])
        assert sum(row.usage for row in cycles) == HOURS - 1


def test_eight_workers_roll_up_while_readings_come(
    own_database: str, cast: dict[str, Any], now: datetime
) -> None:
    maker = cast["maker"]
    with company_context(maker):
        machine = make_machine(maker, now)
    items = batch(machine, now)

    def send_or_work(number: int) -> None:
        with company_context(maker):
            for place in range(number % 4, len(items), 4 * 25):
                if number < 4:
                    take_in(items=items[place : place + 100 : 4], source="x", now=now)
                else:
                    recompute_dirty(now=now)

    at_once(send_or_work)
    with company_context(maker):
        recompute_dirty(now=now)
        assert recompute_dirty(now=now) == 0
        cycles = HourRollup.objects.filter(channel=machine.channels["cycles"])
        assert sum(row.usage for row in cycles) == HOURS - 1
        last = ChannelDay.objects.filter(channel=machine.channels["cycles"]).latest("day")
        assert last.closing_value == HOURS - 1
    assert not connection.in_atomic_block
