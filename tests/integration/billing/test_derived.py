"""Derived channels up to the invoice: run hours and starts from a current, kilometres from positions."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from apps.assets.domain.facts import AssetFacts, ChannelFacts
from apps.assets.models import Asset
from apps.assets.operations import change_asset_type, register_asset_type, register_assets
from apps.billing.models import Invoice, InvoiceLine, SigningKey
from apps.billing.operations import approve_invoices, export_evidence, issue_invoices
from apps.billing.queries.verifying import verified
from apps.contracts.models import Contract
from apps.events.operations import run_waiting_jobs
from apps.metering.models import UsageRecord
from apps.metering.queries.readings import readings_of
from apps.telemetry.models import Channel
from apps.telemetry.operations import RawItem, recompute_dirty, take_in
from apps.telemetry.queries import readings_between
from apps.telemetry.queries.replaced import replaced_readings
from apps.tenancy.context import company_context
from tests.integration.billing.conftest import bill, issue_all
from tests.integration.billing.scene import NOW, make_contract

LATER = NOW + timedelta(days=1)
START = datetime(2026, 10, 20, 10, tzinfo=UTC)
CHANNELS = [
    ChannelFacts("current", "Current", "gauge", "A"),
    ChannelFacts("latitude", "Latitude", "gauge", "deg"),
    ChannelFacts("longitude", "Longitude", "gauge", "deg"),
    ChannelFacts("hours", "Run hours", "delta", "h", formula="time_above(current, 1)"),
    ChannelFacts("starts", "Starts", "delta", "{start}", formula="edges(current, 1)"),
    ChannelFacts("way", "Way", "delta", "km", formula="distance(latitude, longitude)",
                 formula_step=Decimal("0.001")),
]  # fmt: skip
METERS = [("hours", "h", "12"), ("starts", "{start}", "0.5"), ("way", "km", "0.4")]


@pytest.fixture(autouse=True)
def own_files(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"


@pytest.fixture
def compressor(provider: Any) -> Asset:
    with company_context(provider):
        kind = register_asset_type(name="Mobile compressor", channels=CHANNELS, now=NOW)
        register_assets(assets=[AssetFacts(kind.pk, "Compressor 1", "C-1")], now=NOW)
        run_waiting_jobs(now=NOW)
        return Asset.objects.get(serial="C-1")


def send(company: Any, asset: Asset, code: str, *rows: tuple[float, str], now: datetime) -> None:
    """Readings (minutes after 10:00 of 20 October, value), with all that follows."""
    items = [
        RawItem(n, asset.public_id, code, (START + timedelta(minutes=minute)).isoformat(), value)
        for n, (minute, value) in enumerate(rows)
    ]
    with company_context(company):
        outcomes = take_in(items=items, source="test", now=now)
        assert {item.status for item in outcomes} == {"accepted"}, outcomes
        recompute_dirty(now=now)
        run_waiting_jobs(now=now)


def contract_over(provider: Any, customer: Any, asset: Asset) -> Contract:
    charges = [
        {"model": "per_unit", "code": meter, "title": meter, "meter": meter, "unit": unit,
         "unit_price": price}
        for meter, unit, price in METERS
    ]  # fmt: skip
    meters = [(meter, unit) for meter, unit, _ in METERS]
    return make_contract(provider, customer, [asset], charges=charges, meters=meters)


@pytest.fixture
def october(provider: Any, customer: Any, compressor: Asset) -> Contract:
    """From 10:10 to 12:20 it runs: 2 h 10 min, one start; and it is driven a tenth of a degree."""
    contract = contract_over(provider, customer, compressor)
    running = [(minute, "5") for minute in range(10, 140, 10)]
    send(provider, compressor, "current", (0, "0"), *running, (140, "0"), now=NOW)
    send(provider, compressor, "latitude", (200, "48"), (210, "48.1"), now=NOW)
    send(provider, compressor, "longitude", (200, "11"), (210, "11"), now=NOW)
    bill(provider)
    issue_all(provider)
    return contract


def lines(company: Any, kind: str) -> list[tuple[str, Decimal, int]]:
    with company_context(company):
        rows = InvoiceLine.objects.filter(invoice__kind=kind).order_by("position")
        return [(row.charge, row.quantity.normalize(), row.net_minor) for row in rows]


def test_hours_starts_and_kilometres_are_invoiced(
    provider: Any, compressor: Asset, october: Contract
) -> None:
    assert lines(provider, "invoice") == [
        ("hours", Decimal("2.1667"), 2600), ("starts", 1, 50), ("way", Decimal("11.119"), 445),
    ]  # fmt: skip
    with company_context(provider):
        record = UsageRecord.objects.get(meter="hours")
        assert record.figures["derived"] == [
            {"text": "time_above(current, 1)", "inputs": ["current"], "step": "0.0001",
             "hold": 900, "since": None}
        ]  # fmt: skip
        facts = proved(Invoice.objects.get())
    assert [row["text"] for row in facts["derived"]] == [
        "time_above(current, 1)", "edges(current, 1)", "distance(latitude, longitude)",
    ]  # fmt: skip


def proved(invoice: Invoice) -> dict[str, Any]:
    """What the verifier says of the invoice's evidence."""
    content = export_evidence(invoice=invoice, now=LATER, reader="test")
    key = SigningKey.objects.get().public_key
    result = verified(content, key, "en")
    assert result.verified, result.findings
    return dict(result.summary)


