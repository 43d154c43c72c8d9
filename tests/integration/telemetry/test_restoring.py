"""A company's lost readings come back from a backup while others work, and nothing else happens."""

import itertools
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from apps.events.models import WebhookMessage
from apps.events.operations import run_waiting_jobs
from apps.telemetry.operations import RawItem, recompute_dirty, take_in
from apps.tenancy.backup import make_backup
from apps.tenancy.context import company_context
from tests import databases
from tests.integration.telemetry.conftest import make_machine
from tests.world import NOW, build_world

SHARED = ("billing", "settlement", "payments", "supply", "contracts", "assets_asset")
# Of usage records each generation's figures; a later one says the same or tells a correction.
RECORDS = """select item_id, starts_at, quantity, count(*) > 0 from metering_usagerecord
    group by 1, 2, 3 order by 1, 2, 3"""
HARMS = {
    "an hour": "delete from co_provider.telemetry_level where measured_at between "
    "'2026-09-10 10:00+00' and '2026-09-10 11:00+00'",
    "a day and what followed from it": "delete from co_provider.telemetry_level where measured_at "
    "between '2026-09-10' and '2026-09-11'; "
    "delete from co_provider.telemetry_hourrollup where hour between '2026-09-10' and '2026-09-11'; "
    "delete from co_provider.telemetry_channelday where day = '2026-09-10'",
    "everything": "truncate co_provider.telemetry_device, co_provider.telemetry_channel, "
    "co_provider.telemetry_level, co_provider.telemetry_delta, co_provider.telemetry_importrun, "
    "co_provider.telemetry_refuseditem, co_provider.telemetry_replaced, "
    "co_provider.telemetry_mark restart identity cascade",
}


@pytest.fixture
def world(
    own_database: str, cast: dict[str, Any], person_of: Callable[..., Any], settings: Any,
    tmp_path: Path,
) -> dict[str, Any]:  # fmt: skip
    settings.MEDIA_ROOT = tmp_path / "files"
    built = build_world(cast, person_of)
    settle(cast)
    make_backup(folder=tmp_path / "backup", now=NOW)
    return built


def settle(cast: dict[str, Any]) -> None:
    """All jobs of all companies are done."""
    for company in cast.values():
        with company_context(company):
            recompute_dirty(now=timezone.now())
            run_waiting_jobs(now=timezone.now())


def asked(database: str, query: str) -> list[Any]:
    with databases.admin(database) as server:
        return server.execute(query).fetchall()


def shared_content(database: str) -> dict[str, Any]:
    """Every row of what is agreed, billed, owed and paid, by table."""
    names = asked(
        database, "select tablename from pg_tables where schemaname = 'public' order by 1"
    )
    return {
        name: asked(database, f"select t::text from {name} t order by 1")
        for (name,) in names
        if name.startswith(SHARED)
    }


def own_content(database: str) -> dict[str, Any]:
    """Readings and what follows from them; versions aside."""
    return {
        "level": asked(database, "select * from co_provider.telemetry_level order by 1, 2"),
        "channel": asked(database, "select * from co_provider.telemetry_channel order by 1"),
        "refused": asked(database, "select * from co_provider.telemetry_refuseditem order by 1"),
        "days": asked(
            database,
            "select channel_id, day, usage, reading_count, opening_value, closing_value, digest, "
            "version = done_version from co_provider.telemetry_channelday order by 1, 2",
        ),
        "hours": asked(
            database,
            "select channel_id, hour, usage, last_value from co_provider.telemetry_hourrollup "
            "order by 1, 2",
        ),
    }


def outside(cast: dict[str, Any]) -> tuple[int, int]:
    """Mails and messages to endpoints so far."""
    with company_context(cast["provider"]):
        return len(mail.outbox), WebhookMessage.objects.count()


@pytest.mark.parametrize("harm", HARMS)
def test_lost_readings_come_back_and_nothing_else_happens(
    own_database: str, cast: dict[str, Any], world: dict[str, Any], tmp_path: Path, harm: str
) -> None:
    own, shared = own_content(own_database), shared_content(own_database)
    records, sent = asked(own_database, RECORDS), outside(cast)
    asked_to_do(own_database, HARMS[harm])
    assert own_content(own_database) != own
    with others_work(cast) as answers:
        said = restore(tmp_path)
    assert answers["accepted"] > 0
    assert answers.keys() == {"accepted"}
    assert "inserted" in said
    settle(cast)
    assert own_content(own_database) == own
    assert shared_content(own_database) == shared
    assert asked(own_database, RECORDS) == records
    assert outside(cast) == sent
    out = StringIO()
    call_command("check_invariants", stdout=out)  # exits when one is broken
    assert "BROKEN" not in out.getvalue()
    assert leftovers(own_database) == []
    # Twice is once.
    assert "Nothing was missing." in restore(tmp_path)
    settle(cast)
    assert own_content(own_database) == own
    assert shared_content(own_database) == shared


