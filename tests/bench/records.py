"""How much the evidence of usage takes on disk: records the run itself writes, of days with readings."""

from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from apps.billing.models import BillingRun
from apps.billing.operations import start_run
from apps.events.operations import run_waiting_jobs
from apps.tenancy.context import company_context
from tests.bench import people, scene
from tests.bench.contracts import LABEL, make_contracts
from tests.bench.figures import LESS, Aim, Findings
from tests.bench.stage import Stage, days

FIRST = datetime(2026, 9, 30, 12, tzinfo=UTC)
# Four readings a day, so that every day of the month has its own line in the evidence.
READINGS = [(FIRST + timedelta(hours=6 * n), 40 * n) for n in range(4 * 31 + 1)]
YEAR = 10_000 * 12
TABLES = ("metering_usagerecord", "metering_billedperiod")


def run(stage: Stage) -> Findings:
    """Bytes a record, and what the records of 10,000 contracts over twelve months come to."""
    findings = Findings("Usage records")
    count = 2_000 if stage.quick else 10_000
    with closing(stage.owner()) as owner:
        provider, customer = scene.party(owner, "provider"), scene.party(owner, "customer")
        make_contracts(owner, provider, customer, count, stage.now, READINGS)
        with company_context(people.company_of(provider)):
            start_run(label=LABEL, now=stage.now, started_by="bench")
            while BillingRun.objects.exclude(state=BillingRun.State.DONE).exists():
                run_waiting_jobs(now=stage.now + days(0.01), limit=1)
        each = [size(owner, name) / rows(owner, "metering_usagerecord") for name in TABLES]
    add = findings.add
    add("Bytes on disk of a usage record with 31 days, its indexes included", each[0], "B")
    add("… of its billed period", each[1], "B")
    add(f"{YEAR:,} usage records of 10,000 contracts over 12 months, in so many bytes each",
        YEAR * each[0] / 2**30, "GiB", aim=Aim(2, 1, LESS),
        note=f"scaled from {count:,} records that a run wrote; readings, roll-ups and exported "
        "files not counted")  # fmt: skip
    return findings


def rows(owner: psycopg.Connection[Any], table: str) -> int:
    found = owner.execute(f"select count(*) from {table}").fetchone()
    return int(found[0]) if found else 0


def size(owner: psycopg.Connection[Any], table: str) -> int:
    """Bytes of a table with its indexes and what is stored out of line."""
    found = owner.execute("select pg_total_relation_size(%s::regclass)", [table]).fetchone()
    return int(found[0]) if found else 0
