"""A late reading after issue: credit note or additional invoice, once, and never too much."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from apps.assets.models import Asset
from apps.billing.invariants import COMPANY_CHECKS, SHARED_CHECKS
from apps.billing.models import (
    Correction,
    EvidenceFile,
    Invoice,
    InvoiceLine,
    NumberSeries,
    RunItem,
)
from apps.billing.operations import (
    approve_invoices,
    correct_periods,
    discard_draft,
    export_evidence,
    issue_invoices,
)
from apps.billing.queries.verifying import verified
from apps.common.period import parse_instant
from apps.contracts.models import Contract
from apps.events.operations import run_waiting_jobs
from apps.metering.domain.evidence import parse_evidence
from apps.metering.models import BilledPeriod, UsageRecord
from apps.metering.operations import record_late
from apps.telemetry.models import Channel
from apps.telemetry.operations import declare, recompute_dirty
from apps.tenancy.context import as_platform, company_context, no_company
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

LATER = NOW + timedelta(days=1)
GRADUATED = {
    "model": "graduated", "code": "cycles", "title": "Cycles", "meter": "cycles",
    "unit": "{cycle}",
    "tiers": [{"up_to": "50", "unit_price": "0.10"}, {"up_to": None, "unit_price": "0.05"}],
}  # fmt: skip


def late(company: Any, asset: Asset, *readings: tuple[str, str]) -> None:
    """Readings that come after issue, with all that follows from them."""
    send(company, asset, *readings, now=LATER)
    with company_context(company):
        run_waiting_jobs(now=LATER)


def shown(company: Any) -> list[tuple[str, str, int, int, int]]:
    """Documents in the order of the books: kind, number or state, net, tax, total."""
    with company_context(company):
        return [
            (row.kind, row.number or row.state, row.net_minor, row.tax_minor, row.gross_minor)
            for row in Invoice.objects.order_by("drafted_at", "kind", "id")
        ]


def issue_corrections(company: Any) -> list[Invoice]:
    with company_context(company):
        ids = list(Invoice.objects.exclude(state="issued").values_list("id", flat=True))
        approve_invoices(invoices=ids, now=LATER, approved_by="test")
        issued = issue_invoices(invoices=ids, now=LATER, issued_by="test")
        run_waiting_jobs(now=LATER)
    return issued


@pytest.fixture(autouse=True)
def own_files(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"


@pytest.fixture
def press(provider: Any) -> Asset:
    return make_asset(provider)


@pytest.fixture
def october(provider: Any, customer: Any, press: Asset) -> Contract:
    """October is issued: 55 cycles at 0.067 and a fee of 100."""
    contract = make_contract(provider, customer, [press])
    month_of_readings(provider, press, "2026-10", 1000, 1055)
    bill(provider)
    issue_all(provider)
    return contract


def test_a_higher_late_reading_makes_an_additional_invoice(
    provider: Any, press: Asset, october: Contract
) -> None:
    late(provider, press, ("2026-10-25T10:00:00Z", "1060"))
    # 60 × 0.067 = 4.02; 0.33 more than 3.69; 19 % of 0.33 are 0.06.
    assert shown(provider) == [
        ("invoice", "RE-2026-00001", 10369, 1970, 12339),
        ("addition", "draft", 33, 6, 39),
    ]
    with company_context(provider):
        (line,) = InvoiceLine.objects.filter(generation=1)
        assert (line.quantity, line.unit, line.net_minor) == (5, "{cycle}", 33)
        assert line.corrects == InvoiceLine.objects.get(generation=0, charge="cycles")
        records = list(UsageRecord.objects.order_by("generation"))
        assert [(row.generation, row.quantity) for row in records] == [(1, 55), (2, 60)]
        assert records[1].replaces == records[0]
        correction = Correction.objects.get()
        assert (correction.state, correction.net_minor) == ("drafted", 33)
        assert correction.causes == [
            {"item": str(records[0].item_id), "before": str(records[0].id),
             "after": str(records[1].id)}
        ]  # fmt: skip


def test_a_lower_truth_makes_a_credit_note_with_a_series_of_its_own(
    provider: Any, customer: Any, press: Asset, october: Contract
) -> None:
    with company_context(provider):
        channel = press_channel(press)
        declare(
            channel=channel, kind="disbelieve", measured_at=at("2026-10-20T10:00:00Z"),
            reason="wrong meter", by="test", now=LATER,
        )  # fmt: skip
    late(provider, press, ("2026-10-21T10:00:00Z", "1040"))
    assert shown(provider)[1:] == [("credit", "draft", 101, 19, 120)]
    with company_context(customer):
        assert Invoice.objects.count() == 1
        assert not Correction.objects.exists()
    (note,) = issue_corrections(provider)
    assert note.number == "RK-2026-00001"
    with company_context(customer):
        shown_note = Invoice.objects.get(kind="credit")
        assert shown_note.lines.get().quantity == 15
        assert shown_note.facts["corrects"]["number"] == "RE-2026-00001"
        assert Correction.objects.get().state == "issued"
    with company_context(provider):
        assert dict(NumberSeries.objects.values_list("series", "next_number")) == {
            "2026-": 2, "RK-2026-": 2,
        }  # fmt: skip


def press_channel(press: Asset) -> Any:
    return Channel.objects.get(asset_id=press.id)


def at(text: str) -> Any:
    return parse_instant(text)


def test_the_period_after_is_corrected_too_and_the_sum_stays(
    provider: Any, customer: Any, press: Asset
) -> None:
    """September's closing is October's opening: what one gains the other loses."""
    contract = make_contract(provider, customer, [press], starts_on="2026-09-01")
    month_of_readings(provider, press, "2026-09", 0, 100)
    month_of_readings(provider, press, "2026-10", 100, 155)
    bill(provider)
    issue_all(provider)
    late(provider, press, ("2026-09-30T21:30:00Z", "130"))
    with company_context(provider):
        found = {
            row.billed_period.start.month: row for row in
            Correction.objects.select_related("billed_period")
        }  # fmt: skip
        # September 100 → 130, October 55 → 25.
        assert {month: row.net_minor for month, row in found.items()} == {8: 201, 9: -201}
        kinds = Invoice.objects.exclude(kind="invoice").order_by("kind")
        assert list(kinds.values_list("kind", "net_minor")) == [("addition", 201), ("credit", 201)]
    assert contract is not None


def test_a_tier_that_is_left_and_a_fee_that_stays(
    provider: Any, customer: Any, press: Asset
) -> None:
    make_contract(provider, customer, [press], charges=(BASE_FEE, GRADUATED))
    month_of_readings(provider, press, "2026-10", 1000, 1055)
    bill(provider)
    issue_all(provider)
    with company_context(provider):
        declare(
            channel=press_channel(press), kind="disbelieve",
            measured_at=at("2026-10-20T10:00:00Z"), reason="wrong", by="test", now=LATER,
        )  # fmt: skip
    late(provider, press, ("2026-10-21T10:00:00Z", "1045"))
    with company_context(provider):
        lines = InvoiceLine.objects.filter(generation=1).order_by("position")
        assert [(row.tier, row.quantity, row.net_minor) for row in lines] == [
            (1, 5, 50),
            (2, 5, 25),
        ]


def test_the_same_again_writes_nothing(provider: Any, press: Asset, october: Contract) -> None:
    late(provider, press, ("2026-10-25T10:00:00Z", "1060"))
    before = shown(provider)
    with company_context(provider):
        drafts = list(Invoice.objects.exclude(state="issued").values_list("id", flat=True))
        done = correct_periods(periods=BilledPeriod.objects.values_list("id", flat=True), now=LATER)
        assert done == {"unchanged": 1}
        assert list(Invoice.objects.exclude(state="issued").values_list("id", flat=True)) == drafts
    late(provider, press, ("2026-10-25T10:00:00Z", "1060"))
    assert shown(provider) == before


def test_an_unissued_correction_is_rated_again_and_loses_its_approval(
    provider: Any, press: Asset, october: Contract
) -> None:
    late(provider, press, ("2026-10-25T10:00:00Z", "1060"))
    with company_context(provider):
        approve_invoices(
            invoices=Invoice.objects.values_list("id", flat=True), now=LATER, approved_by="test"
        )
    late(provider, press, ("2026-10-26T10:00:00Z", "1070"))
    # 70 × 0.067 = 4.69
    assert shown(provider)[1:] == [("addition", "draft", 100, 19, 119)]
    with company_context(provider):
        assert Correction.objects.get().generation == 1


def test_a_chain_of_corrections_nets_to_what_billing_once_gives(
    provider: Any, press: Asset, october: Contract
) -> None:
    for day, value in ((25, 1060), (26, 1090), (27, 1091)):
        late(provider, press, (f"2026-10-{day}T10:00:00Z", str(value)))
        issue_corrections(provider)
    with company_context(provider):
        declare(
            channel=press_channel(press), kind="disbelieve",
            measured_at=at("2026-10-27T10:00:00Z"), reason="wrong", by="test", now=LATER,
        )  # fmt: skip
        declare(
            channel=press_channel(press), kind="disbelieve",
            measured_at=at("2026-10-26T10:00:00Z"), reason="wrong", by="test", now=LATER,
        )  # fmt: skip
    late(provider, press, ("2026-10-27T12:00:00Z", "1062"))
    issue_corrections(provider)
    with company_context(provider):
        nets = [line.net_minor * line.invoice.sign
                for line in InvoiceLine.objects.filter(charge="cycles").select_related("invoice")]  # fmt: skip
        assert sum(nets) == 415  # 62 × 0.067 = 4.154
        assert Correction.objects.filter(state="issued").count() == 4


def test_a_draft_is_written_anew_instead_of_corrected(
    provider: Any, customer: Any, press: Asset
) -> None:
    make_contract(provider, customer, [press])
    month_of_readings(provider, press, "2026-10", 1000, 1055)
    bill(provider)
    with company_context(provider):
        approve_invoices(
            invoices=Invoice.objects.values_list("id", flat=True), now=NOW, approved_by="test"
        )
    late(provider, press, ("2026-10-25T10:00:00Z", "1060"))
    assert shown(provider) == [("invoice", "draft", 10402, 1976, 12378)]
    with company_context(provider):
        assert not Correction.objects.exists()
        item = RunItem.objects.get()
        assert (item.invoice, item.net_minor) == (Invoice.objects.get(), 10402)
        assert BilledPeriod.objects.get().state == "billed"


def test_both_documents_of_a_correction_are_issued_together(
    provider: Any, customer: Any, press: Asset
) -> None:
    """A price by volume: the first version's charge goes, another one comes."""
    contract = make_contract(provider, customer, [press])
    month_of_readings(provider, press, "2026-10", 1000, 1055)
    bill(provider)
    issue_all(provider)
    fee = {**BASE_FEE, "amount": "90"}
    per_cycle = {**PER_CYCLE, "unit_price": "0.10"}
    add_plan(contract, plan_of(fee, per_cycle), "2026-10-01")
    with company_context(provider):
        correct_periods(periods=BilledPeriod.objects.values_list("id", flat=True), now=LATER)
    # The fee falls by 10; 55 cycles rise from 3.69 to 5.50.
    assert shown(provider)[1:] == [
        ("addition", "draft", 181, 34, 215), ("credit", "draft", 1000, 190, 1190),
    ]  # fmt: skip
    with company_context(provider):
        note = Invoice.objects.get(kind="credit")
        (one, two) = approve_invoices(invoices=[note], now=LATER, approved_by="test")
        assert {one.kind, two.kind} == {"addition", "credit"}
        issued = issue_invoices(invoices=[note], now=LATER, issued_by="test")
        assert sorted(str(item.number) for item in issued) == ["RE-2026-00002", "RK-2026-00001"]


