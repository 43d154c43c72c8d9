"""Many at once: numbers stay gapless, a period is billed once."""

import threading
from collections.abc import Callable
from typing import Any

from django.db import connection

from apps.billing.models import BillingRun, Invoice, InvoiceLine
from apps.billing.operations import approve_invoices, bill_chunk, issue_invoices, start_run
from apps.contracts.models import Contract
from apps.events.operations import run_waiting_jobs
from apps.tenancy.context import company_context
from tests.integration.billing.scene import NOW, make_asset, make_contract, month_of_readings

WORKERS = 8


def together(work: Callable[[int], None]) -> None:
    """Eight threads, each on a connection of its own, let go at the same moment."""
    gate, failures = threading.Barrier(WORKERS), list[BaseException]()

    def run(number: int) -> None:
        try:
            gate.wait(timeout=30)
            work(number)
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert failures == []


def presses(provider: Any, customer: Any, count: int) -> None:
    asset = make_asset(provider)
    month_of_readings(provider, asset, "2026-10", 1000, 1055)
    for number in range(count):
        make_contract(provider, customer, [asset], title=f"Press {number}")


def test_numbers_are_gapless_under_eight_parallel_issues(
    own_database: str, cast: dict[str, Any]
) -> None:
    provider, customer = cast["provider"], cast["customer"]
    presses(provider, customer, 24)
    with company_context(provider):
        start_run(label="2026-10", now=NOW, started_by="test")
        run_waiting_jobs(now=NOW)
        ids = list(Invoice.objects.order_by("id").values_list("id", flat=True))
        approve_invoices(invoices=ids, now=NOW, approved_by="test")

    def issue(number: int) -> None:
        with company_context(provider):
            # Overlapping halves, so that every invoice is asked for several times.
            issue_invoices(invoices=ids[number * 2 : number * 2 + 12], now=NOW, issued_by="test")

    together(issue)
    with company_context(provider):
        numbers = sorted(Invoice.objects.filter(state="issued").values_list("number", flat=True))
    assert numbers == [f"RE-2026-{position:05d}" for position in range(1, 25)]


def test_eight_workers_on_the_same_chunk_bill_once(own_database: str, cast: dict[str, Any]) -> None:
    provider, customer = cast["provider"], cast["customer"]
    presses(provider, customer, 6)
    with company_context(provider):
        runs = [start_run(label="2026-10", now=NOW, started_by=str(n)) for n in range(2)]
        ids = sorted(Contract.objects.values_list("id", flat=True))

    def work(number: int) -> None:
        with company_context(provider):
            bill_chunk(run_id=runs[number % 2].id, first=ids[0], last=ids[-1], now=NOW)

    together(work)
    with company_context(provider):
        assert Invoice.objects.count() == 6
        assert InvoiceLine.objects.count() == 12
        assert set(BillingRun.objects.values_list("state", flat=True)) == {"done"}
