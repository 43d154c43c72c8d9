"""The pages: run a month, approve, issue; the customer opens, explains and verifies the same."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.billing.models import BillingRun, Invoice, RunItem
from apps.events.operations import run_waiting_jobs
from apps.metering.models import UsageRecord
from apps.tenancy.context import company_context
from tests.integration.billing.conftest import bill, issue_all
from tests.integration.billing.scene import make_asset, make_contract, month_of_readings


@pytest.fixture(autouse=True)
def own_files(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"


@pytest.fixture
def finance(client_of: Callable[..., Client], provider: Any) -> Client:
    return client_of(provider, "finance")


@pytest.fixture
def buyer(client_of: Callable[..., Client], customer: Any) -> Client:
    return client_of(customer, "finance")


def page(name: str, *arguments: Any) -> str:
    return reverse(name, urlconf="portal.urls", args=arguments)


def test_a_month_from_the_button_to_the_customers_page(
    provider: Any, customer: Any, finance: Client, buyer: Client
) -> None:
    asset = make_asset(provider)
    make_contract(provider, customer, [asset])
    month_of_readings(provider, asset, "2026-10", 1000, 1055)
    assert finance.get(page("run_new")).status_code == 200
    answer = finance.post(page("run_new"), {"month": "2026-10"}, follow=True)
    assert answer.status_code == 200
    with company_context(provider):
        assert BillingRun.objects.count() == 1
        run_waiting_jobs(now=timezone.now())
        run, invoice = BillingRun.objects.get(), Invoice.objects.get()
    shown = finance.get(page("run_detail", run.public_id)).content.decode()
    assert "Presses by the cycle" in shown
    assert "€" in shown or "EUR" in shown
    draft = page("invoice_detail", invoice.public_id)
    assert "103.69" in finance.get(draft).content.decode()
    assert buyer.get(draft).status_code == 404
    chosen = {"invoice": invoice.public_id, "single": "1"}
    assert finance.post(page("invoice_approval"), chosen, follow=True).status_code == 200
    assert finance.post(page("invoice_issue"), chosen, follow=True).status_code == 200
    text = buyer.get(draft).content.decode()
    assert "RE-20" in text
    assert "123.39" in text or "123,39" in text


def test_a_double_click_and_the_back_button_change_nothing(
    provider: Any, finance: Client, billed: Any
) -> None:
    with company_context(provider):
        invoice = Invoice.objects.get()
    chosen = {"invoice": invoice.public_id}
    for name in ("invoice_approval", "invoice_approval", "invoice_issue", "invoice_issue"):
        assert finance.post(page(name), chosen).status_code == 302
    assert finance.post(page("invoice_approval"), chosen).status_code == 302
    assert finance.post(page("invoice_discard", invoice.public_id)).status_code == 302
    with company_context(provider):
        assert Invoice.objects.get().number.endswith("-00001")


def test_all_drafts_of_a_narrowed_list_are_approved_at_once(
    provider: Any, finance: Client, billed: Any
) -> None:
    address = page("invoice_approval")
    finance.post(address, {"scope": "list", "narrowing": "month=2026-09"})
    with company_context(provider):
        assert Invoice.objects.get().state == "draft"
    finance.post(address, {"scope": "list", "narrowing": "month=2026-10&state=draft"})
    with company_context(provider):
        assert Invoice.objects.get().state == "approved"


def test_the_customer_opens_a_line_down_to_its_readings(
    provider: Any, customer: Any, buyer: Client, issued: Invoice
) -> None:
    line = buyer.get(page("invoice_line", issued.public_id, 2)).content.decode()
    for words in ("0.067", "3.685", "3.69", "1,055", "1,000", "Plan “By use”"):
        assert words in line or words.replace(".", ",").replace("1,0", "1.0") in line, words
    with company_context(customer):
        record = UsageRecord.objects.get()
    chart = buyer.get(page("invoice_usage_chart", issued.public_id, record.public_id)).json()
    assert sum(chart["data"][0]["y"]) == 55
    fee = buyer.get(page("invoice_line", issued.public_id, 1)).content.decode()
    assert fee


def test_the_issuer_sees_the_readings_themselves(
    provider: Any, finance: Client, issued: Invoice
) -> None:
    with company_context(provider):
        record = UsageRecord.objects.get()
    shown = finance.get(page("invoice_readings", issued.public_id, record.public_id))
    assert shown.status_code == 200
    assert "1,055" in shown.content.decode()


def test_both_sides_download_the_same_evidence_and_see_it_verified(
    finance: Client, buyer: Client, issued: Invoice
) -> None:
    address = page("invoice_evidence", issued.public_id)
    one, other = finance.get(address), buyer.get(address)
    assert one.content == other.content
    assert one.headers["Content-Disposition"].endswith('RE-2026-00001.json"')
    shown = buyer.get(page("invoice_verification", issued.public_id)).content.decode()
    assert "alert-success" in shown
    assert ">http://provider.peruse.localhost:8000/.well-known/peruse-keys.json<" in shown
    assert buyer.get(page("verifier")).content.startswith(b"#!/usr/bin/env python3")


def test_the_public_key_is_published_on_the_issuers_host(
    provider: Any, issued: Invoice, settings: Any
) -> None:
    host = f"{provider.slug}.{settings.PERUSE_DOMAIN}"
    keys = Client(HTTP_HOST=host).get("/.well-known/peruse-keys.json").json()["keys"]
    assert [len(key["public_key"]) for key in keys] == [64]


def test_a_stranger_gets_the_same_404_as_for_an_absent_invoice(
    cast: dict[str, Any], client_of: Callable[..., Client], provider: Any, issued: Invoice
) -> None:
    stranger = client_of(cast["stranger"], "director")
    with company_context(provider):
        record, run = UsageRecord.objects.get(), BillingRun.objects.get()
    absent = Invoice(id=record.id).public_id
    for name, arguments in (
        ("invoice_detail", []), ("invoice_line", [1]), ("invoice_evidence", []),
        ("invoice_verification", []), ("invoice_usage_chart", [record.public_id]),
        ("invoice_readings", [record.public_id]),
    ):  # fmt: skip
        for invoice in (issued.public_id, absent):
            assert stranger.get(page(name, invoice, *arguments)).status_code == 404, name
    assert stranger.post(page("invoice_discard", issued.public_id)).status_code == 404
    assert stranger.get(page("run_detail", run.public_id)).status_code == 404
    assert stranger.post(page("run_again", run.public_id)).status_code == 404
    assert "RE-2026-00001" not in stranger.get(page("invoice_list")).content.decode()
    stranger.post(page("invoice_issue"), {"invoice": issued.public_id})


def test_a_viewer_may_look_but_not_touch(
    client_of: Callable[..., Client], provider: Any, billed: Any
) -> None:
    viewer = client_of(provider, "viewer")
    with company_context(provider):
        invoice = Invoice.objects.get()
    assert viewer.get(page("invoice_detail", invoice.public_id)).status_code == 200
    for name in ("invoice_approval", "invoice_issue"):
        assert viewer.post(page(name), {"invoice": invoice.public_id}).status_code == 403
    assert viewer.post(page("invoice_discard", invoice.public_id)).status_code == 403
    assert viewer.get(page("run_list")).status_code == 403


def test_a_parked_contract_shows_its_reason_and_is_tried_again(
    provider: Any, customer: Any, finance: Client
) -> None:
    asset = make_asset(provider)
    month_of_readings(provider, asset, "2026-10", 0, 10)
    make_contract(provider, customer, [asset], plan_from="2027-01-01")
    run = bill(provider)
    shown = finance.get(page("run_detail", run.public_id)).content.decode()
    assert "No price plan is in force on 2026-10-01." in shown
    with company_context(provider):
        item = RunItem.objects.get()
    again = finance.post(page("run_again", run.public_id), {"item": item.public_id}, follow=True)
    assert again.status_code == 200
    with company_context(provider):
        assert RunItem.objects.get().state == "waiting"
    odd = finance.post(page("run_again", run.public_id), {"item": "not an id"})
    assert odd.status_code == 302


def test_the_lists_need_few_queries_whatever_their_length(
    provider: Any, customer: Any, finance: Client
) -> None:
    asset = make_asset(provider)
    month_of_readings(provider, asset, "2026-10", 0, 10)
    make_contract(provider, customer, [asset], title="First")
    bill(provider)
    counts = {name: queries(finance, page(name)) for name in ("invoice_list", "run_list")}
    for number in range(12):
        make_contract(provider, customer, [asset], title=f"More {number}")
    bill(provider)
    issue_all(provider)
    for name, count in counts.items():
        assert queries(finance, page(name)) == count
        assert count <= 12
    csv = finance.get(page("invoice_list") + "?export=csv").content.decode()
    assert csv.count("RE-2026-") == 13


def queries(client: Client, address: str) -> int:
    client.get(address)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    # Naming the company and savepoints are no questions.
    return sum(1 for query in captured if query["sql"].startswith(("SELECT", "DECLARE")))


def test_an_unknown_month_is_refused_on_the_form(finance: Client, provider: Any) -> None:
    answer = finance.post(page("run_new"), {"month": "2026-99"})
    assert answer.status_code == 200
    with company_context(provider):
        assert not BillingRun.objects.exists()
