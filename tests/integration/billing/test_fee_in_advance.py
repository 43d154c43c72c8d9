"""Fees in advance: billed with the period before, credited at the end, verified elsewhere."""

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse

from apps.assets.models import Asset
from apps.billing.models import Correction, EvidenceFile, Invoice, InvoiceLine, TaxRate
from apps.billing.operations import export_evidence
from apps.billing.queries import running_cost
from apps.billing.queries.explaining import explain_line
from apps.billing.queries.verifying import verified
from apps.common.period import parse_instant
from apps.common.quantity import canonical
from apps.contracts.models import Contract
from apps.contracts.operations import accept_plan, end_contract, propose_plan
from apps.events.models import Job
from apps.events.operations import run_waiting_jobs
from apps.metering.queries import periods_due
from apps.tenancy.context import as_owner, company_context, no_company
from tests.integration.billing.conftest import bill, issue_all
from tests.integration.billing.scene import (
    BASE_FEE,
    NOW,
    PER_CYCLE,
    add_plan,
    make_asset,
    make_contract,
    plan_of,
    send,
)
from tests.integration.billing.test_commands import broken, broken_in
from tests.integration.billing.test_corrections import LATER, issue_corrections, late
from tests.integration.billing.test_evidence import verify

ADVANCE: dict[str, Any] = {**BASE_FEE, "timing": "advance"}


