"""Payments of the payments app settle documents, go back, and are expected; each once."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from apps.billing.models import Allocation, CustomerCredit, Invoice
from apps.events.models import Job
from apps.events.operations import enqueue, run_waiting_jobs
from apps.payments.models import ExpectedPayment, Payment
from apps.payments.operations import Incoming, record_payment, record_refund
from apps.tenancy.context import company_context
from tests.integration.billing.scene import NOW
from tests.integration.billing.test_receivables import findings, owed

LATER = NOW + timedelta(days=3)


@pytest.fixture(autouse=True)
def own_files(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"


def receive(company: Any, invoice: Invoice, amount: int, state: str = "succeeded") -> Payment:
    with company_context(company):
        incoming = Incoming(
            provider_ref="pi_1", amount_minor=amount, currency="EUR", method="card",
            reference=invoice.public_id, payer_id=invoice.customer_id,
        )  # fmt: skip
        return record_payment(payment=incoming, state=state, now=LATER)


def work(company: Any) -> None:
    with company_context(company):
        run_waiting_jobs(now=LATER)
        assert not Job.objects.filter(state="parked").exists()


def expected(company: Any) -> list[tuple[str, int, bool]]:
    with company_context(company):
        rows = ExpectedPayment.objects.order_by("label")
        return [(row.label, row.amount_minor, row.is_open) for row in rows]


def test_a_payment_settles_its_document_and_is_expected_no_more(
    provider: Any, issued: Invoice
) -> None:
    work(provider)
    assert expected(provider) == [("RE-2026-00001", 12_339, True)]
    receive(provider, issued, 339)
    work(provider)
    assert owed(provider, issued) == ("part_paid", 12_000)
    assert expected(provider) == [("RE-2026-00001", 12_000, True)]
    assert findings() == []


def test_one_that_is_under_way_settles_nothing(provider: Any, issued: Invoice) -> None:
    receive(provider, issued, 12_339, "pending")
    work(provider)
    assert owed(provider, issued) == ("open", 12_339)
    receive(provider, issued, 12_339)
    work(provider)
    assert owed(provider, issued) == ("paid", 0)
    assert expected(provider) == [("RE-2026-00001", 0, False)]


def test_told_twice_and_in_the_wrong_order_counts_once(provider: Any, issued: Invoice) -> None:
    payment = receive(provider, issued, 12_439)
    with company_context(provider):
        refund = record_refund(
            payment=payment, provider_ref="re_1", amount_minor=2_439, kind="refund", now=LATER
        )
        # The refund is heard of first, and everything twice.
        jobs = Job.objects.filter(kind__in=["billing.allocate", "billing.take_back"])
        jobs.delete()
        for kind, payload in (
            ("billing.take_back", {"refunds": [str(refund.pk)]}),
            ("billing.allocate", {"payments": [str(payment.pk)]}),
        ):
            for _ in range(2):
                enqueue(kind=kind, payload=payload, now=LATER)
    work(provider)
    assert owed(provider, issued) == ("part_paid", 2_339)
    with company_context(provider):
        assert CustomerCredit.objects.get().left_minor == 0
        sources = Allocation.objects.order_by("at", "id").values_list("source", "amount_minor")
        assert sorted(sources) == [("payment", 12_339), ("refund", -2_339)]
    assert findings() == []


def test_a_payment_the_bank_returns_is_open_again(provider: Any, issued: Invoice) -> None:
    payment = receive(provider, issued, 12_339)
    with company_context(provider):
        record_refund(
            payment=payment, provider_ref="rt_1", amount_minor=12_339, kind="return", now=LATER
        )
    work(provider)
    assert owed(provider, issued) == ("open", 12_339)
    with company_context(provider):
        assert Allocation.objects.filter(source="reversal").count() == 1
    assert findings() == []
