"""Gauges and states from a signed contract to an issued invoice that proves itself, and late readings."""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from apps.assets.models import Asset, AssetType, TypeChannel
from apps.billing.models import EvidenceFile, Invoice, RunItem
from apps.billing.operations import (
    approve_invoices,
    export_evidence,
    issue_invoices,
    start_run,
)
from apps.billing.queries.running import running_cost
from apps.contracts.domain.facts import ContractFacts, ItemFacts
from apps.contracts.models import Contract
from apps.contracts.operations import draft_contract, offer_contract, sign_contract
from apps.contracts.queries import content_sha256
from apps.events.operations import run_waiting_jobs
from apps.metering.bundle import bundle
from apps.metering.models import UsageRecord
from apps.telemetry.domain.measures import LevelMeasure
from apps.telemetry.operations import RawItem, recompute_dirty, sync_channels, take_in
from apps.tenancy.context import company_context
from tests.integration.billing.conftest import bill, issue_all
from tests.integration.billing.scene import NOW
from tests.integration.billing.test_time_of_use import WORK

CHANNELS = [("running", "state", "1"), ("power", "gauge", "kW"), ("cycles", "counter", "{cycle}")]
RUN_HOURS = LevelMeasure("time_in", "1", 86_400, Decimal(1), Decimal("0.01"))
STARTS = LevelMeasure("entries", "1", 86_400, Decimal(1))
DEMAND = LevelMeasure("maximum", "kW", 3600, step=Decimal("0.1"))
ABOVE = LevelMeasure("time_above", "kW", 3600, Decimal(50), Decimal("0.01"))
PRICES = {"h": "4.00", "{start}": "0.75", "kW": "8.50"}