@pytest.fixture(autouse=True)
def own_files(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"


@pytest.fixture
def press(provider: Any) -> Asset:
    asset = make_asset(provider)
    send(
        provider, asset, ("2026-08-31T20:00:00Z", "1000"), ("2026-09-20T10:00:00Z", "1055"),
        ("2026-10-20T10:00:00Z", "1155"),
    )  # fmt: skip
    return asset


@pytest.fixture
def contract(provider: Any, customer: Any, press: Asset) -> Contract:
    """From 16 September on: 15 of September's 30 days."""
    return make_contract(
        provider, customer, [press], charges=(ADVANCE, PER_CYCLE), starts_on="2026-09-16"
    )


def books(company: Any) -> dict[tuple[int, str, str], int]:
    """By month billed, charge and month of the service: net over all documents."""
    found: dict[tuple[int, str, str], int] = {}
    with company_context(company):
        for line in InvoiceLine.objects.select_related("invoice", "billed_period"):
            billed = _month(line.billed_period.start)
            service = f"{_month(line.service_start or line.billed_period.start)}"
            key = (billed, line.charge, service)
            found[key] = found.get(key, 0) + line.net_minor * line.invoice.sign
    return found


def _month(instant: datetime) -> int:
    # Midnight in Berlin is the evening before in UTC.
    return instant.month % 12 + 1


def test_each_invoice_has_the_fee_of_the_period_to_come(provider: Any, contract: Contract) -> None:
    bill(provider)
    # 100 × 15 ÷ 30 with the contract's begin; a month each later; usage as ever.
    assert books(provider) == {
        (8, "base", "9"): 5000,
        (9, "cycles", "9"): 369, (9, "base", "10"): 10000,
        (10, "cycles", "10"): 670, (10, "base", "11"): 10000,
    }  # fmt: skip
    assert broken() == {}
    bill(provider)
    assert len(books(provider)) == 5


def test_the_first_invoice_is_due_when_the_contract_begins(
    provider: Any, contract: Contract
) -> None:
    with company_context(provider):
        early, begun = (parse_instant(f"2026-09-{day}T09:00:00Z") for day in ("15", "16"))
        assert periods_due([contract], early) == {contract.pk: []}
        (opening,) = periods_due([contract], begun)[contract.pk]
        assert opening.end == parse_instant("2026-08-31T22:00:00Z")


def test_the_running_cost_is_what_the_run_will_bill(provider: Any, contract: Contract) -> None:
    with company_context(provider):
        run_waiting_jobs(now=NOW)
        cost = running_cost([contract], NOW)[contract.id]
        assert cost.rated is not None
        assert [(line.charge, line.service[:10], line.net_minor) for line in cost.rated.lines] == [
            ("cycles", "", 0), ("base", "2026-11-30", 10000),
        ]  # fmt: skip


def test_issued_invoices_verify_elsewhere_and_open_to_their_plan(
    provider: Any, customer: Any, contract: Contract, tmp_path: Path
) -> None:
    bill(provider)
    issued = issue_all(provider)
    assert len(issued) == 3
    for invoice in issued:
        with company_context(customer):
            seen = Invoice.objects.get(id=invoice.id)
            content = export_evidence(invoice=seen, now=NOW, reader="test")
            key = EvidenceFile.objects.get(invoice=seen).public_key
            for line in seen.lines.all():
                assert explain_line(line, "de")["arithmetic"]
        code, answer = verify(tmp_path, content, key)
        assert (code, answer["result"]) == (0, "verified"), answer
        changed = content.replace(b'"covered": 30', b'"covered": 29')
        assert changed == content or not verified(changed, key, "en").verified
    assert (broken(), broken_in(provider)) == ({}, {})


def test_an_end_credits_the_days_that_were_paid_ahead(provider: Any, contract: Contract) -> None:
    """November is paid; the contract ends with the 12th: 18 of 30 days come back, 60.00."""
    bill(provider)
    issue_all(provider)
    with company_context(provider):
        end_contract(contract=contract, ends_on=date(2026, 11, 13), now=NOW)
        run_waiting_jobs(now=LATER)
        correction = Correction.objects.get()
        assert correction.net_minor == -6000
    (note,) = issue_corrections(provider)
    assert (note.kind, note.net_minor) == ("credit", 6000)
    with company_context(provider):
        line = note.lines.get()
        assert line.corrects is not None
        assert line.service_start == parse_instant("2026-10-31T23:00:00Z")
        content = export_evidence(invoice=note, now=LATER, reader="test")
        key = EvidenceFile.objects.get(invoice=note).public_key
        assert verified(content, key, "en").findings == []
    assert books(provider)[10, "base", "11"] == 4000
    assert (broken(), broken_in(provider)) == ({}, {})


def test_a_fee_that_is_kept_gives_nothing_back(provider: Any, customer: Any, press: Asset) -> None:
    kept = {**ADVANCE, "at_end": "kept"}
    made = make_contract(
        provider, customer, [press], charges=(kept, PER_CYCLE), starts_on="2026-09-16"
    )
    bill(provider)
    issue_all(provider)
    with company_context(provider):
        end_contract(contract=made, ends_on=date(2026, 11, 13), now=NOW)
        run_waiting_jobs(now=LATER)
        assert not Correction.objects.exists()
    assert books(provider)[10, "base", "11"] == 10000


def test_an_end_before_the_period_credits_all_of_it(provider: Any, contract: Contract) -> None:
    """A draft that is not issued is written anew, without the fee."""
    bill(provider)
    with company_context(provider):
        day = parse_instant("2026-11-01T08:00:00Z")
        end_contract(contract=contract, ends_on=date(2026, 11, 1), now=day)
        run_waiting_jobs(now=LATER)
    assert (10, "base", "11") not in books(provider)


def test_a_new_plan_prices_the_period_it_begins_with(provider: Any, contract: Contract) -> None:
    """From October on the fee is 120; September's invoice has October's already."""
    add_plan(contract, plan_of({**ADVANCE, "amount": "120"}, PER_CYCLE), "2026-10-01")
    add_plan(contract, plan_of(BASE_FEE, PER_CYCLE), "2026-11-01")
    bill(provider)
    # November is in arrears again: October's invoice has no fee ahead.
    assert books(provider) == {
        (8, "base", "9"): 5000,
        (9, "cycles", "9"): 369, (9, "base", "10"): 12000, (10, "cycles", "10"): 670,
    }  # fmt: skip
    issue_all(provider)
    assert (broken(), broken_in(provider)) == ({}, {})


def test_prices_adopted_after_billing_correct_what_was_billed(
    provider: Any, customer: Any, contract: Contract
) -> None:
    """Both signed in September; the job that makes the version came after the run and the issue."""
    signed = parse_instant("2026-09-20T09:00:00Z")
    plan = plan_of({**ADVANCE, "amount": "120"}, PER_CYCLE).to_dict()
    with company_context(provider):
        proposal = propose_plan(
            contract=contract, plan=plan, valid_from=date(2026, 10, 1), now=signed, actor="Anna"
        )
    with company_context(customer):
        content = proposal.content_sha256
        accept_plan(contract_id=contract.pk, content=content, now=signed, actor="Carl")
    with company_context(provider):
        Job.objects.filter(kind="contracts.adopt_plan").update(run_after=LATER)
    bill(provider)
    issue_all(provider)
    assert books(provider)[9, "base", "10"] == 10000
    with company_context(provider):
        run_waiting_jobs(now=LATER)
    issue_corrections(provider)
    assert books(provider) == {
        (8, "base", "9"): 5000,
        (9, "cycles", "9"): 369, (9, "base", "10"): 12000,
        (10, "cycles", "10"): 670, (10, "base", "11"): 12000,
    }  # fmt: skip
    with company_context(customer):
        run_waiting_jobs(now=LATER)
    assert (broken(), broken_in(provider)) == ({}, {})


def test_from_arrears_to_advance_no_period_is_left_out(
    provider: Any, customer: Any, press: Asset
) -> None:
    made = make_contract(
        provider, customer, [press], charges=(BASE_FEE, PER_CYCLE), starts_on="2026-09-01"
    )
    add_plan(made, plan_of(ADVANCE, PER_CYCLE), "2026-11-01")
    bill(provider)
    assert books(provider) == {
        (9, "base", "9"): 10000, (9, "cycles", "9"): 369,
        (10, "base", "10"): 10000, (10, "cycles", "10"): 670, (10, "base", "11"): 10000,
    }  # fmt: skip
    assert broken() == {}


def test_a_late_reading_leaves_the_fee_alone(
    provider: Any, press: Asset, contract: Contract
) -> None:
    bill(provider)
    issue_all(provider)
    late(provider, press, ("2026-10-25T10:00:00Z", "1160"))
    with company_context(provider):
        correction = Correction.objects.get()
        assert [row["charge"] for row in correction.changes] == ["cycles"]
    issue_corrections(provider)
    assert books(provider)[10, "base", "11"] == 10000
    assert (broken(), broken_in(provider)) == ({}, {})


def taxed(invoices: Any) -> set[tuple[int, str, str, str]]:
    """By month of the service: charge, its kind of document, and the rate of its line."""
    return {
        (_month(line.service_start or line.billed_period.start), line.charge, line.invoice.kind,
         canonical(line.tax_percent))
        for line in InvoiceLine.objects.filter(invoice__in=invoices).select_related(
            "invoice", "billed_period"
        )
    }  # fmt: skip


def test_a_line_has_the_tax_of_its_own_service_periods_last_day(
    provider: Any, press: Asset, contract: Contract
) -> None:
    """The rate rises to 21 % with October, and to 23 % within November."""
    with no_company(), as_owner():
        for since, percent in (("2026-10-01", 21), ("2026-11-15", 23)):
            TaxRate.objects.create(
                country=provider.country, category="S", percent=percent, valid_from=since
            )
    bill(provider)
    issued = issue_all(provider)
    with company_context(provider):
        assert taxed(issued) == {
            (9, "base", "invoice", "19"), (9, "cycles", "invoice", "19"),
            (10, "base", "invoice", "21"), (10, "cycles", "invoice", "21"),
            (11, "base", "invoice", "23"),
        }  # fmt: skip
        september = next(
            one for one in issued if one.period_start.month == 8 and one.net_minor > 5000
        )
        sums = september.taxes.order_by("percent").values_list("percent", "net_minor", "tax_minor")
        assert list(sums) == [(19, 369, 70), (21, 10000, 2100)]
    late(provider, press, ("2026-10-25T10:00:00Z", "1165"))
    with company_context(provider):
        end_contract(contract=contract, ends_on=date(2026, 11, 13), now=NOW)
        run_waiting_jobs(now=LATER)
    corrections = issue_corrections(provider)
    with company_context(provider):
        assert taxed(corrections) == {
            (11, "base", "credit", "23"), (10, "cycles", "addition", "21"),
        }  # fmt: skip
        for invoice in (*issued, *corrections):
            content = export_evidence(invoice=invoice, now=LATER, reader="test")
            key = EvidenceFile.objects.get(invoice=invoice).public_key
            assert verified(content, key, "en").findings == []
    assert (broken(), broken_in(provider)) == ({}, {})


def test_the_page_says_what_the_fee_is_for(
    provider: Any, contract: Contract, client_of: Any
) -> None:
    bill(provider)
    client = client_of(provider, "finance")
    with company_context(provider):
        invoices = list(Invoice.objects.order_by("period_start"))
    pages = [
        client.get(reverse("invoice_detail", urlconf="portal.urls", args=[invoice.public_id]))
        for invoice in invoices
    ]
    first, last = (answer.content.decode() for answer in (pages[0], pages[-1]))
    assert first.count("1 Sep 2026 – 30 Sep 2026") == 2  # of the document and of its line
    assert "Aug 2026" not in first
    assert "1 Nov 2026 – 30 Nov 2026" in last
    assert "1 Oct 2026 – 31 Oct 2026" in last
