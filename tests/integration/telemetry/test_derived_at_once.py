"""Two workers on real connections at the same marked day of a derived channel: one result."""

import threading
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, connections

from apps.telemetry.domain import deriving as law
from apps.telemetry.operations import RawItem, deriving, recompute_dirty, rollup, take_in
from apps.tenancy.context import company_context
from tests.integration.telemetry.conftest import Machine, make_machine
from tests.integration.telemetry.test_derived import DERIVED, at, said, total

PATIENCE = 20.0
DAY = date(2026, 10, 1)
ROUNDS = 12


def send(machine: Machine, now: datetime, *pairs: tuple[float, str]) -> None:
    items = [
        RawItem(n, machine.asset.public_id, "current", at(minute), value)
        for n, (minute, value) in enumerate(pairs)
    ]
    assert {out.status for out in take_in(items=items, source="x", now=now)} == {"accepted"}


@pytest.fixture
def press(own_database: str, cast: dict[str, Any], now: datetime) -> Machine:
    """Ten minutes above the level, from midnight on."""
    maker = cast["maker"]
    with company_context(maker):
        machine = make_machine(maker, now, serial="SN-D", **DERIVED)
        send(machine, now, (0, "5"), (10, "0.5"))
        recompute_dirty(now=now)
    return machine


class Worker(threading.Thread):
    """`work` in a thread, and so a connection, of its own; what it raised is raised by `ended`."""

    def __init__(self, machine: Machine, work: Callable[[], Any]) -> None:
        super().__init__()
        self.machine, self.work = machine, work
        self.error: BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            with company_context(self.machine.company):
                self.work()
        except BaseException as error:
            self.error = error
        finally:
            connections.close_all()

    def ended(self) -> None:
        self.join(timeout=PATIENCE)
        assert not self.is_alive()
        if self.error is not None:
            raise self.error


def stored(machine: Machine) -> int:
    """How many readings of the derived hours there are, believed or not."""
    with connection.cursor() as cursor:
        schema = connection.ops.quote_name(machine.company.schema_name)
        cursor.execute(
            f"select count(*) from {schema}.telemetry_delta where channel_id = %s",
            [machine.channels["run_hours"].pk],
        )
        count: int = cursor.fetchone()[0]
    return count


def test_the_same_day_marked_for_both_is_derived_once(press: Machine, now: datetime) -> None:
    hours = press.channels["run_hours"]
    with company_context(press.company):
        before = said(hours), stored(press)
    for _ in range(ROUNDS):
        start = threading.Barrier(2)

        def work(start: threading.Barrier = start) -> None:
            start.wait(PATIENCE)
            deriving.mark_days([(hours.pk, DAY)])
            recompute_dirty(now=now)

        for worker in [Worker(press, work), Worker(press, work)]:
            worker.ended()
    with company_context(press.company):
        assert (said(hours), stored(press)) == before
        assert total(hours) == Decimal("0.1667")
        assert recompute_dirty(now=now) == 0


@pytest.mark.parametrize("guarded", [True, False])
def test_what_comes_while_one_derives_is_not_lost_to_its_older_look(
    press: Machine, now: datetime, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """Without the channel's lock and the mark's, the slower worker writes what it saw before."""
    hours = press.channels["run_hours"]
    looked, go = threading.Event(), threading.Event()

    def slow(*arguments: Any) -> law.DerivedDay:
        found = law.derive_day(*arguments)
        if not looked.is_set():
            looked.set()
            go.wait(PATIENCE)
        return found

    def take_late() -> None:
        send(press, now, (30, "5"), (36, "0"))
        recompute_dirty(now=now)

    monkeypatch.setattr(deriving, "derive_day", slow)
    if not guarded:
        monkeypatch.setattr(rollup, "LOCKS", "select %s::int[]")
        monkeypatch.setattr(
            deriving, "_TAKE", deriving._TAKE.replace("for update", "for update skip locked")
        )
    with company_context(press.company):
        deriving.mark_days([(hours.pk, DAY)])
    first = Worker(press, lambda: recompute_dirty(now=now))
    assert looked.wait(PATIENCE)
    second = Worker(press, take_late)
    second.join(timeout=2 if guarded else PATIENCE)
    assert second.is_alive() is guarded
    go.set()
    first.ended()
    second.ended()
    with company_context(press.company):
        assert recompute_dirty(now=now) == 0
        # Ten minutes and six more; unguarded, the six are gone and nothing marks them any more.
        assert (total(hours) == Decimal("0.2667")) is guarded
