"""Time-of-use metered: from readings by window of the week to an issued invoice that verifies."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from apps.assets.models import Asset
from apps.billing.models import Correction, EvidenceFile, Invoice, InvoiceLine
from apps.billing.operations import export_evidence
from apps.billing.queries import running_cost
from apps.billing.queries.verifying import verified
from apps.common.period import parse_instant
from apps.contracts.models import Contract
from apps.contracts.operations import accept_plan, propose_plan
from apps.events.models import Job
from apps.events.operations import run_waiting_jobs
from apps.metering.models import MeteringOrder, ProvisionalUsage, UsageRecord
from apps.metering.operations import follow_plan, refresh_provisional
from apps.reporting.queries.costs import cost_of_days
from apps.tenancy.context import company_context
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
from tests.integration.billing.test_commands import broken
from tests.integration.billing.test_commands import forge as forge
from tests.integration.billing.test_corrections import LATER, issue_corrections, late
from tests.integration.billing.test_evidence import verify

WORK = {"days": [1, 2, 3, 4, 5], "from": 6, "to": 22}
TIME_OF_USE: dict[str, Any] = {
    "model": "time_of_use", "code": "power", "title": {"en": "Power", "de": "Strom"},
    "meter": "cycles", "unit": "{cycle}",
    "windows": [
        {"code": "peak", "title": {"en": "Peak", "de": "Spitze"}, "unit_price": "0.30",
         "hours": [WORK]},
        {"code": "rest", "title": {"en": "Rest", "de": "Rest"}, "unit_price": "0.20"},
    ],
}  # fmt: skip
# Berlin is two hours ahead of UTC until 25 October, one hour after it.
READINGS = (
    ("2026-09-30T21:30:00Z", "1000"),
    ("2026-10-01T04:00:00Z", "1010"),  # at 6:00: the night's last step, 10 in the rest
    ("2026-10-01T20:00:00Z", "1110"),  # at 22:00: 100 at peak
    ("2026-10-02T12:00:00Z", "1150"),  # Friday afternoon: 40 at peak
    ("2026-10-25T01:30:00Z", "1153"),  # Sunday, within the hour that comes twice
    ("2026-10-26T05:00:00Z", "1160"),  # Monday at 6:00 of winter time: 7 in the rest
    ("2026-10-26T05:30:00Z", "1161.5"),
)


@pytest.fixture(autouse=True)
def own_files(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"


@pytest.fixture
def meter(provider: Any) -> Asset:
    return make_asset(provider)


@pytest.fixture
def contract(provider: Any, customer: Any, meter: Asset) -> Contract:
    """October: 141.5 at peak, 20 in the rest of the week."""
    made = make_contract(provider, customer, [meter], charges=(BASE_FEE, TIME_OF_USE))
    send(provider, meter, *READINGS)
    return made


def nets(company: Any) -> dict[tuple[str, int], int]:
    with company_context(company):
        found: dict[tuple[str, int], int] = {}
        for line in InvoiceLine.objects.select_related("invoice"):
            key = (line.charge, line.tier)
            found[key] = found.get(key, 0) + line.net_minor * line.invoice.sign
    return found


def test_usage_by_window_is_billed(provider: Any, contract: Contract) -> None:
    bill(provider)
    assert nets(provider) == {("base", 0): 10000, ("power", 1): 4245, ("power", 2): 400}
    with company_context(provider):
        record = UsageRecord.objects.get()
        assert record.quantity == Decimal("161.5")
        assert record.windows == {"power": {"peak": Decimal("141.5"), "rest": 20}}
        (one, two) = InvoiceLine.objects.filter(charge="power").order_by("tier")
        assert (one.quantity, one.unit_price, one.title["de"]) == (
            Decimal("141.5"), Decimal("0.3"), "Strom, Spitze",
        )  # fmt: skip
        assert (two.quantity, two.unit_price) == (20, Decimal("0.2"))


def test_a_dry_run_and_the_running_cost_say_the_same(provider: Any, contract: Contract) -> None:
    run = bill(provider, dry=True)
    with company_context(provider):
        assert run.items.get().net_minor == 14645
        within = parse_instant("2026-10-28T12:00:00Z")
        refresh_provisional(now=within)
        row = ProvisionalUsage.objects.get(period_end__lte=NOW)
        assert row.windows == {"power": {"peak": Decimal("141.5"), "rest": 20}}
        cost = running_cost([contract], within)[contract.id]
        assert cost.net_minor == 14645
        days = dict(cost_of_days(side="provider", currency="EUR", now=within))
        # Thursday 10 in the rest, 100 at peak; Friday 40 at peak; 3 on a Sunday; Monday 7 and 1.5.
        assert {day.day: cents for day, cents in days.items() if cents} == {
            1: 32, 2: 12, 25: Decimal("0.6"), 26: Decimal("1.85"),
        }  # fmt: skip


def test_windows_that_do_not_add_up_are_named(
    provider: Any, contract: Contract, forge: Any
) -> None:
    bill(provider)
    assert broken() == {}
    forge(
        "update public.metering_usagerecord set figures = "
        "jsonb_set(figures, '{windows,0,quantities,rest}', '\"19\"')", "metering_usagerecord",
    )  # fmt: skip
    assert set(broken()) == {"windows_add_up", "lines_recomputed"}


def test_the_issued_invoice_verifies_elsewhere_and_a_moved_window_does_not(
    provider: Any, customer: Any, contract: Contract, tmp_path: Path
) -> None:
    bill(provider)
    (issued,) = issue_all(provider)
    with company_context(customer):
        seen = Invoice.objects.get(id=issued.id)
        content = export_evidence(invoice=seen, now=NOW, reader="test")
        key = EvidenceFile.objects.get(invoice=seen).public_key
    code, answer = verify(tmp_path, content, key)
    assert (code, answer["result"]) == (0, "verified"), answer
    text = content.decode() if isinstance(content, bytes) else content
    document = json.loads(text)
    (windows,) = document["contracts"][0]["items"][0]["usage"]["windows"]
    assert windows["quantities"] == {"rest": "20", "peak": "141.5"}
    windows["quantities"] = {"rest": "19", "peak": "142.5"}
    code, answer = verify(tmp_path, json.dumps(document).encode(), key)
    said = json.dumps(answer)
    assert code == 1
    assert "usage/windows/0/quantities/peak" in said


def test_a_late_reading_moves_what_was_used_from_window_to_window(
    provider: Any, meter: Asset, contract: Contract
) -> None:
    """The sum stays 161.5: of the 40 of Friday afternoon 15 were used in the night before."""
    bill(provider)
    issue_all(provider)
    late(provider, meter, ("2026-10-02T03:00:00Z", "1125"))
    with company_context(provider):
        correction = Correction.objects.get()
        assert correction.net_minor == -150
        changes = {row["tier"]: row["after"]["quantity"] for row in correction.changes}
        assert changes == {1: "126.5", 2: "35"}
    documents = issue_corrections(provider)
    assert sorted((item.kind, item.net_minor) for item in documents) == [
        ("addition", 300), ("credit", 450),
    ]  # fmt: skip
    assert nets(provider) == {("base", 0): 10000, ("power", 1): 3795, ("power", 2): 700}
    assert broken() == {}
    for document in documents:
        with company_context(provider):
            content = export_evidence(invoice=document, now=NOW, reader="test")
            key = EvidenceFile.objects.get(invoice=document).public_key
        assert verified(content, key, "en").findings == []


def test_the_windows_are_those_of_the_plan_version_of_the_period(
    provider: Any, meter: Asset, contract: Contract
) -> None:
    """From November on there are no windows; October stays as it was agreed."""
    add_plan(contract, plan_of(BASE_FEE, PER_CYCLE), "2026-11-01")
    with company_context(provider):
        assert follow_plan(contract_id=contract.id, now=NOW) == 1
        assert follow_plan(contract_id=contract.id, now=NOW) == 0
        order = MeteringOrder.objects.get()
        assert set(order.calendars_on(date(2026, 10, 31))) == {"power"}
        assert order.calendars_on(date(2026, 11, 1)) == {}
        assert order.calendars_on(date(2026, 9, 30)) == {}
    bill(provider)
    assert nets(provider)["power", 1] == 4245


def test_windows_agreed_in_time_and_adopted_after_the_issue_correct_what_was_billed(
    provider: Any, customer: Any, meter: Asset
) -> None:
    """Both signed in September that October is told apart; the job came after October's invoice."""
    made = make_contract(
        provider, customer, [meter], charges=(BASE_FEE, PER_CYCLE), starts_on="2026-09-01"
    )
    send(provider, meter, ("2026-08-31T20:00:00Z", "1000"), *READINGS)
    signed = parse_instant("2026-09-20T09:00:00Z")
    plan = plan_of(BASE_FEE, TIME_OF_USE).to_dict()
    with company_context(provider):
        proposal = propose_plan(
            contract=made, plan=plan, valid_from=date(2026, 10, 1), now=signed, actor="Anna"
        )
    with company_context(customer):
        content = proposal.content_sha256
        accept_plan(contract_id=made.pk, content=content, now=signed, actor="Carl")
    with company_context(provider):
        Job.objects.filter(kind="contracts.adopt_plan").update(run_after=LATER)
    bill(provider)
    issue_all(provider)
    assert nets(provider) == {("base", 0): 20000, ("cycles", 0): 1082}
    with company_context(provider):
        run_waiting_jobs(now=LATER)
    issue_corrections(provider)
    assert {key: net for key, net in nets(provider).items() if net} == {
        ("base", 0): 20000, ("power", 1): 4245, ("power", 2): 400,
    }  # fmt: skip
    with company_context(customer):
        run_waiting_jobs(now=LATER)
    assert broken() == {}
