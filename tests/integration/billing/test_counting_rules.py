"""Counters and amounts under rules of their contract, from signature to a verified invoice."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from apps.assets.models import Asset, AssetType, DataGrant, TypeChannel
from apps.billing.invariants import COMPANY_CHECKS, SHARED_CHECKS
from apps.billing.models import EvidenceFile, Invoice
from apps.billing.operations import approve_invoices, export_evidence, issue_invoices
from apps.contracts.domain.facts import ItemFacts
from apps.contracts.operations import end_contract
from apps.events.models import Job
from apps.events.operations import run_waiting_jobs
from apps.metering.models import ProvisionalUsage, UsageRecord
from apps.metering.operations import refresh_provisional
from apps.telemetry.domain.conditions import CountCondition
from apps.telemetry.domain.counting import CountRules
from apps.telemetry.operations import sync_channels
from apps.tenancy.context import as_platform, company_context, no_company
from tests.integration.billing.scene import NOW
from tests.integration.billing.test_gauges_and_states import (
    PRICES,
    october,
    page,
    send,
    signed,
    verify,
    verify_text,
)

LATER = NOW + timedelta(days=1)
HOURS = 3600
CHANNELS = [
    ("hours", "counter", "h"),
    ("air", "delta", "m3"),
    ("state", "state", "1"),
    ("pressure", "gauge", "bar"),
]
LOADED = CountCondition("state", "", "is_one_of", (Decimal(2),), 31 * 86_400)
PRESSED = CountCondition("pressure", "", "at_least", (Decimal(6),), HOURS)


@pytest.fixture(autouse=True)
def own_files(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"


@pytest.fixture(autouse=True)
def prices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PRICES, "m3", "0.02")


@pytest.fixture
def compressor(provider: Any) -> Asset:
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


def under(asset: Asset, channel: str, *conditions: CountCondition, **rules: Any) -> ItemFacts:
    return ItemFacts(asset.pk, channel, channel, counting=CountRules(conditions, **rules))


def record(provider: Any, generation: int = 1) -> UsageRecord:
    with company_context(provider):
        found: UsageRecord = UsageRecord.objects.get(generation=generation)
    return found


def test_only_hours_under_load_are_billed_and_proved(
    provider: Any, customer: Any, compressor: Asset, tmp_path: Path, client_of: Any
) -> None:
    send(
        provider, compressor, "hours",
        ("2026-09-30T20:00:00Z", "1000"), ("2026-10-05T10:00:00Z", "1040"),
        ("2026-10-05T20:00:00Z", "1050"), ("2026-10-06T20:00:00Z", "1060"),
    )  # fmt: skip
    send(
        provider, compressor, "state",
        ("2026-10-05T10:00:00Z", "2"), ("2026-10-05T15:00:00Z", "1"),
        ("2026-10-06T14:00:00Z", "2"),
    )  # fmt: skip
    signed(provider, customer, [under(compressor, "hours", LOADED)], "h")
    (invoice,) = october(provider)
    with company_context(customer):
        (grant,) = DataGrant.objects.filter(grantee=customer)
    assert grant.channels == ["hours", "state"]
    # 40 before the state is known; 5 of 10 in the first ten hours; 6 of 24 hours of the next 10.
    assert invoice.net_minor == 3000
    row = record(provider)
    assert row.quantity == Decimal("7.5")
    assert row.figures["counting"]["gross"] == "60"
    assert row.figures["counting"]["unknown"] == "40"
    code, answer = verify(tmp_path, provider, invoice)
    assert (code, answer["result"]) == (0, "verified"), answer
    assert answer["invoice"]["readings"] == 4 + 3
    shown = client_of(customer).get(page("usage_record", row.public_id)).content.decode()
    assert "counts only while state is 2" in shown
    assert "60\u00a0h" in shown


def correct(provider: Any) -> list[Invoice]:
    """The corrections that waited are issued; their documents, credit notes first."""
    with company_context(provider):
        run_waiting_jobs(now=LATER)
        drafts = list(Invoice.objects.exclude(state="issued").values_list("id", flat=True))
        approve_invoices(invoices=drafts, now=LATER, approved_by="test")
        issued = issue_invoices(invoices=drafts, now=LATER, issued_by="test")
        run_waiting_jobs(now=LATER)
    return issued


def test_a_late_reading_of_the_condition_alone_corrects_the_invoice(
    provider: Any, customer: Any, compressor: Asset, tmp_path: Path
) -> None:
    send(
        provider, compressor, "hours",
        ("2026-10-05T10:00:00Z", "1000"), ("2026-10-05T20:00:00Z", "1010"),
    )  # fmt: skip
    send(provider, compressor, "state", ("2026-10-05T09:00:00Z", "2"))
    signed(provider, customer, [under(compressor, "hours", LOADED)], "h")
    (invoice,) = october(provider)
    assert invoice.net_minor == 4000
    send(provider, compressor, "state", ("2026-10-05T18:00:00Z", "1"), now=LATER)
    (credit,) = correct(provider)
    assert (credit.kind, credit.net_minor) == ("credit", 800)
    assert record(provider, 2).quantity == 8
    code, answer = verify(tmp_path, provider, credit)
    assert (code, answer["result"]) == (0, "verified"), answer


def test_air_counts_only_at_pressure_and_each_change_is_found(
    provider: Any, customer: Any, compressor: Asset, tmp_path: Path
) -> None:
    for hour, amount, bar in ((8, "100", "7.2"), (9, "200", "6"), (10, "400", "5.9")):
        at = f"2026-10-05T{hour:02}:00:00Z"
        send(provider, compressor, "air", (at, amount))
        send(provider, compressor, "pressure", (at, bar))
    # Two hours after the last pressure nothing is known of it.
    send(provider, compressor, "air", ("2026-10-05T12:00:00Z", "800"))
    signed(provider, customer, [under(compressor, "air", PRESSED)], "m3")
    (invoice,) = october(provider)
    row = record(provider)
    assert (invoice.net_minor, row.quantity) == (600, 300)
    counting = row.figures["counting"]
    assert (counting["gross"], counting["unknown"]) == ("1500", "800")
    assert verify(tmp_path, provider, invoice)[0] == 0
    with company_context(provider):
        content = export_evidence(invoice=invoice, now=NOW, reader="test")
        key = EvidenceFile.objects.get(invoice=invoice).public_key
    lie = content.replace(b'"5.9"', b'"6.9"')
    assert verify_text(tmp_path, lie, key)[0] == 1


def test_a_gap_over_the_end_is_estimated_marked_and_trued_up(
    provider: Any, customer: Any, compressor: Asset, tmp_path: Path, client_of: Any
) -> None:
    """The week before used 24 h; the silence begins at 22 October, 23:00 UTC."""
    hours = [(f"2026-10-{day:02}T23:00:00Z", str(1000 + 4 * day)) for day in range(10, 25)]
    send(provider, compressor, "hours", ("2026-09-30T22:00:00Z", "1000"), *hours)
    item = under(compressor, "hours", estimate="last_week", silence=26 * HOURS)
    signed(provider, customer, [item], "h")
    (invoice,) = october(provider)
    # 1,096 on the 24th; from the 17th to the 24th, 23:00 the counter rose by 28.
    row = record(provider)
    assert (row.quantity, row.is_estimated) == (96 + 28, True)
    assert row.figures["counting"]["estimates"] == [
        {"start": "2026-10-24T23:00:00Z", "end": "2026-10-31T23:00:00Z", "quantity": "28"}
    ]
    assert verify(tmp_path, provider, invoice)[0] == 0
    sheet = client_of(customer).get(page("invoice_detail", invoice.public_id)).content.decode()
    assert "contains an estimate" in sheet
    shown = client_of(customer).get(page("usage_record", row.public_id)).content.decode()
    assert "No reading after the period is known yet" in shown
    # The first reading of November says that it stood still for most of the time.
    send(provider, compressor, "hours", ("2026-11-02T11:00:00Z", "1100"), now=LATER)
    (credit,) = correct(provider)
    assert (credit.kind, credit.net_minor) == ("credit", 2400 * 4)
    assert record(provider, 2).quantity == 100
    assert verify(tmp_path, provider, credit)[0] == 0


def test_a_straight_line_over_the_end_is_billed_once_both_readings_are_there(
    provider: Any, customer: Any, compressor: Asset, tmp_path: Path
) -> None:
    send(
        provider, compressor, "hours",
        ("2026-09-30T22:00:00Z", "1000"), ("2026-10-31T13:00:00Z", "1010"),
        ("2026-11-01T09:00:00Z", "1030"),
    )  # fmt: skip
    item = under(compressor, "hours", estimate="straight_line", silence=HOURS)
    signed(provider, customer, [item], "h")
    (invoice,) = october(provider)
    # Ten of the twenty hours lie in October; local midnight is 23:00 UTC.
    assert record(provider).quantity == 20
    assert verify(tmp_path, provider, invoice)[0] == 0


def test_what_comes_after_the_reading_that_closed_a_gap_changes_nothing(
    provider: Any, customer: Any, compressor: Asset
) -> None:
    """The record that waited for it is not the newest any more."""
    send(
        provider, compressor, "hours",
        ("2026-09-30T22:00:00Z", "1000"), ("2026-10-31T13:00:00Z", "1010"),
    )  # fmt: skip
    item = under(compressor, "hours", estimate="straight_line", silence=HOURS)
    signed(provider, customer, [item], "h")
    october(provider)
    send(provider, compressor, "hours", ("2026-11-01T09:00:00Z", "1030"), now=LATER)
    (addition,) = correct(provider)
    assert (addition.kind, record(provider, 2).quantity) == ("addition", 20)
    send(provider, compressor, "hours", ("2026-11-02T10:00:00Z", "1040"), now=LATER)
    with company_context(provider):
        run_waiting_jobs(now=LATER)
        assert not Job.objects.exclude(error="").exists()
        assert UsageRecord.objects.count() == 2


def test_an_end_that_moves_before_the_next_reading_leaves_a_gap_unknown(
    provider: Any, customer: Any, compressor: Asset
) -> None:
    """What is read after the contract's end is not its usage: the line over the end of October goes."""
    send(
        provider, compressor, "hours",
        ("2026-09-30T22:00:00Z", "1000"), ("2026-10-31T13:00:00Z", "1010"),
        ("2026-11-02T08:00:00Z", "1053"),
    )  # fmt: skip
    item = under(compressor, "hours", estimate="straight_line", silence=HOURS)
    contract = signed(provider, customer, [item], "h")
    october(provider)
    assert record(provider).quantity == 20
    with company_context(provider):
        end_contract(contract=contract, ends_on=date(2026, 11, 2), now=NOW, actor="Anna")
        run_waiting_jobs(now=LATER)
    (credit,) = correct(provider)
    assert (credit.kind, record(provider, 2).quantity) == ("credit", 10)


