"""A worker is killed at random in a billing run; the rerun ends as if nothing had happened.

The undisturbed run is that of a twin company with the same machines and contracts. Positive control:
with the protection off (nothing is one transaction) the same kill leaves half an invoice behind.
"""

import os
import random
import signal
import time
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import pytest

from apps.billing.models import Invoice, RunItem
from apps.billing.operations import run as billing_run
from apps.billing.operations import start_run
from apps.common.canonical import digest
from apps.events.models import Job
from apps.events.operations import run_waiting_jobs
from apps.metering.models import BilledPeriod
from apps.tenancy.context import company_context
from tests.faults.forking import worker_on
from tests.integration.billing.scene import NOW, make_asset, make_contract, month_of_readings

pytestmark = pytest.mark.faults
KILLS, CONTRACTS, FEW, PER_CHUNK = 30, 40, 6, 2
STEP = timedelta(minutes=2)  # longer than a lease
WORKER = "tests.faults.billing_worker"


def make_twins(cast: dict[str, Any], count: int) -> tuple[Any, Any]:
    """Two companies with the same machines, readings and contracts over two months."""
    for company in (cast["provider"], cast["maker"]):
        for number in range(2):
            asset = make_asset(company, f"Press {number}")
            month_of_readings(company, asset, "2026-09", 0, 100 + number)
            month_of_readings(company, asset, "2026-10", 100 + number, 155 + 3 * number)
            for place in range(number, count, 2):
                make_contract(
                    company,
                    cast["customer"],
                    [asset],
                    title=f"Contract {place:03d}",
                    starts_on="2026-09-01",
                )
    return cast["provider"], cast["maker"]


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(billing_run, "CHUNK", PER_CHUNK)


def books(company: Any) -> str:
    """Digest over everything billed, without ids and times."""
    with company_context(company):
        invoices = [
            {
                "title": invoice.contract.title, "start": invoice.period_start,
                "sums": [invoice.net_minor, invoice.tax_minor, invoice.gross_minor],
                "lines": [
                    list(row)
                    for row in invoice.lines.order_by("position").values_list(
                        "charge", "tier", "asset_label", "quantity", "net_minor"
                    )
                ],
                "taxes": [list(row) for row in invoice.taxes.values_list("category", "tax_minor")],
            }
            for invoice in Invoice.objects.select_related("contract").order_by(
                "contract__title", "period_start"
            )
        ]  # fmt: skip
        periods = BilledPeriod.objects.order_by("contract__title", "start")
        chain = [list(row) for row in periods.values_list("contract__title", "start", "state")]
    return digest({"invoices": invoices, "periods": chain})


def run_to_the_end(company: Any, now: datetime) -> None:
    with company_context(company):
        start_run(label="2026-10", now=now, started_by="test")
        run_waiting_jobs(now=now)


def test_killed_thirty_times_at_random_ends_equal(
    fresh_database: Any, cast: dict[str, Any]
) -> None:
    disturbed, undisturbed = make_twins(cast, CONTRACTS)
    seed = random.randrange(10**6)
    chance, now, hit = random.Random(seed), NOW, 0
    run_to_the_end(undisturbed, NOW)
    with worker_on(fresh_database.environment(), WORKER) as worker:
        for _kill in range(KILLS):
            if not work_left(disturbed):
                with company_context(disturbed):
                    start_run(label="2026-10", now=now, started_by="test")
            now += STEP
            child = worker.begin(disturbed, now)
            time.sleep(chance.uniform(0.02, 0.25))
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
            hit += os.WIFSIGNALED(worker.end())
    now += STEP
    run_to_the_end(disturbed, now)
    assert hit >= 5, f"only {hit} kills hit a working process, seed {seed}"
    assert books(disturbed) == books(undisturbed), f"seed {seed}"
    with company_context(disturbed):
        assert Invoice.objects.count() == 2 * CONTRACTS
        done = RunItem.objects.filter(state=RunItem.State.BILLED)
        assert done.count() == 2 * CONTRACTS


def work_left(company: Any) -> bool:
    with company_context(company):
        open_states = (Job.State.WAITING, Job.State.RUNNING)
        return Job.objects.filter(kind="billing.chunk", state__in=open_states).exists()


@pytest.mark.parametrize(
    "statement", [1, 3, *(pytest.param(number, marks=pytest.mark.long) for number in (2, 4))]
)
def test_a_crash_after_any_bulk_statement_leaves_nothing_half_done(
    fresh_database: Any, cast: dict[str, Any], statement: int
) -> None:
    disturbed, undisturbed = make_twins(cast, FEW)
    crash_then_rerun(fresh_database, (disturbed, undisturbed), statement, careless=False)
    assert books(disturbed) == books(undisturbed)


def test_control_without_protection_the_same_crash_is_found(
    fresh_database: Any, cast: dict[str, Any]
) -> None:
    disturbed, undisturbed = make_twins(cast, FEW)
    crash_then_rerun(fresh_database, (disturbed, undisturbed), 1, careless=True)
    assert books(disturbed) != books(undisturbed)


def crash_then_rerun(portal: Any, twins: tuple[Any, Any], statement: int, careless: bool) -> None:
    disturbed, undisturbed = twins
    run_to_the_end(undisturbed, NOW)
    with company_context(disturbed):
        start_run(label="2026-10", now=NOW, started_by="test")
    with worker_on(portal.environment(), WORKER) as worker:
        worker.begin(disturbed, NOW, die_after=statement, careless=careless)
        assert os.WIFSIGNALED(worker.end())
        worker.begin(disturbed, NOW + STEP)
        assert worker.end() == 0
    run_to_the_end(disturbed, NOW + STEP)