def test_a_correction_is_not_discarded(provider: Any, press: Asset, october: Contract) -> None:
    late(provider, press, ("2026-10-25T10:00:00Z", "1060"))
    with company_context(provider):
        draft = Invoice.objects.get(kind="addition")
        with pytest.raises(ValidationError):
            discard_draft(invoice=draft, now=LATER, discarded_by="test")
        assert Invoice.objects.filter(kind="addition").exists()


def test_readings_that_do_not_suffice_any_more_park_the_correction(
    provider: Any, press: Asset, october: Contract
) -> None:
    with company_context(provider):
        for text in ("2026-09-30T21:00:00Z", "2026-10-20T10:00:00Z"):
            declare(
                channel=press_channel(press), kind="disbelieve", measured_at=at(text),
                reason="wrong", by="test", now=LATER,
            )  # fmt: skip
        recompute_dirty(now=LATER)
        run_waiting_jobs(now=LATER)
        correction = Correction.objects.get()
        assert (correction.state, correction.reason) == ("parked", "no_readings")
    late(provider, press, ("2026-09-30T20:00:00Z", "1000"), ("2026-10-20T11:00:00Z", "1060"))
    with company_context(provider):
        assert Correction.objects.get().state == "drafted"
    assert shown(provider)[1:] == [("addition", "draft", 33, 6, 39)]