def test_an_agreed_opening_value_bills_what_ran_before_the_first_reading(
    provider: Any, customer: Any, compressor: Asset, tmp_path: Path, client_of: Any
) -> None:
    send(
        provider, compressor, "hours",
        ("2026-10-03T08:00:00Z", "1012"), ("2026-10-20T08:00:00Z", "1030"),
    )  # fmt: skip
    signed(provider, customer, [under(compressor, "hours", opening=Decimal(1000))], "h")
    (invoice,) = october(provider)
    row = record(provider)
    assert (row.quantity, invoice.net_minor) == (30, 12000)
    assert row.figures["opening"] == {"measured_at": "2026-09-30T22:00:00Z", "value": "1000"}
    assert verify(tmp_path, provider, invoice)[0] == 0
    shown = client_of(customer).get(page("usage_record", row.public_id)).content.decode()
    assert "Opening value as agreed" in shown


def test_running_usage_is_that_of_the_record(
    provider: Any, customer: Any, compressor: Asset
) -> None:
    send(
        provider,
        compressor,
        "hours",
        ("2026-10-31T22:00:00Z", "10"),
        ("2026-11-02T08:00:00Z", "20"),
    )
    send(
        provider, compressor, "state", ("2026-10-31T00:00:00Z", "2"), ("2026-11-01T22:00:00Z", "0")
    )
    signed(provider, customer, [under(compressor, "hours", LOADED)], "h")
    with company_context(provider):
        refresh_provisional(now=NOW)
        row = ProvisionalUsage.objects.get()
    # 24 of 34 hours of the ten.
    assert row.quantity == Decimal("7.058823529412")