@pytest.fixture(autouse=True)
def own_files(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"


@pytest.fixture
def press(provider: Any) -> Asset:
    with company_context(provider):
        mine = {"author": provider, "parties": [provider.pk]}
        kind = AssetType.objects.create(name="Compressor", made_at=NOW, **mine)
        for code, sort, unit in CHANNELS:
            TypeChannel.objects.create(
                asset_type=kind, code=code, title=code, kind=sort, unit=unit, **mine
            )
        asset: Asset = Asset.objects.create(
            asset_type=kind, type_name=kind.name, name="Compressor 7", serial="C-7", made_at=NOW,
            **mine,
        )  # fmt: skip
        sync_channels(asset_ids=[asset.id])
    return asset


def send(
    company: Any, asset: Asset, channel: str, *readings: tuple[str, str], now: datetime = NOW
) -> None:
    items = [
        RawItem(position=n, asset=asset.public_id, channel=channel, time=at, value=value)
        for n, (at, value) in enumerate(readings)
    ]
    with company_context(company):
        outcomes = take_in(items=items, source="test", now=now)
        assert {item.status for item in outcomes} <= {"accepted", "duplicate"}, outcomes
        recompute_dirty(now=now)


def charge_of(meter: str, unit: str) -> dict[str, object]:
    return {
        "model": "per_unit", "code": meter, "title": meter, "meter": meter, "unit": unit,
        "unit_price": PRICES[unit],
    }  # fmt: skip


def signed(
    provider: Any, customer: Any, items: Sequence[ItemFacts], *units: str, **facts: Any
) -> Contract:
    """A contract in force over the items, each priced in its unit; signed by both."""
    charges = [charge_of(item.meter, unit) for item, unit in zip(items, units, strict=True)]
    return signed_plan(provider, customer, items, charges, **facts)


def signed_plan(
    provider: Any, customer: Any, items: Sequence[ItemFacts], charges: Sequence[Any], **facts: Any
) -> Contract:
    """A contract in force over the items with these charges; signed by both."""
    plan = {"name": "By use", "currency": "EUR", "charges": list(charges)}
    terms = ContractFacts(
        customer_id=customer.pk, title="Air by use", starts_on=date(2026, 10, 1), **facts
    )
    person: Any = "Anna"
    with company_context(provider):
        contract = draft_contract(facts=terms, items=items, plan=plan, now=NOW, actor=person)
        offer_contract(contract=contract, now=NOW, actor=person)
    with company_context(customer):
        content = content_sha256(Contract.objects.get(pk=contract.pk))
        sign_contract(contract_id=contract.pk, content=content, now=NOW, actor=person)
    with company_context(provider):
        run_waiting_jobs(now=NOW)
        contract.refresh_from_db()
    return contract


def item(asset: Asset, channel: str, meter: str, measure: LevelMeasure) -> ItemFacts:
    return ItemFacts(asset.pk, channel, meter, measure=measure)


def october(provider: Any, label: str = "2026-10") -> list[Invoice]:
    bill(provider, label)
    with company_context(provider):
        cases = [(case.state, case.reason) for case in RunItem.objects.all()]
    issued = issue_all(provider)
    assert issued, cases
    return issued


def page(name: str, *arguments: Any) -> str:
    return reverse(name, urlconf="portal.urls", args=arguments)


def verify(tmp_path: Path, provider: Any, invoice: Invoice) -> tuple[int, dict[str, Any]]:
    with company_context(provider):
        content = export_evidence(invoice=invoice, now=NOW, reader="test")
        key = EvidenceFile.objects.get(invoice=invoice).public_key
    return verify_text(tmp_path, content, key)


def verify_text(tmp_path: Path, content: bytes, key: str) -> tuple[int, dict[str, Any]]:
    program, file = tmp_path / "peruse_verify.py", tmp_path / "evidence.json"
    program.write_text(bundle(), encoding="utf-8")
    file.write_bytes(content)
    done = subprocess.run(
        [sys.executable, "-I", str(program), str(file), "--key", key, "--json"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, json.loads(done.stdout)


def quantities(provider: Any) -> dict[str, tuple[str, str]]:
    with company_context(provider):
        rows = UsageRecord.objects.order_by("generation")
        return {row.meter: (f"{row.quantity.normalize():f}", row.unit) for row in rows}


def running_october(provider: Any, press: Asset) -> None:
    """1 from 22:00 the evening before to 02:00; from 06:30 to 16:45 on the 2nd; 1 at midnight of the
    end. Local midnight is 22:00 UTC in summer, 23:00 after the 25th."""
    send(
        provider, press, "running",
        ("2026-09-30T20:00:00Z", "1"), ("2026-10-01T00:00:00Z", "0"),
        ("2026-10-02T04:30:00Z", "1"), ("2026-10-02T14:45:00Z", "0"),
        ("2026-10-31T23:00:00Z", "1"),
    )  # fmt: skip


def test_run_hours_and_starts_become_an_invoice_that_verifies(
    provider: Any, customer: Any, press: Asset, tmp_path: Path
) -> None:
    running_october(provider, press)
    items = [item(press, "running", "hours", RUN_HOURS), item(press, "running", "starts", STARTS)]
    signed(provider, customer, items, "h", "{start}")
    (invoice,) = october(provider)
    # Carried in: 22:00–00:00 UTC is two hours of October; 10 h 15 min on the 2nd. The start at
    # exactly the end is November's.
    assert quantities(provider) == {"hours": ("12.25", "h"), "starts": ("1", "{start}")}
    assert invoice.net_minor == 4900 + 75
    code, answer = verify(tmp_path, provider, invoice)
    assert (code, answer["result"]) == (0, "verified"), answer


def test_the_start_at_the_edge_is_the_next_months(
    provider: Any, customer: Any, press: Asset
) -> None:
    running_october(provider, press)
    later = datetime(2026, 12, 2, 9, 0, tzinfo=UTC)
    send(provider, press, "running", ("2026-11-01T05:00:00Z", "0"), now=NOW)
    signed(provider, customer, [item(press, "running", "starts", STARTS)], "{start}")
    october(provider)
    with company_context(provider):
        start_run(label="2026-11", now=later, started_by="test")
        run_waiting_jobs(now=later)
        found = UsageRecord.objects.order_by("starts_at").values_list("quantity", flat=True)
        assert list(found) == [1, 1]


def kilowatts(day: int, *values: str) -> list[tuple[str, str]]:
    start = datetime(2026, 10, day, 6, 0, tzinfo=UTC)
    quarter = timedelta(minutes=15)
    return [((start + n * quarter).isoformat(), value) for n, value in enumerate(values)]


def test_demand_and_time_above_become_an_invoice_that_verifies(
    provider: Any, customer: Any, press: Asset, tmp_path: Path
) -> None:
    send(provider, press, "power", *kilowatts(5, "12", "55.5", "83.27", "50", "61"))
    items = [item(press, "power", "demand", DEMAND), item(press, "power", "above", ABOVE)]
    signed(provider, customer, items, "kW", "h")
    (invoice,) = october(provider)
    # Above 50: 55.5 and 83.27 a quarter each; exactly 50 is not above; 61 counts for an hour at most.
    assert quantities(provider) == {"demand": ("83.3", "kW"), "above": ("1.5", "h")}
    assert invoice.net_minor == 70805 + 600
    code, answer = verify(tmp_path, provider, invoice)
    assert (code, answer["result"]) == (0, "verified"), answer


def test_its_pages_say_what_was_measured(
    provider: Any, customer: Any, press: Asset, client_of: Any
) -> None:
    send(provider, press, "power", *kilowatts(5, "12", "55.5", "83.27", "50", "61"))
    items = [item(press, "power", "demand", DEMAND), item(press, "power", "above", ABOVE)]
    signed(provider, customer, items, "kW", "h")
    (invoice,) = october(provider)
    with company_context(provider):
        records = {row.meter: row for row in UsageRecord.objects.all()}
    client = client_of(provider, "director")
    line = client.get(page("invoice_line", invoice.public_id, 2)).content.decode()
    assert "time above 50\u00a0kW" in line
    record = client.get(page("usage_record", records["demand"].public_id)).content.decode()
    assert "highest value; a reading counts for at most 1\u00a0h; rounded to 0.1\u00a0kW" in record
    assert "83.27\u00a0kW" in record
    readings = client.get(page("usage_record_readings", records["above"].public_id))
    assert "55.5\u00a0kW" in readings.content.decode()
    chart = client.get(page("usage_record_chart", records["demand"].public_id)).json()
    assert (chart["data"][0]["x"], chart["data"][0]["y"]) == (["2026-10-05"], [83.3])


def test_a_late_reading_bills_the_difference(
    provider: Any, customer: Any, press: Asset, tmp_path: Path
) -> None:
    running_october(provider, press)
    signed(provider, customer, [item(press, "running", "hours", RUN_HOURS)], "h")
    october(provider)
    # It went off at 15:45 local time already, and on again on the 7th for half an hour.
    send(
        provider, press, "running", ("2026-10-02T13:45:00Z", "0"),
        ("2026-10-07T10:00:00Z", "1"), ("2026-10-07T12:30:00Z", "0"),
    )  # fmt: skip
    with company_context(provider):
        run_waiting_jobs(now=NOW)
    assert quantities(provider)["hours"] == ("13.75", "h")
    (addition,) = issue_all(provider)
    assert (addition.kind, addition.net_minor) == (Invoice.Kind.ADDITIONAL, 600)
    code, answer = verify(tmp_path, provider, addition)
    assert (code, answer["result"]) == (0, "verified"), answer


def test_an_estimate_is_marked_verified_and_trued_up(
    provider: Any, customer: Any, press: Asset, tmp_path: Path, client_of: Any
) -> None:
    """Read every hour; on the 12th nothing from 8 to 12, a week before it ran from 9 to 11."""
    hours = [datetime(2026, 10, day, hour, tzinfo=UTC) for day in (5, 12) for hour in range(6, 16)]
    readings = [
        (at.isoformat(), "1" if at.day == 5 and at.hour in (9, 10) else "0")
        for at in hours if at.day == 5 or not 8 < at.hour < 13
    ]  # fmt: skip
    send(provider, press, "running", *readings)
    measure = replace(RUN_HOURS, hold=3600, estimate="last_week")
    contract = signed(provider, customer, [item(press, "running", "hours", measure)], "h")
    (invoice,) = october(provider)
    # 2 h on the 5th, and as a week before 2 h in the gap of the 12th; the 19th and on are silent,
    # and so was the week before it.
    assert quantities(provider)["hours"] == ("4", "h")
    client = client_of(provider, "director")
    assert (
        "contains an estimate"
        in client.get(page("invoice_detail", invoice.public_id)).content.decode()
    )
    assert "7,200\u00a0s" in client.get(page("invoice_line", invoice.public_id, 1)).content.decode()
    code, answer = verify(tmp_path, provider, invoice)
    assert (code, answer["result"]) == (0, "verified"), answer
    # The readings come: it stood still.
    late = [(f"2026-10-12T{hour:02}:00:00Z", "0") for hour in range(9, 13)]
    send(provider, press, "running", *late)
    with company_context(provider):
        run_waiting_jobs(now=NOW)
        record = UsageRecord.objects.filter(item_id=contract.items.get().pk).latest("generation")
    assert (record.quantity, record.is_estimated) == (2, False)
    (credit,) = issue_all(provider)
    assert (credit.kind, credit.net_minor) == (Invoice.Kind.CREDIT_NOTE, 800)
    code, answer = verify(tmp_path, provider, credit)
    assert (code, answer["result"]) == (0, "verified"), answer


def test_a_changed_reading_threshold_or_hold_is_found(
    provider: Any, customer: Any, press: Asset, tmp_path: Path
) -> None:
    send(provider, press, "power", *kilowatts(5, "12", "55.5", "83.27", "50", "61"))
    signed(provider, customer, [item(press, "power", "above", ABOVE)], "h")
    (invoice,) = october(provider)
    with company_context(provider):
        content = export_evidence(invoice=invoice, now=NOW, reader="test").decode()
        key = EvidenceFile.objects.get().public_key
    for before, after, path in (
        ('"55.5"', '"45.5"', "quantity"), ('"value": "50"', '"value": "49"', "quantity"),
        ('"hold": 3600', '"hold": 1800', "known"),
    ):  # fmt: skip
        assert before in content
        code, answer = verify_text(tmp_path, content.replace(before, after, 1).encode(), key)
        assert code == 1
        differing = [found["path"] for found in answer["findings"] if found["code"] == "differs"]
        assert any(name.endswith(path) for name in differing), differing


def test_running_cost_counts_no_time_that_has_not_passed(
    provider: Any, customer: Any, press: Asset
) -> None:
    send(provider, press, "running", ("2026-11-01T20:00:00Z", "1"))
    contract = signed(provider, customer, [item(press, "running", "hours", RUN_HOURS)], "h")
    send(provider, press, "running", ("2026-11-02T08:00:00Z", "1"))
    with company_context(provider):
        run_waiting_jobs(now=NOW)
        cost = running_cost([contract], NOW)[contract.pk]
    assert cost.rated is not None
    # From 20:00 to 09:00 now: 13 hours.
    assert cost.rated.totals.net_minor == 5200


def test_a_line_over_the_end_waits_for_the_reading_after_it(
    provider: Any, customer: Any, press: Asset, tmp_path: Path
) -> None:
    """In the state at 20:00 UTC of the last day, good for an hour; October ends at 23:00."""
    measure = LevelMeasure("time_in", "1", 3600, Decimal(1), Decimal("0.01"), "straight_line")
    send(provider, press, "running", ("2026-10-31T20:00:00Z", "1"))
    signed(provider, customer, [item(press, "running", "hours", measure)], "h")
    (invoice,) = october(provider)
    assert invoice.net_minor == 400
    with company_context(provider):
        assert UsageRecord.objects.get().figures["measure"]["awaits"] is True
    assert verify(tmp_path, provider, invoice)[0] == 0
    later = NOW + timedelta(days=1)
    send(provider, press, "running", ("2026-11-01T03:00:00Z", "0"), now=later)
    with company_context(provider):
        run_waiting_jobs(now=later)
        record = UsageRecord.objects.get(generation=2)
        # The half of 20:00 to 03:00 that is next to the reading in the state: until 23:30.
        assert record.figures["measure"]["until"] == "2026-11-01T03:00:00Z"
        assert (record.quantity, record.is_estimated) == (3, True)
        drafts = list(Invoice.objects.exclude(state="issued").values_list("id", flat=True))
        approve_invoices(invoices=drafts, now=later, approved_by="test")
        (more,) = issue_invoices(invoices=drafts, now=later, issued_by="test")
        run_waiting_jobs(now=later)
    assert more.net_minor == 800
    assert verify(tmp_path, provider, more)[0] == 0


def test_nothing_known_of_a_value_parks_the_contract(
    provider: Any, customer: Any, press: Asset
) -> None:
    send(provider, press, "power", ("2026-09-01T00:00:00Z", "7"))
    signed(provider, customer, [item(press, "power", "demand", DEMAND)], "kW")
    bill(provider)
    with company_context(provider):
        (case,) = RunItem.objects.all()
        assert case.reason == "no_value"


@pytest.mark.parametrize(
    ("channel", "measure", "words"),
    [
        ("running", None, "say what is billed"),
        ("cycles", DEMAND, "cannot be billed of the channel cycles"),
        ("running", DEMAND, "cannot be billed of the channel running"),
        ("power", RUN_HOURS, "cannot be billed of the channel power"),
        ("power", LevelMeasure("maximum", "W", 60), "its level is in W"),
    ],
)
def test_what_does_not_suit_the_channel_is_refused(
    provider: Any, customer: Any, press: Asset, channel: str, measure: Any, words: str
) -> None:
    with pytest.raises(ValidationError, match=words):
        signed(provider, customer, [ItemFacts(press.pk, channel, "m", measure=measure)], "kW")


def test_windows_of_the_week_are_for_counters_and_amounts(
    provider: Any, customer: Any, press: Asset
) -> None:
    charge = {
        "model": "time_of_use", "code": "hours", "title": "Hours", "meter": "hours", "unit": "h",
        "windows": [
            {"code": "day", "title": "Day", "unit_price": "4", "hours": [WORK]},
            {"code": "night", "title": "Night", "unit_price": "2"},
        ],
    }  # fmt: skip
    plan = {"name": "By use", "currency": "EUR", "charges": [charge]}
    terms = ContractFacts(customer_id=customer.pk, title="Air", starts_on=date(2026, 10, 1))
    items = [item(press, "running", "hours", RUN_HOURS)]
    with company_context(provider), pytest.raises(ValidationError, match="windows of the week"):
        draft_contract(facts=terms, items=items, plan=plan, now=NOW)
