"""A disputed line: held back, credited through the correction's road, or it stands; each once."""

from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from apps.assets.models import Asset
from apps.billing.invariants import COMPANY_CHECKS, SHARED_CHECKS, Check
from apps.billing.models import (
    Correction,
    CustomerCredit,
    DisputeAnswer,
    EvidenceFile,
    Invoice,
    InvoiceLine,
    LineDispute,
    Receivable,
)
from apps.billing.operations import (
    answer_dispute,
    correct_periods,
    dispute_line,
    export_evidence,
    take_payment_back,
    withdraw_dispute,
)
from apps.billing.queries.receivables import disputed_line_ids
from apps.billing.queries.verifying import verified
from apps.common.fields import uuid7
from apps.events.operations import run_waiting_jobs
from apps.tenancy.context import as_platform, company_context, no_company
from tests.integration.billing.conftest import bill, issue_all
from tests.integration.billing.scene import make_asset, make_contract, month_of_readings
from tests.integration.billing.test_corrections import LATER, issue_corrections, late, shown
from tests.integration.billing.test_pages import page
from tests.integration.billing.test_receivables import pay


@pytest.fixture(autouse=True)
def own_files(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"


@pytest.fixture
def press(provider: Any) -> Asset:
    return make_asset(provider)


@pytest.fixture
def invoice(provider: Any, customer: Any, press: Asset) -> Invoice:
    """October: a fee of 100 and 55 cycles at 0.067 (3.69), 123.39 with tax."""
    make_contract(provider, customer, [press])
    month_of_readings(provider, press, "2026-10", 1000, 1055)
    bill(provider)
    (issued,) = issue_all(provider)
    return issued


def work(*companies: Any) -> None:
    for company in companies:
        with company_context(company):
            run_waiting_jobs(now=LATER)


def dispute(customer: Any, invoice: Invoice, charge: str, net: int) -> LineDispute:
    with company_context(customer):
        line = InvoiceLine.objects.select_related("invoice").get(invoice=invoice, charge=charge)
        return dispute_line(
            line=line, net_minor=net, reason="The press stood still.", now=LATER, person="buyer"
        )


def answer(provider: Any, found: LineDispute, granted: int) -> DisputeAnswer:
    with company_context(provider):
        own = LineDispute.objects.select_related("line__billed_period").get(id=found.id)
        return answer_dispute(
            dispute=own, granted_minor=granted, text="We looked.", now=LATER, person="finance"
        )


def held(provider: Any, invoice: Invoice) -> tuple[int, int]:
    """What is disputed of the invoice, and how many of its lines."""
    with company_context(provider):
        found = Receivable.objects.get(id=invoice.id)
        return found.disputed_minor, len(disputed_line_ids([invoice.id]))


def all_findings(provider: Any) -> list[str]:
    """Of billing's own checks; jobs of the customer's company wait in these tests."""
    with no_company(), as_platform():
        found = [text for check in _own(SHARED_CHECKS) for text in check.find(LATER)]
    with company_context(provider):
        return found + [text for check in _own(COMPANY_CHECKS) for text in check.find(LATER)]


def _own(checks: list[Check]) -> list[Check]:
    return [
        check for check in checks
        if check.find.__module__.startswith("apps.billing") and check.name != "jobs_move"
    ]  # fmt: skip


def test_a_dispute_is_held_back_and_can_be_withdrawn(
    provider: Any, customer: Any, invoice: Invoice
) -> None:
    found = dispute(customer, invoice, "base", 5_000)
    again = dispute(customer, invoice, "base", 7_000)
    assert again == found
    work(customer, provider)
    assert held(provider, invoice) == (5_950, 1)
    with company_context(customer):
        assert withdraw_dispute(dispute=found, now=LATER, person="buyer")
        assert not withdraw_dispute(dispute=found, now=LATER, person="buyer")
    work(customer, provider)
    assert held(provider, invoice) == (0, 0)
    assert dispute(customer, invoice, "base", 7_000) != found


def test_a_returned_payment_leaves_what_is_disputed_so(
    provider: Any, customer: Any, invoice: Invoice
) -> None:
    dispute(customer, invoice, "base", 5_000)
    work(customer, provider)
    key, _applied = pay(provider, invoice, 12_339)
    work(provider)
    assert held(provider, invoice) == (0, 1)
    with company_context(provider):
        take_payment_back(payment_id=key, cause_id=uuid7(), amount_minor=12_339, now=LATER)
    work(provider)
    assert held(provider, invoice) == (5_950, 1)


def test_a_rejected_dispute_stands(provider: Any, customer: Any, invoice: Invoice) -> None:
    found = dispute(customer, invoice, "base", 5_000)
    work(provider)
    answer(provider, found, 0)
    assert held(provider, invoice) == (0, 0)
    with pytest.raises(ValidationError):
        answer(provider, found, 5_000)
    with company_context(customer):
        assert not withdraw_dispute(dispute=found, now=LATER, person="buyer")
        assert DisputeAnswer.objects.get().outcome == "rejected"
    assert shown(provider) == [("invoice", "RE-2026-00001", 10_369, 1_970, 12_339)]


def test_an_accepted_dispute_becomes_a_credit_note_that_verifies(
    provider: Any, customer: Any, press: Asset, invoice: Invoice, client_of: Any
) -> None:
    found = dispute(customer, invoice, "base", 5_000)
    work(provider)
    answer(provider, found, 4_000)
    # Held back until the credit note is issued, though no more than is granted.
    assert held(provider, invoice) == (4_760, 1)
    issue_corrections(provider)
    assert held(provider, invoice) == (0, 0)
    assert shown(provider)[1] == ("credit", "RK-2026-00001", 4_000, 760, 4_760)
    with company_context(provider):
        owed = Receivable.objects.get(id=invoice.id)
        assert (owed.open_minor, owed.credited_minor) == (7_579, 4_760)
        note = Invoice.objects.select_related("correction").get(kind="credit")
        content = export_evidence(invoice=note, now=LATER, reader="test")
        result = verified(content, EvidenceFile.objects.get(invoice=note).public_key, "en")
        assert result.verified, result.findings
    address = page("correction_detail", note.correction.public_id)
    assert "The press stood still." in client_of(customer).get(address).content.decode()
    # A late reading afterwards leaves the granted credit as it is.
    late(provider, press, ("2026-10-25T10:00:00Z", "1060"))
    issue_corrections(provider)
    assert {row[0] for row in shown(provider)} == {"invoice", "credit", "addition"}
    with company_context(provider):
        periods = list(Correction.objects.values_list("billed_period", flat=True))
        assert correct_periods(periods=periods, now=LATER) == {"unchanged": 1}
    assert all_findings(provider) == []


def test_what_is_granted_never_exceeds_the_line(
    provider: Any, customer: Any, press: Asset, invoice: Invoice
) -> None:
    answer(provider, dispute(customer, invoice, "cycles", 369), 369)
    issue_corrections(provider)
    late(provider, press, ("2026-10-25T10:00:00Z", "1060"))
    issue_corrections(provider)
    # 60 × 0.067 = 4.02, of which 3.69 are granted: 0.33 are charged after all.
    assert {row[:3] for row in shown(provider)[1:]} == {
        ("credit", "RK-2026-00001", 369), ("addition", "RE-2026-00002", 33),
    }  # fmt: skip
    assert all_findings(provider) == []


def test_a_credit_of_a_paid_invoice_is_the_customers(
    provider: Any, customer: Any, invoice: Invoice
) -> None:
    pay(provider, invoice, 12_339)
    answer(provider, dispute(customer, invoice, "base", 10_000), 10_000)
    issue_corrections(provider)
    with company_context(customer):
        credit = CustomerCredit.objects.get()
        assert (credit.source, credit.left_minor) == ("credit_note", 11_900)
    assert all_findings(provider) == []


def test_only_the_customer_disputes_and_only_what_the_line_has(
    provider: Any, customer: Any, cast: dict[str, Any], invoice: Invoice
) -> None:
    for company, net in ((provider, 100), (customer, 0), (customer, 10_001)):
        with pytest.raises(ValidationError):
            dispute(company, invoice, "base", net)
    found = dispute(customer, invoice, "base", 5_000)
    with company_context(cast["stranger"]):
        assert not LineDispute.objects.exists()
    with pytest.raises(ValidationError):
        answer(customer, found, 0)
    with company_context(provider):
        assert not DisputeAnswer.objects.exists()
        assert not LineDispute.objects.filter(id=found.id).update(net_minor=1)