def test_the_invariants_hold(provider: Any, customer: Any, compressor: Asset) -> None:
    send(
        provider, compressor, "hours", ("2026-10-05T10:00:00Z", "0"), ("2026-10-05T20:00:00Z", "10")
    )
    send(provider, compressor, "state", ("2026-10-05T15:00:00Z", "2"))
    items = [under(compressor, "hours", LOADED, estimate="straight_line", silence=HOURS)]
    signed(provider, customer, items, "h")
    october(provider)
    with company_context(provider):
        assert [text for check in COMPANY_CHECKS for text in check.find(NOW)] == []
    with as_platform(), no_company():
        assert [text for check in SHARED_CHECKS for text in check.find(NOW)] == []


@pytest.mark.parametrize(
    ("channel", "rules", "words"),
    [
        ("hours", CountRules((replace(LOADED, channel="load"),)), "has no channel load"),
        (
            "hours",
            CountRules((replace(LOADED, channel="pressure"),)),
            "values are asked of a state",
        ),
        ("hours", CountRules((replace(PRESSED, channel="air"),)), "values are asked of a state"),
        ("hours", CountRules((PRESSED, PRESSED)), "each channel has one condition"),
        ("air", CountRules(opening=Decimal(5)), "only a counter has an opening value"),
    ],
)
def test_rules_that_do_not_suit_the_channel_are_refused(
    provider: Any, customer: Any, compressor: Asset, channel: str, rules: CountRules, words: str
) -> None:
    with pytest.raises(ValidationError, match=words):
        signed(provider, customer, [ItemFacts(compressor.pk, channel, "m", counting=rules)], "h")