def test_a_late_reading_of_an_input_corrects_what_was_invoiced(
    provider: Any, compressor: Asset, october: Contract
) -> None:
    # For five minutes it stood still, and so it started once more.
    send(provider, compressor, "current", (65, "0.2"), now=LATER)
    assert lines(provider, "credit") == [("hours", Decimal("0.0834"), 100)]
    assert lines(provider, "addition") == [("starts", 1, 50)]
    with company_context(provider):
        drafts = list(Invoice.objects.exclude(state="issued").values_list("id", flat=True))
        approve_invoices(invoices=drafts, now=LATER, approved_by="test")
        for invoice in issue_invoices(invoices=drafts, now=LATER, issued_by="test"):
            proved(invoice)


def test_what_was_billed_from_is_kept_and_shown_as_it_stood(
    provider: Any, compressor: Asset, october: Contract, client_of: Any
) -> None:
    with company_context(provider):
        first = UsageRecord.objects.get(meter="hours")
    send(provider, compressor, "current", (65, "0.2"), now=LATER)
    with company_context(provider):
        newer = UsageRecord.objects.get(replaces=first)
        was, now = (readings_of(row, reader="test", now=LATER) for row in (first, newer))
        assert sum(item.value for item in was) == first.quantity == Decimal("2.1667")
        assert sum(item.value for item in now) == newer.quantity == Decimal("2.0833")
        channel = Channel.objects.get(asset_id=compressor.pk, code="hours")
        kept = replaced_readings(channel, START, START + timedelta(days=1))
        assert {(row.stood_from, row.stood_until) for row in kept} == {(NOW, LATER)}
        changed = {item.measured_at for item in set(was) - set(now)}
        assert {row.measured_at for row in kept} == changed
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("delete from telemetry_replaced")
    client = client_of(provider)
    page = f"/assets/{compressor.public_id}/channels/hours/?from=2026-10-20&to=2026-10-21"
    assert "Stood from" in client.get(page).text
    assert "Stood from" not in client.get(page.replace("hours", "current")).text


def test_a_changed_formula_leaves_billed_days_alone(
    provider: Any, compressor: Asset, october: Contract
) -> None:
    with company_context(provider):
        channel = Channel.objects.get(asset_id=compressor.pk, code="hours")
        before = readings_between(channel, START, START + timedelta(days=1))
        changed = [
            ChannelFacts("hours", "Run hours", "delta", "h", formula="time_above(current, 8)")
            if facts.code == "hours" else facts
            for facts in CHANNELS
        ]  # fmt: skip
        kind = compressor.asset_type
        change_asset_type(asset_type=kind, name=kind.name, channels=changed, now=LATER)
        run_waiting_jobs(now=LATER)
        recompute_dirty(now=LATER)
        assert readings_between(channel, START, START + timedelta(days=1)) == before
        channel.refresh_from_db()
        assert [item.since for item in channel.derivations] == [None, date(2026, 11, 4)]
    assert lines(provider, "credit") == lines(provider, "addition") == []
