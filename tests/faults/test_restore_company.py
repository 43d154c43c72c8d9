"""One company's readings are lost and brought back from a backup while two others send and bill.

Nobody else's rows differ from those of a twin database in which nothing was lost, and the company's own
end the same: nothing is sent, billed, corrected or paid again. Positive controls: a restore that takes the
shared rows back too, and one that brings readings without marking their days, are both found.
"""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, connections

from apps.billing.models import Correction, Invoice, InvoiceLine
from apps.billing.operations import approve_invoices, issue_invoices, start_run
from apps.billing.operations.keys import ensure_signing_key
from apps.common.canonical import digest
from apps.events.models import AuditRow, Job
from apps.events.operations import run_waiting_jobs
from apps.metering.models import UsageRecord
from apps.telemetry.operations import RawItem, recompute_dirty, take_in
from apps.telemetry.operations.restoring import Restored, inserting, restore_company
from apps.tenancy.context import as_app, as_owner, company_context
from apps.tenancy.dumps import dump, rows_of
from apps.tenancy.models import Company
from tests import databases
from tests.integration.billing.scene import NOW, make_asset, make_contract, month_of_readings

pytestmark = pytest.mark.faults
HOUR_AGO = NOW - timedelta(hours=1)
# What a restore asks for: it works days in again, and usage that was billed is looked at again.
LOOKING = ("telemetry.", "metering.", "billing.correct")


class World:
    """A company that loses readings and two that go on; all of them sell to the customer."""

    def __init__(self, cast: dict[str, Any], contracts: int, batches: int) -> None:
        self.lost, self.others = cast["provider"], [cast["maker"], cast["workshop"]]
        self.batches, self.start = batches, NOW - timedelta(hours=9)
        self.presses = {}
        for company in (self.lost, *self.others):
            press = make_asset(company)
            self.presses[company.pk] = press
            month_of_readings(company, press, "2026-10", 1000, 1055)
            for number in range(contracts):
                make_contract(company, cast["customer"], [press], title=f"Contract {number:02d}")
            with company_context(company):
                ensure_signing_key(now=NOW)
        bill(self.lost)
        self.send(self.lost, HOUR_AGO, 60, 2000)
        with company_context(self.lost):
            recompute_dirty(now=NOW)
            run_waiting_jobs(now=NOW)

    def send(self, company: Any, first: datetime, count: int, value: int) -> None:
        """A reading a minute from `first` on."""
        press = self.presses[company.pk].public_id
        times = [first + timedelta(minutes=n) for n in range(count)]
        items = [
            RawItem(n, press, "cycles", at.isoformat(), str(value + n))
            for n, at in enumerate(times)
        ]
        with company_context(company):
            assert {out.status for out in take_in(items=items, source="test", now=NOW)} == {
                "accepted"
            }

    def go_on(self, company: Any) -> None:
        """What the other companies do meanwhile: send, and bill the month."""
        for number in range(self.batches):
            self.send(company, self.start + number * timedelta(minutes=10), 10, 3000)
        bill(company)


def bill(company: Any) -> None:
    """Run the month, approve and issue, work on all jobs; again, nothing is left to do."""
    with company_context(company):
        start_run(label="2026-10", now=NOW, started_by="test")
        run_waiting_jobs(now=NOW)
        keys = list(Invoice.objects.exclude(state="issued").values_list("id", flat=True))
        approve_invoices(invoices=keys, now=NOW, approved_by="test")
        issue_invoices(invoices=keys, now=NOW, issued_by="test")
        run_waiting_jobs(now=NOW)


def lose(company: Any) -> int:
    """Readings of the last hour and one that was billed from are gone, as by a wrong hand."""
    with company_context(company), as_owner(), connection.cursor() as cursor:
        cursor.execute(
            "delete from telemetry_level where measured_at >= %s or measured_at = %s",
            [HOUR_AGO, datetime(2026, 10, 20, 10, tzinfo=UTC)],
        )
        return int(cursor.rowcount)


def rows(question: str) -> list[list[str]]:
    with connection.cursor() as cursor:
        cursor.execute(question)
        return [[str(value) for value in row] for row in cursor.fetchall()]


def state(company: Any) -> dict[str, Any]:
    """What the company has, without ids, times of writing and versions."""
    with company_context(company), as_app():
        lines = InvoiceLine.objects.select_related("invoice__contract")
        records = UsageRecord.objects.order_by("starts_at", "item_id", "-generation")
        newest = records.distinct("starts_at", "item_id")
        jobs = Counter(Job.objects.values_list("kind", "state"))
        acts = Counter(AuditRow.objects.values_list("action", flat=True))
        return {
            "readings": digest(rows("select * from telemetry_level order by 1, 2")),
            "days": rows(
                "select channel_id, day, reading_count, usage, closing_value, encode(digest, 'hex') "
                "from telemetry_channelday order by 1, 2"
            ),
            "hours": digest(rows(
                "select channel_id, hour, usage, reading_count from telemetry_hourrollup order by 1, 2"
            )),
            "lines": sorted(
                [line.invoice.contract.title, line.invoice.kind, line.invoice.state, line.net_minor]
                for line in lines
            ),
            "numbers": sorted(str(row.number) for row in Invoice.objects.all()),
            "corrections": Correction.objects.count(),
            "used": Counter(str(row.quantity) for row in newest),
            "jobs": {key: n for key, n in jobs.items() if not key[0].startswith(LOOKING)},
            "acts": {key: n for key, n in acts.items() if key != "telemetry.restored"},
        }  # fmt: skip


@contextmanager
def connected_to(name: str) -> Iterator[None]:
    before, connection.settings_dict["NAME"] = connection.settings_dict["NAME"], name
    connection.close()
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = before


