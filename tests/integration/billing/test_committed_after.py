"""A reading that is received before a run and committed after it is not lost: it corrects the bill."""

import threading
from typing import Any

import pytest
from django.db import connection, transaction

from apps.billing.models import Correction, Invoice, InvoiceLine
from apps.billing.operations import approve_invoices, issue_invoices, start_run
from apps.events.operations import run_waiting_jobs
from apps.telemetry.operations import RawItem, recompute_dirty, take_in
from apps.tenancy.context import company_context
from tests.integration.billing.scene import (
    NOW,
    PER_CYCLE,
    make_asset,
    make_contract,
    month_of_readings,
)

PATIENCE = 60


class SlowRequest:
    """Takes one reading in, and commits only when it is let go."""

    def __init__(self, company: Any, item: RawItem) -> None:
        self.company, self.item = company, item
        self.stored, self.may_commit = threading.Event(), threading.Event()
        self.status = ""
        self.thread = threading.Thread(target=self.run)
        self.thread.start()
        assert self.stored.wait(PATIENCE)

    def run(self) -> None:
        try:
            with company_context(self.company), transaction.atomic():
                [outcome] = take_in(items=[self.item], source="slow", now=NOW)
                self.status = outcome.status
                self.stored.set()
                assert self.may_commit.wait(PATIENCE)
        finally:
            self.stored.set()
            connection.close()

    def commit(self) -> None:
        self.may_commit.set()
        self.thread.join(PATIENCE)
        assert self.status == "accepted"


def bill_and_issue() -> None:
    start_run(label="2026-10", now=NOW, started_by="test")
    run_waiting_jobs(now=NOW)
    keys = list(Invoice.objects.values_list("id", flat=True))
    approve_invoices(invoices=keys, now=NOW, approved_by="test")
    issue_invoices(invoices=keys, now=NOW, issued_by="test")


@pytest.mark.parametrize("worked_in_between", [False, True])
def test_received_before_the_run_and_committed_after_it(
    own_database: str, cast: dict[str, Any], worked_in_between: bool
) -> None:
    provider = cast["provider"]
    press = make_asset(provider)
    make_contract(provider, cast["customer"], [press], charges=[PER_CYCLE])
    month_of_readings(provider, press, "2026-10", 1000, 1055)
    late = RawItem(0, press.public_id, "cycles", "2026-10-25T10:00:00Z", "1060")
    request = SlowRequest(provider, late)
    try:
        with company_context(provider):
            if worked_in_between:
                recompute_dirty(now=NOW)
            bill_and_issue()
            assert InvoiceLine.objects.get().net_minor == 369  # 55 × 0.067
    finally:
        request.commit()
    with company_context(provider):
        recompute_dirty(now=NOW)
        run_waiting_jobs(now=NOW)
        assert Correction.objects.get().state == "drafted"
        added = InvoiceLine.objects.get(invoice__state="draft")
        assert added.net_minor == 33  # 60 × 0.067 = 4.02 in all