def test_readings_believed_again_as_before_end_the_parking(
    provider: Any, customer: Any, press: Asset
) -> None:
    """The newest record says what the invoice does: only that it could not be said is over."""
    make_contract(provider, customer, [press])
    send(provider, press, ("2026-09-30T20:00:00Z", "1000"))
    bill(provider)
    issue_all(provider)
    with company_context(provider):
        for kind, states in (("disbelieve", ["parked"]), ("believe", [])):
            declare(
                channel=press_channel(press), kind=kind, measured_at=at("2026-09-30T20:00:00Z"),
                reason="looked at", by="test", now=LATER,
            )  # fmt: skip
            recompute_dirty(now=LATER)
            run_waiting_jobs(now=LATER)
            assert list(Correction.objects.values_list("state", flat=True)) == states
    assert len(shown(provider)) == 1


def test_the_database_refuses_more_credit_than_a_line_or_an_invoice_has(
    provider: Any, press: Asset, october: Contract
) -> None:
    late(provider, press, ("2026-10-25T10:00:00Z", "1060"))
    with company_context(provider):
        line = InvoiceLine.objects.get(generation=1)
        with pytest.raises(IntegrityError, match="from a line"), transaction.atomic():
            Invoice.objects.filter(id=line.invoice_id).update(kind="credit")
            InvoiceLine.objects.filter(id=line.id).update(net_minor=370)
        with pytest.raises(IntegrityError, match="from an invoice"), transaction.atomic():
            Invoice.objects.filter(id=line.invoice_id).update(
                kind="credit", net_minor=10370, tax_minor=0, gross_minor=10370
            )