def asked_to_do(database: str, statements: str) -> None:
    with databases.admin(database) as server:
        server.execute(statements)


def restore(tmp_path: Path) -> str:
    out = StringIO()
    call_command("restore_company", "provider", str(tmp_path / "backup"), "--insert", stdout=out)
    return out.getvalue()


def leftovers(database: str) -> list[Any]:
    return asked(database, "select 1 from pg_namespace where nspname like 'beside%'")


class others_work:
    """Two other companies send readings all the while; `answers` counts what they were told."""

    def __init__(self, cast: dict[str, Any]) -> None:
        self.answers: dict[str, int] = {}
        self.over = threading.Event()
        names = ("maker", "workshop")
        self.threads = [
            threading.Thread(target=self.send, args=(cast[name], number))
            for number, name in enumerate(names)
        ]

    def send(self, company: Any, number: int) -> None:
        start = timezone.now() - timedelta(days=3)
        try:
            with company_context(company):
                machine = make_machine(company, start, serial=f"P-{number}")
                for minute in itertools.count(1):
                    if self.over.is_set():
                        return
                    at = start + timedelta(minutes=minute)
                    item = machine.item("pressure", at.isoformat(), "1")
                    [answer] = take_in(items=[item], source="test", now=timezone.now())
                    self.answers[answer.status] = self.answers.get(answer.status, 0) + 1
        finally:
            connection.close()

    def __enter__(self) -> dict[str, int]:
        for thread in self.threads:
            thread.start()
        return self.answers

    def __exit__(self, *_: object) -> None:
        self.over.set()
        for thread in self.threads:
            thread.join()


def test_without_bringing_them_back_the_loss_is_a_correction(
    own_database: str, cast: dict[str, Any], world: dict[str, Any]
) -> None:
    """Control: the same readings gone, their day marked, nothing restored."""
    records = asked(own_database, RECORDS)
    asked_to_do(own_database, HARMS["a day and what followed from it"])
    asked_to_do(
        own_database,
        "delete from co_provider.telemetry_level where measured_at > '2026-09-29'; "
        "insert into co_provider.telemetry_mark select id, '2026-09-29'::date + n "
        "from co_provider.telemetry_channel, generate_series(0, 4) n; "
        "insert into co_provider.telemetry_mark select id, '2026-09-10' "
        "from co_provider.telemetry_channel",
    )
    settle(cast)
    assert asked(own_database, RECORDS) != records


def test_the_difference_is_shown_and_nothing_is_written(
    own_database: str, cast: dict[str, Any], world: dict[str, Any], tmp_path: Path
) -> None:
    asked_to_do(own_database, HARMS["an hour"])
    with company_context(cast["provider"]):
        item = RawItem(0, "T-1", "distance", "2026-11-02T08:00:00Z", "99999")
        take_in(items=[item], source="test", now=NOW)
    own = own_content(own_database)
    out = StringIO()
    call_command("restore_company", "provider", str(tmp_path / "backup"), stdout=out)
    [levels] = [line for line in out.getvalue().splitlines() if line.startswith("telemetry_level:")]
    assert "4 missing, 0 changed since, 1 newer" in levels
    assert own_content(own_database) == own


def test_what_was_withdrawn_or_dropped_stays_away(
    own_database: str, cast: dict[str, Any], world: dict[str, Any], tmp_path: Path
) -> None:
    """A reading that was replaced on purpose is in the list of what stood; it does not come back."""
    gone = "measured_at = '2026-09-10 10:00+00' and channel_id = 1"
    asked_to_do(
        own_database,
        "insert into co_provider.telemetry_replaced select channel_id, measured_at, value, "
        f"received_at, now(), true, null from co_provider.telemetry_level where {gone}; "
        f"delete from co_provider.telemetry_level where {gone}",
    )
    query = f"select 1 from co_provider.telemetry_level where {gone}"
    assert "inserted" not in restore(tmp_path)
    assert asked(own_database, query) == []
    # Control: without the note of its withdrawal it does.
    asked_to_do(own_database, "delete from co_provider.telemetry_replaced")
    assert "inserted 1 into telemetry_level" in restore(tmp_path)
    assert asked(own_database, query) == [(1,)]


def test_a_company_the_backup_does_not_hold(
    own_database: str, cast: dict[str, Any], world: dict[str, Any], tmp_path: Path
) -> None:
    from django.core.management import CommandError

    from apps.tenancy.operations import open_company

    open_company(slug="later", name="Later", country="DE", now=datetime.now(UTC))
    with pytest.raises(CommandError, match="holds nothing of co_later"):
        call_command("restore_company", "later", str(tmp_path / "backup"), stdout=StringIO())
    with pytest.raises(CommandError, match="no company at the address"):
        call_command("restore_company", "nobody", str(tmp_path / "backup"), stdout=StringIO())
    assert leftovers(own_database) == []
