"""Declared readings and the meter of record where neither provider nor customer collects."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from apps.assets.models import Asset
from apps.billing.models import Invoice, RunItem
from apps.events.operations import run_waiting_jobs
from apps.metering.domain.figures import UsageFigures
from apps.metering.models import DeclaredAnswer, DeclaredReading, UsageRecord
from apps.metering.operations import declare_reading, pass_on_readings, take_reading
from apps.metering.queries.declared import Declarable, declarable_item, declarable_items
from apps.telemetry.models import Channel
from apps.telemetry.operations import recompute_dirty
from apps.tenancy.context import company_context
from tests.integration.billing.conftest import bill, issue_all
from tests.integration.billing.scene import NOW, make_asset, make_contract, send

SEPTEMBER, OCTOBER = date(2026, 9, 30), date(2026, 10, 31)
ONLY: dict[str, object] = {
    "sources": ["declared"], "silent_after": 24, "deviation": None, "expired": "mark"
}  # fmt: skip
LAST: dict[str, object] = {**ONLY, "sources": ["device", "declared"]}


@pytest.fixture(autouse=True)
def own_files(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"


@pytest.fixture
def maker(cast: dict[str, Any]) -> Any:
    return cast["maker"]


@pytest.fixture
def press(maker: Any, provider: Any, customer: Any) -> Asset:
    return make_asset(maker, parties=[provider.pk, customer.pk], provider=provider)


def settle(*companies: Any) -> None:
    """All that waits in each, twice, and the roll-ups."""
    for company in (*companies, *companies):
        with company_context(company):
            run_waiting_jobs(now=NOW)
            recompute_dirty(now=NOW)
            run_waiting_jobs(now=NOW)


def say(contract: Any, day: date, value: str, reason: str = "") -> DeclaredReading:
    with company_context(contract.customer):
        place = shown(contract)
        return declare_reading(
            place=place, read_on=day, value=Decimal(value), reason=reason, now=NOW, actor="Carl"
        )


def shown(contract: Any) -> Declarable:
    [item] = contract.items.all()
    place = declarable_item(item.pk, NOW)
    assert place is not None
    return place


def test_the_customers_word_goes_over_the_provider_to_who_collects_and_is_billed_and_corrected(
    maker: Any, provider: Any, customer: Any, press: Asset
) -> None:
    contract = make_contract(provider, customer, [press], meter_terms=ONLY)
    say(contract, SEPTEMBER, "1000")
    say(contract, OCTOBER, "1055")
    with company_context(customer):
        assert [told.answer for told in shown(contract).history] == [None, None]
    settle(provider, maker)
    with company_context(maker):
        assert Channel.objects.get(code="cycles-declared").days.count() == 2
        assert not DeclaredReading.objects.exists()
    with company_context(customer):
        answers = [told.answer for told in shown(contract).history]
        assert [(one.state, one.author_id) for one in answers if one] == [("counts", maker.pk)] * 2
    with company_context(provider):
        [place] = declarable_items(NOW)
        assert not any(told.is_collected_here for told in place.history)
    bill(provider)
    settle(maker, provider)
    (invoice,) = issue_all(provider)
    assert invoice.net_minor == 10369
    say(contract, OCTOBER, "1045", "misread")
    settle(provider, maker, provider)
    with company_context(provider):
        credit = Invoice.objects.exclude(pk=invoice.pk).get()
        # 55 and 45 cycles at 0.067 are 3.69 and 3.02.
        assert (credit.kind, credit.net_minor, credit.corrects_id) == ("credit", 67, invoice.pk)


def test_what_is_not_declared_parks_the_provider_and_says_who_must_act(
    maker: Any, provider: Any, customer: Any, press: Asset
) -> None:
    contract = make_contract(provider, customer, [press], meter_terms=ONLY)
    say(contract, SEPTEMBER, "1000")
    settle(provider, maker)
    run = bill(provider)
    settle(maker, provider)
    with company_context(provider):
        item = RunItem.objects.get(run=run)
        assert (item.state, item.reason) == ("parked", "declaration_missing")
    say(contract, OCTOBER, "1055")
    settle(provider, maker)
    run = bill(provider)
    settle(maker, provider)
    with company_context(provider):
        assert RunItem.objects.filter(run=run).latest("pk").net_minor == 10369


def test_a_silent_device_of_the_collector_is_followed_by_the_customers_word(
    maker: Any, provider: Any, customer: Any, press: Asset
) -> None:
    send(maker, press, ("2026-09-30T20:00:00Z", "1000"), ("2026-10-10T10:00:00Z", "1020"))
    contract = make_contract(provider, customer, [press], meter_terms=LAST)
    say(contract, OCTOBER, "1010")
    settle(provider, maker)
    with company_context(customer):
        [told] = shown(contract).doubted
        assert told.answer is not None
        assert (told.answer.reason, told.answer.params["previous"]) == ("falling", "1020")
    say(contract, OCTOBER, "1055", "misread")
    settle(provider, maker)
    with company_context(customer):
        assert shown(contract).doubted == []
    bill(provider)
    settle(maker, provider)
    with company_context(provider):
        record = UsageRecord.objects.get()
        assert (record.quantity, record.author_id) == (55, maker.pk)
        parts = UsageFigures.from_dict(record.figures).of_record
        assert parts is not None
        assert [(part.source, part.quantity) for part in parts.parts] == [
            ("device", 20),
            ("declared", 35),
        ]


def test_where_the_passport_does_not_name_the_provider_the_customer_hears_why(
    maker: Any, provider: Any, customer: Any, press: Asset
) -> None:
    contract = make_contract(provider, customer, [press], meter_terms=ONLY)
    with company_context(maker):
        Asset.objects.filter(pk=press.pk).update(provider=None)
    say(contract, SEPTEMBER, "1000")
    settle(provider, maker)
    with company_context(maker):
        assert not Channel.objects.filter(code="cycles-declared").exists()
    with company_context(customer):
        [told] = shown(contract).doubted
        assert told.answer is not None
        assert (told.answer.state, told.answer.reason) == ("refused", "not_collected")
        assert "takes no declared readings" in told.why
        assert SEPTEMBER in shown(contract).missing


def test_nobody_else_hands_on_what_a_customer_said(
    maker: Any, provider: Any, customer: Any, press: Asset, cast: dict[str, Any]
) -> None:
    contract = make_contract(provider, customer, [press], meter_terms=ONLY)
    row = say(contract, SEPTEMBER, "1000")
    stranger = cast["stranger"]
    with company_context(stranger):
        assert pass_on_readings(reading_ids=[row.pk], said_by=customer.pk, now=NOW) == 0
    payload = {"item": str(row.item_id), "value": "1", "read_at": row.read_at.isoformat(),
               "generation": 0, "reason": "", "said_by": "x"}  # fmt: skip
    with company_context(maker):
        assert take_reading(payload=payload, passed_on_by=stranger.pk, now=NOW) == "refused"
        assert not DeclaredAnswer.objects.exists()
        assert not Channel.objects.filter(code="cycles-declared").exists()