def test_an_issued_correction_never_changes(provider: Any, press: Asset, october: Contract) -> None:
    late(provider, press, ("2026-10-25T10:00:00Z", "1060"))
    issue_corrections(provider)
    with company_context(provider), connection.cursor() as cursor:
        for statement in (
            "update billing_correction set net_minor = 0",
            "delete from billing_correction",
            "update billing_invoiceline set net_minor = 0 where generation = 1",
        ):
            with pytest.raises(IntegrityError), transaction.atomic():
                cursor.execute(statement)


def test_only_what_moved_is_measured_again(provider: Any, customer: Any, press: Asset) -> None:
    make_contract(provider, customer, [press], starts_on="2026-08-01")
    for month, first, last in (("2026-08", 0, 10), ("2026-09", 10, 100), ("2026-10", 100, 155)):
        month_of_readings(provider, press, month, first, last)
    bill(provider)
    issue_all(provider)
    late(provider, press, ("2026-09-10T10:00:00Z", "50"))
    with company_context(provider):
        (record,) = UsageRecord.objects.filter(generation=2)
        assert (record.starts_at.date(), record.quantity) == (date(2026, 8, 31), 90)
        assert not Correction.objects.exists()


def test_the_evidence_of_a_credit_note_verifies_and_names_what_it_takes_from(
    provider: Any, press: Asset, october: Contract
) -> None:
    late(provider, press, ("2026-10-25T10:00:00Z", "1060"))
    issue_corrections(provider)
    with company_context(provider):
        for text in ("2026-10-20T10:00:00Z", "2026-10-25T10:00:00Z"):
            declare(
                channel=press_channel(press), kind="disbelieve", measured_at=at(text),
                reason="wrong", by="test", now=LATER,
            )  # fmt: skip
    late(provider, press, ("2026-10-21T10:00:00Z", "1040"))
    (note,) = issue_corrections(provider)
    with company_context(provider):
        content = export_evidence(invoice=note, now=LATER, reader="test")
        key = EvidenceFile.objects.get(invoice=note).public_key
    result = verified(content, key, "en")
    assert result.findings == []
    assert (result.summary["kind"], result.summary["corrects"]) == ("credit_note", "RE-2026-00001")
    document: Any = parse_evidence(content)
    (contract,) = document["contracts"]
    # 0.33 come from the additional invoice, the rest from the first one: 2.68 remain of 4.02.
    assert [(line["corrects"], line["net_minor"]) for line in contract["correction"]["lines"]] == [
        ("RE-2026-00002/1", 33), ("RE-2026-00001/2", 101),
    ]  # fmt: skip
    for before, after in (
        (b'"corrects": "RE-2026-00001/2"', b'"corrects": "RE-2026-00001/1"'),
        (b'"net_minor": 101', b'"net_minor": 100'),
        (b'"1040"', b'"1041"'),
    ):
        assert before in content
        assert not verified(content.replace(before, after, 1), key, "en").verified


