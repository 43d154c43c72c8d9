"""A run that is stopped and gone on with; a contract billed alone, dry or for real."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.billing.models import BillingRun, Invoice, RunItem
from apps.billing.operations import resume_run, start_run, stop_run
from apps.billing.operations import run as billing_run
from apps.contracts.models import Contract
from apps.events.models import Job
from apps.events.operations import run_waiting_jobs, work_on
from apps.tenancy.context import company_context
from tests.integration.billing.scene import NOW, make_asset, make_contract, month_of_readings
from tests.integration.billing.test_pages import page


@pytest.fixture
def finance(client_of: Callable[..., Client], provider: Any) -> Client:
    return client_of(provider, "finance")


@pytest.fixture
def four(provider: Any, customer: Any, monkeypatch: pytest.MonkeyPatch) -> list[Contract]:
    """Four contracts on one press, a chunk each."""
    monkeypatch.setattr(billing_run, "CHUNK", 1)
    press = make_asset(provider)
    month_of_readings(provider, press, "2026-10", 1000, 1055)
    return [
        make_contract(provider, customer, [press], title=f"Contract {number}")
        for number in range(4)
    ]


def test_stopping_and_going_on_loses_and_repeats_nothing(
    provider: Any, four: list[Contract]
) -> None:
    with company_context(provider):
        run = start_run(label="2026-10", now=NOW, started_by="test")
        first = Job.objects.filter(kind="billing.chunk").order_by("created_at", "id").first()
        assert first is not None
        work_on(job_id=first.id, now=NOW)
        assert stop_run(run=run, now=NOW, stopped_by="test")
        assert not stop_run(run=run, now=NOW, stopped_by="test")
        run_waiting_jobs(now=NOW)
        assert Invoice.objects.count() == 1
        assert RunItem.objects.filter(state="waiting").count() == 3
        run.refresh_from_db()
        assert run.state == "stopped"
        assert resume_run(run=run, now=NOW, resumed_by="test")
        run_waiting_jobs(now=NOW)
        run.refresh_from_db()
        assert run.state == "done"
        assert Invoice.objects.count() == 4
        assert RunItem.objects.filter(state="billed").count() == 4
        assert not resume_run(run=run, now=NOW, resumed_by="test")


def test_the_buttons(provider: Any, finance: Client, four: list[Contract]) -> None:
    with company_context(provider):
        run = start_run(label="2026-10", now=NOW, started_by="test")
    address = page("run_detail", run.public_id)
    assert page("run_stop", run.public_id) in finance.get(address).content.decode()
    finance.post(page("run_stop", run.public_id))
    shown = finance.get(address).content.decode()
    assert page("run_continuation", run.public_id) in shown
    finance.post(page("run_continuation", run.public_id))
    with company_context(provider):
        assert BillingRun.objects.get().state == "running"


@pytest.mark.parametrize("dry", [True, False])
def test_one_contract_is_run_alone_from_its_page(
    provider: Any, finance: Client, four: list[Contract], dry: bool
) -> None:
    address = page("contract_billing", four[2].public_id)
    assert "Run this contract alone" in finance.get(address).content.decode()
    finance.post(address, {"month": "2026-10", **({"dry": "on"} if dry else {})})
    with company_context(provider):
        run_waiting_jobs(now=timezone.now())
        item = RunItem.objects.get()
        assert (item.contract_id, item.net_minor) == (four[2].id, 10369)
        assert item.state == ("dry" if dry else "billed")
        assert Invoice.objects.count() == (0 if dry else 1)


def test_a_month_that_is_none_starts_nothing(
    provider: Any, finance: Client, four: list[Contract]
) -> None:
    finance.post(page("contract_billing", four[0].public_id), {"month": "soon"})
    with company_context(provider):
        assert not BillingRun.objects.exists()
