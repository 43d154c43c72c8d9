"""The pages of what is owed: a payment by hand, ages, a dispute and its answer, a write-off."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.billing.models import (
    CustomerCredit,
    Invoice,
    LineDispute,
    NotedPayment,
    Receivable,
    WriteOff,
)
from apps.billing.views import receivables
from apps.events.operations import run_waiting_jobs
from apps.payments.models import StripeAccount
from apps.payments.operations import Incoming, record_payment
from apps.tenancy.context import company_context
from tests.integration.billing.test_pages import page
from tests.integration.billing.test_receivables import findings, owed


@pytest.fixture(autouse=True)
def own_files(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"


@pytest.fixture
def finance(client_of: Callable[..., Client], provider: Any) -> Client:
    return client_of(provider, "finance")


@pytest.fixture
def buyer(client_of: Callable[..., Client], customer: Any) -> Client:
    return client_of(customer, "finance")


def text(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


def typed(client: Client, address: str, **more: str) -> dict[str, str]:
    """What the form would send: its key, and what is typed."""
    (key,) = re.findall(r'name="key" value="([^"]+)"', text(client, address))
    return {"key": key, "received_on": "2026-11-20", "bank": "Sparkasse", "reference": "RE", **more}


def test_a_payment_noted_twice_by_a_double_click_counts_once(
    provider: Any, finance: Client, issued: Invoice
) -> None:
    address = page("invoice_payment", issued.public_id)
    sent = typed(finance, address, amount="125,00")
    for _ in range(2):
        assert finance.post(address, sent).status_code == 302
    assert owed(provider, issued) == ("paid", 0)
    with company_context(provider):
        (noted,) = NotedPayment.objects.all()
        assert CustomerCredit.objects.get().left_minor == 161
    shown = text(finance, page("invoice_owed", issued.public_id))
    assert "Sparkasse" in shown
    for _ in range(2):
        finance.post(page("payment_return", noted.public_id))
    assert owed(provider, issued) == ("open", 12_339)
    assert findings() == []


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("amount", "0", "above 0"), ("amount", "-5", "above 0"), ("amount", "1.005", "2 decimals"),
        ("amount", "1e400", "number"), ("amount", "", "required"),
        ("received_on", "2999-01-01", "in the future"), ("key", "x", ""),
    ],
)  # fmt: skip
def test_bad_input_is_named_and_nothing_changes(
    provider: Any, finance: Client, issued: Invoice, field: str, value: str, says: str
) -> None:
    address = page("invoice_payment", issued.public_id)
    sent = typed(finance, address, amount="100.00") | {field: value}
    answer = finance.post(address, sent)
    assert answer.status_code == 200
    assert says in answer.content.decode()
    assert "Sparkasse" in answer.content.decode()
    assert owed(provider, issued) == ("open", 12_339)


def test_credit_is_used_and_the_rest_written_off(
    provider: Any, customer: Any, finance: Client, buyer: Client, issued: Invoice
) -> None:
    with company_context(provider):
        CustomerCredit.objects.create(
            author=provider, parties=sorted([provider.pk, customer.pk]), customer=customer,
            source="overpayment", source_id=issued.id, currency="EUR", amount_minor=12_000,
            left_minor=12_000, made_at=timezone.now(),
        )  # fmt: skip
    assert "Use the credit" in text(finance, page("invoice_owed", issued.public_id))
    for _ in range(2):
        finance.post(page("invoice_credit", issued.public_id))
    assert owed(provider, issued) == ("part_paid", 339)
    address = page("invoice_write_off", issued.public_id)
    assert finance.post(address, {"reason": " "}).status_code == 200
    assert owed(provider, issued) == ("part_paid", 339)
    for _ in range(2):
        finance.post(address, {"reason": "Not worth the letter."})
    assert owed(provider, issued) == ("written_off", 0)
    with company_context(provider):
        assert [row.amount_minor for row in WriteOff.objects.all()] == [339]
    assert "Write-off" in text(buyer, page("invoice_owed", issued.public_id))
    assert findings() == []


def test_a_line_is_disputed_and_answered_through_the_pages(
    provider: Any, customer: Any, finance: Client, buyer: Client, issued: Invoice
) -> None:
    address = page("line_dispute", issued.public_id, 1)
    assert finance.get(address).status_code == 404
    assert "100.00" in text(buyer, address)
    assert "up to" in buyer.post(address, {"amount": "100.01", "reason": "x"}).content.decode()
    for _ in range(2):
        answer = buyer.post(address, {"amount": "40.00", "reason": "It stood still."})
        assert answer.status_code == 302
    for company in (customer, provider):
        with company_context(company):
            run_waiting_jobs(now=timezone.now())
    with company_context(provider):
        found = LineDispute.objects.get()
        assert Receivable.objects.get(id=issued.id).disputed_minor == 4_760
    shown = text(finance, page("invoice_owed", issued.public_id))
    assert "It stood still." in shown
    assert "disputed" in text(buyer, page("invoice_detail", issued.public_id))
    answered = page("dispute_answer", found.public_id)
    assert buyer.get(answered).status_code == 404
    assert "47.60" in text(finance, page("receivable_list") + "?show=disputed")
    sent = {"outcome": "accept", "text": "You are right."}
    assert finance.post(answered, {**sent, "amount": "40.01"}).status_code == 200
    assert finance.post(answered, sent).status_code == 200
    assert finance.post(answered, {**sent, "amount": "40"}).status_code == 302
    assert finance.post(answered, {**sent, "amount": "40"}).status_code == 200
    with company_context(provider):
        assert Invoice.objects.get(kind="credit").net_minor == 4_000
    assert "You are right." in text(buyer, page("invoice_owed", issued.public_id))


def test_open_items_have_their_ages(
    provider: Any, customer: Any, finance: Client, buyer: Client, issued: Invoice
) -> None:
    with company_context(provider):
        Receivable.objects.filter(id=issued.id).update(due_on="2026-01-01")
    for client, side in ((finance, "Owed to us"), (buyer, "Owed by us")):
        shown = text(client, page("receivable_list"))
        assert side in shown
        assert "days overdue" in shown
        assert shown.count("123.39") >= 3
    with CaptureQueriesContext(connection) as queries:
        text(finance, page("receivable_list"))
    assert len(queries) <= 12


def test_the_page_of_an_invoice_asks_little_and_its_money_part_is_a_request_of_its_own(
    finance: Client, issued: Invoice
) -> None:
    address = page("invoice_owed", issued.public_id)
    text(finance, page("receivable_list"))
    with CaptureQueriesContext(connection) as queries:
        shown = text(finance, page("invoice_detail", issued.public_id))
    assert f'hx-get="{address}"' in shown
    assert f'href="{address}"' in shown
    assert "123.39" in shown
    # Session, person, company and savepoints included: each table is asked once.
    assert len(queries) <= 15
    with CaptureQueriesContext(connection) as queries:
        part = finance.get(address, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert "Note a payment" in part
    assert len(queries) <= 16
    assert "<html" in text(finance, address)


def test_the_customer_pays_where_the_issuer_takes_payments_online(
    provider: Any,
    customer: Any,
    finance: Client,
    buyer: Client,
    issued: Invoice,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown, address = (
        page("invoice_owed", issued.public_id),
        page("invoice_checkout", issued.public_id),
    )
    assert "Pay now" not in text(buyer, shown)
    assert "takes no payments online" in buyer.post(address, follow=True).content.decode()
    with company_context(provider):
        StripeAccount.objects.create(
            author=provider, parties=sorted([provider.pk, customer.pk]), account_id="acct_1",
            charges_enabled=True,
            connected_at=timezone.now(), told_at=timezone.now(),
        )  # fmt: skip
        Receivable.objects.filter(id=issued.id).update(disputed_minor=339)
    assert "Pay now" in text(buyer, shown)
    assert "Pay now" not in text(finance, shown)
    debit = Incoming(
        provider_ref="pay_debit", amount_minor=100, currency="EUR", method="sepa_debit",
        reference=issued.public_id, payer_id=customer.pk,
    )  # fmt: skip
    with company_context(provider):
        record_payment(payment=debit, state="pending", now=timezone.now())
    assert "Pay now" not in text(buyer, shown)
    assert "is under way" in text(buyer, shown)
    assert "under way already" in buyer.post(address, follow=True).content.decode()
    with company_context(provider):
        record_payment(payment=debit, state="failed", now=timezone.now())
    asked: list[Any] = []
    monkeypatch.setattr(
        receivables, "start_checkout", lambda **given: asked.append(given) or "/checkouts/x/"
    )
    assert buyer.post(address).headers["Location"] == "/checkouts/x/"
    (given,) = asked
    assert (given["amount_minor"], given["reference"]) == (12_000, issued.public_id)
    assert given["payee"] == provider
    assert finance.post(address).status_code == 404


def test_a_viewer_looks_and_changes_nothing(
    provider: Any, client_of: Callable[..., Client], issued: Invoice
) -> None:
    viewer = client_of(provider, "viewer")
    shown = text(viewer, page("invoice_owed", issued.public_id))
    assert "Note a payment" not in shown
    for name in ("invoice_payment", "invoice_credit", "invoice_write_off"):
        assert viewer.post(page(name, issued.public_id), {}).status_code == 403
    assert owed(provider, issued) == ("open", 12_339)
