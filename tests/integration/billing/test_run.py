"""The whole path from readings to an issued invoice, with exact cents."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction

from apps.billing.models import BillingRun, Invoice, InvoiceLine, RunItem
from apps.billing.operations import (
    approve_invoices,
    bill_again,
    discard_draft,
    issue_invoices,
    start_run,
)
from apps.events.operations import run_waiting_jobs
from apps.metering.models import BilledPeriod, UsageRecord
from apps.tenancy.context import company_context
from tests.integration.billing.conftest import bill, issue_all
from tests.integration.billing.scene import (
    BASE_FEE,
    NOW,
    PER_CYCLE,
    add_plan,
    make_asset,
    make_contract,
    month_of_readings,
    plan_of,
    send,
)


def items_of(company: Any, run: BillingRun) -> list[tuple[str, str, int | None]]:
    with company_context(company):
        rows = RunItem.objects.filter(run=run).order_by("contract__title", "period_start")
        return [(item.state, item.reason, item.net_minor) for item in rows]


def test_a_reading_becomes_a_draft_with_exact_cents(provider: Any, billed: Any) -> None:
    with company_context(provider):
        invoice = Invoice.objects.get(contract=billed)
        lines = list(invoice.lines.values_list("charge", "net_minor", "asset_label"))
        taxes = list(invoice.taxes.values_list("category", "percent", "net_minor", "tax_minor"))
        assert lines == [("base", 10000, ""), ("cycles", 369, "Press 1")]
        assert [(c, int(p), n, t) for c, p, n, t in taxes] == [("S", 19, 10369, 1970)]
        assert (invoice.net_minor, invoice.tax_minor, invoice.gross_minor) == (10369, 1970, 12339)
        assert invoice.state == "draft"
        assert invoice.number is None
        assert invoice.parties == [provider.pk]
        assert invoice.facts["recipient"]["name"] == "Customer Foods GmbH"


def test_zero_usage_bills_the_fee_and_a_line_of_nothing(provider: Any, customer: Any) -> None:
    asset = make_asset(provider)
    contract = make_contract(provider, customer, [asset])
    send(provider, asset, ("2026-09-30T20:00:00Z", "1000"), ("2026-10-30T20:00:00Z", "1000"))
    bill(provider)
    with company_context(provider):
        invoice = Invoice.objects.get(contract=contract)
        assert list(invoice.lines.values_list("net_minor", flat=True)) == [10000, 0]


def test_a_second_run_bills_nothing_again(provider: Any, billed: Any) -> None:
    again = bill(provider)
    assert items_of(provider, again) == []
    assert again.state == "done"
    with company_context(provider):
        assert Invoice.objects.count() == 1


def test_two_runs_at_once_bill_once(provider: Any, customer: Any) -> None:
    asset = make_asset(provider)
    make_contract(provider, customer, [asset])
    month_of_readings(provider, asset, "2026-10", 1000, 1055)
    with company_context(provider):
        one = start_run(label="2026-10", now=NOW, started_by="one")
        two = start_run(label="2026-10", now=NOW, started_by="two")
        run_waiting_jobs(now=NOW)
        assert Invoice.objects.count() == 1
    states = sorted(row[0] for run in (one, two) for row in items_of(provider, run))
    assert states == ["already", "billed"]


def test_a_dry_run_writes_no_row_of_the_books(provider: Any, customer: Any) -> None:
    asset = make_asset(provider)
    make_contract(provider, customer, [asset])
    month_of_readings(provider, asset, "2026-10", 1000, 1055)
    run = bill(provider, dry=True)
    assert items_of(provider, run) == [("dry", "", 10369)]
    with company_context(provider):
        assert not Invoice.objects.exists()
        assert not BilledPeriod.objects.exists()
        assert not UsageRecord.objects.exists()


def test_earlier_periods_come_first_and_in_order(provider: Any, customer: Any) -> None:
    asset = make_asset(provider)
    make_contract(provider, customer, [asset], starts_on="2026-08-01")
    month_of_readings(provider, asset, "2026-08", 0, 10)
    month_of_readings(provider, asset, "2026-09", 10, 30)
    month_of_readings(provider, asset, "2026-10", 30, 85)
    run = bill(provider)
    assert items_of(provider, run) == [
        ("billed", "", 10067), ("billed", "", 10134), ("billed", "", 10369),
    ]  # fmt: skip
    with company_context(provider):
        chain = list(BilledPeriod.objects.order_by("start"))
        assert [period.follows_id for period in chain] == [None, chain[0].id, chain[1].id]


def test_a_contract_that_cannot_be_priced_is_parked_alone_and_billed_later(
    provider: Any, customer: Any
) -> None:
    asset = make_asset(provider)
    month_of_readings(provider, asset, "2026-10", 1000, 1055)
    broken = make_contract(
        provider, customer, [asset], title="A broken one", plan_from="2027-01-01"
    )
    for number in range(4):
        make_contract(provider, customer, [asset], title=f"B sound {number}")
    run = bill(provider)
    found = items_of(provider, run)
    assert found[0][:2] == ("parked", "no_plan")
    assert found[1:] == [("billed", "", 10369)] * 4
    add_plan(broken, plan_of(BASE_FEE, PER_CYCLE), "2026-10-01")
    with company_context(provider):
        parked = RunItem.objects.get(run=run, state="parked")
        assert bill_again(items=[parked.id], now=NOW, asked_by="test") == 1
        assert bill_again(items=[parked.id], now=NOW, asked_by="test") == 0
        run_waiting_jobs(now=NOW)
    assert items_of(provider, run)[0] == ("billed", "", 10369)


def test_a_parked_period_holds_back_its_own_contracts_later_ones(
    provider: Any, customer: Any
) -> None:
    asset = make_asset(provider)
    make_contract(provider, customer, [asset], starts_on="2026-09-01", plan_from="2026-10-01")
    month_of_readings(provider, asset, "2026-09", 0, 10)
    found = items_of(provider, bill(provider))
    assert [row[:2] for row in found] == [("parked", "no_plan"), ("parked", "earlier_period_open")]


def test_reverse_charge_has_its_category_and_no_tax(provider: Any, customer: Any) -> None:
    asset = make_asset(provider)
    contract = make_contract(provider, customer, [asset], tax_category="AE")
    month_of_readings(provider, asset, "2026-10", 1000, 1055)
    bill(provider)
    with company_context(provider):
        invoice = Invoice.objects.get(contract=contract)
        assert (invoice.tax_minor, invoice.gross_minor) == (0, 10369)
        assert invoice.taxes.get().category == "AE"


def test_an_unknown_month_is_refused_and_leaves_nothing(provider: Any) -> None:
    with company_context(provider):
        with pytest.raises(ValidationError, match="not a month"):
            start_run(label="2026-13", now=NOW, started_by="test")
        assert not BillingRun.objects.exists()


def test_a_discarded_draft_is_billed_again_with_newer_readings(provider: Any, billed: Any) -> None:
    with company_context(provider):
        first = Invoice.objects.get(contract=billed)
        assert discard_draft(invoice=first.id, now=NOW, discarded_by="test")
        assert not discard_draft(invoice=first.id, now=NOW, discarded_by="test")
        asset = billed.items.get().asset
    send(provider, asset, ("2026-10-25T10:00:00Z", "1100"))
    bill(provider)
    with company_context(provider):
        assert Invoice.objects.get(contract=billed).net_minor == 10670
        newest = UsageRecord.objects.order_by("-generation").first()
        assert newest.generation == 2
        assert newest.replaces.generation == 1


def test_issue_numbers_dates_and_shows_the_invoice_to_the_customer(
    provider: Any, customer: Any, billed: Any
) -> None:
    with company_context(customer):
        assert not Invoice.objects.exists()
        assert not InvoiceLine.objects.exists()
    (issued,) = issue_all(provider)
    assert issued.number == "RE-2026-00001"
    with company_context(customer):
        seen = Invoice.objects.get()
        assert (seen.number, str(seen.issued_on), str(seen.due_on)) == (
            "RE-2026-00001", "2026-11-02", "2026-11-16",
        )  # fmt: skip
        assert seen.lines.count() == 2
        assert seen.taxes.count() == 1
    assert issue_all(provider) == []


def test_only_approved_drafts_are_issued(provider: Any, billed: Any) -> None:
    with company_context(provider):
        ids = list(Invoice.objects.values_list("id", flat=True))
        assert issue_invoices(invoices=ids, now=NOW, issued_by="test") == []
        assert Invoice.objects.get().state == "draft"


def test_an_issued_invoice_and_its_parts_never_change(provider: Any, billed: Any) -> None:
    issue_all(provider)
    with company_context(provider):
        invoice = Invoice.objects.get()
        for change in (
            lambda: Invoice.objects.filter(id=invoice.id).update(net_minor=1, gross_minor=1971),
            lambda: invoice.lines.update(net_minor=1),
            lambda: invoice.taxes.all().delete(),
            lambda: Invoice.objects.filter(id=invoice.id).delete(),
        ):
            with pytest.raises(DatabaseError), transaction.atomic():
                change()
        with pytest.raises(ValidationError):
            discard_draft(invoice=invoice.id, now=NOW, discarded_by="test")
        assert Invoice.objects.get().net_minor == 10369


def test_numbers_go_back_when_issuing_fails(provider: Any, billed: Any) -> None:
    with company_context(provider):
        ids = list(Invoice.objects.values_list("id", flat=True))
        approve_invoices(invoices=ids, now=NOW, approved_by="test")
        with pytest.raises(RuntimeError), transaction.atomic():
            issue_invoices(invoices=ids, now=NOW, issued_by="test")
            raise RuntimeError("after the numbers were taken")
    assert [invoice.number for invoice in issue_all(provider)] == ["RE-2026-00001"]


def test_a_twin_company_is_untouched(cast: dict[str, Any], provider: Any, billed: Any) -> None:
    maker = cast["maker"]
    asset = make_asset(maker, "Twin")
    make_contract(maker, provider, [asset], title="Twin")
    month_of_readings(maker, asset, "2026-10", 0, 7)
    issue_all(provider)
    with company_context(maker):
        assert not Invoice.objects.exists()
        assert not BillingRun.objects.exists()
    bill(maker)
    with company_context(maker):
        assert Invoice.objects.get().net_minor == 10047
    with company_context(provider):
        assert Invoice.objects.count() == 1


def test_lines_with_graduated_tiers_and_two_assets(provider: Any, customer: Any) -> None:
    graduated = {
        "model": "graduated", "code": "cycles", "title": "Cycles", "meter": "cycles",
        "unit": "{cycle}", "tiers": [{"up_to": "50", "unit_price": "0.10"}, {"up_to": None, "unit_price": "0.05"}],
    }  # fmt: skip
    one, two = make_asset(provider, "One"), make_asset(provider, "Two")
    contract = make_contract(provider, customer, [one, two], charges=[graduated])
    month_of_readings(provider, one, "2026-10", 0, 55)
    month_of_readings(provider, two, "2026-10", 0, 50)
    bill(provider)
    with company_context(provider):
        lines = Invoice.objects.get(contract=contract).lines
        assert list(lines.values_list("asset_label", "tier", "net_minor")) == [
            ("One", 1, 500), ("One", 2, 25), ("Two", 1, 500),
        ]  # fmt: skip


def test_a_contract_without_usage_or_fee_closes_its_period_without_an_invoice(
    provider: Any, customer: Any
) -> None:
    contract = make_contract(provider, customer, [], charges=[PER_CYCLE])
    run = bill(provider)
    assert items_of(provider, run) == [("billed", "", 0)]
    with company_context(provider):
        assert not Invoice.objects.filter(contract=contract).exists()
        assert BilledPeriod.objects.get(contract=contract).state == "billed"
    assert items_of(provider, bill(provider)) == []