def test_with_the_next_invoice_means_with_the_run_that_bills_it(
    provider: Any, customer: Any, press: Asset
) -> None:
    make_contract(provider, customer, [press], starts_on="2026-09-01", corrections="with_next")
    month_of_readings(provider, press, "2026-09", 0, 100)
    bill(provider, "2026-09")
    issue_all(provider)
    late(provider, press, ("2026-09-25T10:00:00Z", "110"))
    with company_context(provider):
        correction = Correction.objects.get()
        assert (correction.state, correction.net_minor) == ("waiting", 67)
        assert Invoice.objects.count() == 1
    # What is heard until then counts: the correction is rated again, over the newest readings.
    late(provider, press, ("2026-09-26T10:00:00Z", "120"))
    send(provider, press, ("2026-10-20T10:00:00Z", "155"), now=LATER)
    bill(provider, "2026-10")
    with company_context(provider):
        correction = Correction.objects.get()
        assert (correction.state, correction.net_minor) == ("drafted", 134)
        kinds = Invoice.objects.exclude(state="issued").order_by("kind")
        assert list(kinds.values_list("kind", "net_minor")) == [
            ("addition", 134),
            ("invoice", 10235),
        ]


def test_without_a_next_invoice_nothing_waits(provider: Any, customer: Any, press: Asset) -> None:
    make_contract(provider, customer, [press], corrections="with_next", ends_on=date(2026, 11, 1))
    month_of_readings(provider, press, "2026-10", 1000, 1055)
    bill(provider)
    issue_all(provider)
    late(provider, press, ("2026-10-25T10:00:00Z", "1060"))
    with company_context(provider):
        assert Correction.objects.get().state == "drafted"


def test_every_invariant_holds_through_a_chain_and_names_what_is_broken(
    provider: Any, press: Asset, october: Contract
) -> None:
    late(provider, press, ("2026-10-25T10:00:00Z", "1060"))
    done_by(provider, october.customer)
    assert broken() == []
    issue_corrections(provider)
    done_by(provider, october.customer)
    assert broken() == []
    assert broken_in(provider) == []
    send(provider, press, ("2026-10-26T10:00:00Z", "1070"), now=LATER)
    with company_context(provider):
        record_late(asset_ids=[press.id], since=date(2026, 10, 26), now=LATER)
    assert broken_in(provider) == ["nothing_uncorrected"]


def done_by(*companies: Any) -> None:
    """What waits for each of them is done."""
    for company in companies:
        with company_context(company):
            run_waiting_jobs(now=LATER)


def broken() -> list[str]:
    with no_company(), as_platform():
        return [check.name for check in SHARED_CHECKS if list(check.find(LATER))]


def broken_in(company: Any) -> list[str]:
    with company_context(company):
        return [check.name for check in COMPANY_CHECKS if list(check.find(LATER))]