@contextmanager
def at_work(world: World) -> Iterator[None]:
    """The other companies send and bill in threads of their own until they are done."""
    failures: list[BaseException] = []

    def work(company: Any) -> None:
        try:
            world.go_on(company)
        except BaseException as error:
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=(company,)) for company in world.others]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for thread in threads:
            thread.join()
    assert failures == []


def all_of(world: World) -> dict[str, Any]:
    return {company.slug: state(company) for company in (world.lost, *world.others)}


def afterwards(world: World) -> None:
    """The company's jobs are done, and its month is billed once more."""
    with company_context(world.lost):
        recompute_dirty(now=NOW)
        run_waiting_jobs(now=NOW)
    bill(world.lost)


def differing(found: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    """By company and thing what is found, and what was wanted."""
    return {
        f"{company}: {name}": (value, wanted[company][name])
        for company, things in found.items()
        for name, value in things.items()
        if value != wanted[company][name]
    }


def undisturbed(world: World, name: str) -> dict[str, Any]:
    with connected_to(name):
        with at_work(world):
            pass
        afterwards(world)
        return all_of(world)


def drill(world: World, backup: Path, noticed: bool = False) -> dict[str, Any]:
    """Lose, restore while the others work, and what everybody has then.

    `noticed`: the roll-up saw the loss before, so that a correction was made for want of readings.
    """
    with at_work(world):
        gone = lose(world.lost)
        if noticed:
            notice(world)
        restored = restore(world, backup)
    assert gone == restored.inserted["telemetry_level"]
    afterwards(world)
    return all_of(world)


def restore(world: World, backup: Path) -> Restored:
    with company_context(world.lost):
        return restore_company(path=backup, apply=True, now=NOW)


def notice(world: World) -> None:
    with company_context(world.lost), as_app():
        with as_owner(), connection.cursor() as cursor:
            cursor.execute(
                "insert into telemetry_mark select channel_id, day from telemetry_channelday"
            )
        recompute_dirty(now=NOW)
        run_waiting_jobs(now=NOW)


def broken_invariants() -> str:
    for company in [*Company.objects.all()] * 2:
        with company_context(company):
            run_waiting_jobs(now=NOW + timedelta(minutes=5))
    said = StringIO()
    try:
        call_command("check_invariants", stdout=said)
    except SystemExit:
        return "\n".join(line for line in said.getvalue().splitlines() if not line.startswith("ok"))
    return ""


@pytest.fixture
def world(own_database: str, cast: dict[str, Any], settings: Any, tmp_path: Path) -> World:
    settings.MEDIA_ROOT = tmp_path / "files"
    return World(cast, contracts=1, batches=2)


def test_lost_readings_come_back_and_nothing_else_happens(
    own_database: str, world: World, tmp_path: Path
) -> None:
    backup = tmp_path / "whole.dump"
    dump(backup)
    with databases.twin_of(own_database) as twin:
        wanted = undisturbed(world, twin)
    assert differing(drill(world, backup), wanted) == {}
    assert broken_invariants() == ""
    again = restore(world, backup)
    assert (again.inserted, [table.table for table in again.tables if table.missing]) == ({}, [])
    # Positive control: shared rows as they were in the backup are found in every company.
    roll_shared_rows_back(backup)
    found = {name.split(":")[0] for name in differing(all_of(world), wanted)}
    assert found >= {company.slug for company in world.others}


def roll_shared_rows_back(backup: Path) -> None:
    """What a careless restore does: the jobs of all companies are as they were."""
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("create temp table was (like public.events_job)")
        with rows_of(backup, "public", "events_job") as tables:
            for table in tables:
                names = ", ".join(table.columns)
                with cursor.copy(f"copy was ({names}) from stdin") as copy:
                    for line in table.lines:
                        copy.write(line)
        cursor.execute("delete from events_job where id not in (select id from was)")


@pytest.mark.long
@pytest.mark.parametrize("marked", [True, False])
def test_a_loss_that_billing_noticed_is_corrected_back(
    own_database: str, world: World, tmp_path: Path, marked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the marks (the positive control) what was measured for want of readings stays."""
    backup = tmp_path / "whole.dump"
    dump(backup)
    with databases.twin_of(own_database) as twin:
        wanted = undisturbed(world, twin)
    if not marked:
        monkeypatch.setattr(inserting, "_mark", lambda side, edge, now: 0)
    found = drill(world, backup, noticed=True)
    same = [
        found[world.lost.slug][name] == wanted[world.lost.slug][name]
        for name in ("days", "hours", "used")
    ]
    owed = [sum_by_contract(all_[world.lost.slug]["lines"]) for all_ in (found, wanted)]
    assert all(same) is marked
    assert (owed[0] == owed[1]) is marked
    others = {company.slug for company in world.others}
    assert not others & {name.split(":")[0] for name in differing(found, wanted)}
    assert broken_invariants() == "" or not marked


def sum_by_contract(lines: list[list[Any]]) -> Counter[str]:
    sums: Counter[str] = Counter()
    for title, _kind, _state, net in lines:
        sums[title] += net
    return sums


@pytest.mark.long
def test_ten_losses_among_busy_neighbours(
    own_database: str, cast: dict[str, Any], world: World, tmp_path: Path
) -> None:
    """Backups and losses in turn, each restored while the others send and bill."""
    for turn in range(10):
        backup = tmp_path / f"{turn}.dump"
        dump(backup)
        with databases.twin_of(own_database) as twin:
            wanted = undisturbed(world, twin)
        assert differing(drill(world, backup), wanted) == {}, turn
        assert broken_invariants() == ""
        world.start += timedelta(minutes=30)
