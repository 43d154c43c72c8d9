"""Declared readings: said by the customer, stored by who collects, billed, corrected."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction

from apps.billing.models import Invoice
from apps.billing.operations import approve_invoices, issue_invoices, start_run
from apps.contracts.forms.items import ItemForm
from apps.contracts.models import Contract
from apps.events.operations import run_waiting_jobs
from apps.metering.models import DeclaredAnswer, DeclaredReading, UsageRecord
from apps.metering.operations import NotMetered, declare_reading, meter_periods
from apps.metering.queries.declared import declarable_item, declarable_items, declarations_missing
from apps.telemetry.domain.sources import MeterTerms
from apps.telemetry.models import Channel, Declaration, Disbelief, RetentionEdge
from apps.telemetry.operations import judge_disbelief, recompute_dirty
from apps.tenancy.context import company_context
from tests.integration.metering.conftest import Works, instant
from tests.integration.metering.test_metering import metered
from tests.integration.metering.test_sources import agreed, hourly

NEW_YEAR, JANUARY, FEBRUARY = date(2025, 12, 31), date(2026, 1, 31), date(2026, 2, 28)
ONLY = MeterTerms(("declared",))
NOW_OF_STATE = datetime(2026, 4, 1, tzinfo=UTC)


def say(works: Works, contract: Contract, day: date, value: str, reason: str = "") -> Any:
    """The customer declares; all that follows is done."""
    with company_context(works.customer):
        [item] = contract.items.all()
        place = declarable_item(item.pk, works.now)
        assert place is not None
        row = declare_reading(
            place=place, read_on=day, value=Decimal(value), reason=reason, now=works.now,
            actor="Carl",
        )  # fmt: skip
    settle(works)
    return row


def settle(works: Works) -> None:
    run_waiting_jobs(now=works.now)
    recompute_dirty(now=works.now)
    run_waiting_jobs(now=works.now + timedelta(seconds=10))


def test_what_is_declared_is_billed_and_what_is_missing_parks(works: Works, month: Any) -> None:
    contract = agreed(works, ONLY)
    wanted = [(contract, month("2026-01"))]
    names = {"asset": "Compressor SN-1", "channel": "cycles"}
    answer = meter_periods(wanted=wanted, now=works.now)[contract.pk]
    assert answer == NotMetered("declaration_missing", {**names, "day": "2026-01-31"})
    say(works, contract, JANUARY, "1500")
    answer = meter_periods(wanted=wanted, now=works.now)[contract.pk]
    assert answer == NotMetered("declaration_missing", {**names, "day": "2025-12-31"})
    say(works, contract, NEW_YEAR, "1000")
    [january] = metered(works, contract, month("2026-01"))
    assert (january.quantity, january.channel_code) == (500, "cycles-declared")
    assert not Channel.objects.get(code="cycles").days.exists()


def test_a_corrected_declaration_replaces_what_was_said(works: Works, month: Any) -> None:
    contract = agreed(works, ONLY)
    say(works, contract, NEW_YEAR, "1000")
    first = say(works, contract, JANUARY, "1500")
    say(works, contract, FEBRUARY, "1900")
    january, february = metered(works, contract, month("2026-01"), month("2026-02"))
    assert (january.quantity, february.quantity) == (500, 400)
    second = say(works, contract, JANUARY, "1450", "misread")
    assert (second.replaces_id, second.generation) == (first.pk, 1)
    assert UsageRecord.objects.get(replaces=january).quantity == 450
    assert UsageRecord.objects.get(replaces=february).quantity == 450
    assert Declaration.objects.get().reason == "misread"
    third = say(works, contract, JANUARY, "1460", "misread again")
    assert third.generation == 2
    newest = UsageRecord.objects.filter(billed_period=january.billed_period).latest("generation")
    assert newest.quantity == 460
    with pytest.raises(DatabaseError), transaction.atomic():
        DeclaredReading.objects.filter(pk=first.pk).update(value=1)


@pytest.mark.parametrize(
    ("day", "value", "reason", "field"),
    [
        (date(2026, 2, 27), "1400", "", "value"), (date(2026, 1, 30), "1501", "", "value"),
        (FEBRUARY, "9000", "", "value"), (JANUARY, "1490", "", "reason"),
        (date(2099, 1, 31), "1600", "", "read_on"), (date(2025, 12, 30), "900", "", "read_on"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_and_nothing_is_stored(
    works: Works, day: date, value: str, reason: str, field: str
) -> None:
    contract = agreed(works, ONLY)
    say(works, contract, NEW_YEAR, "1000")
    again = say(works, contract, JANUARY, "1500")
    assert say(works, contract, JANUARY, "1500") == again
    with pytest.raises(ValidationError) as refused:
        say(works, contract, day, value, reason)
    assert list(refused.value.message_dict) == [field]
    assert DeclaredReading.objects.count() == 2


def state_of(contract: Contract, day: date) -> tuple[str, str]:
    """What became of the word in force on a day, and the reason's code."""
    with company_context(contract.customer):
        [item] = contract.items.all()
        place = declarable_item(item.pk, NOW_OF_STATE)
        assert place is not None
        told = next(one for one in place.history if one.day == day and not one.is_replaced)
    return ("", "") if told.answer is None else (told.answer.state, told.answer.reason)


def test_the_customer_is_told_what_became_of_it(
    works: Works, month: Any, client_of: Any, cast: dict[str, Any]
) -> None:
    Channel.objects.filter(code="cycles").update(max_rate_per_hour=1)
    contract = agreed(works, ONLY)
    say(works, contract, NEW_YEAR, "1000")
    say(works, contract, JANUARY, "1500")
    say(works, contract, FEBRUARY, "4500", "a large order")
    assert state_of(contract, JANUARY) == ("counts", "")
    assert state_of(contract, FEBRUARY) == ("not_believed", "too_fast")
    [january] = metered(works, contract, month("2026-01"))
    assert january.quantity == 500
    answer = meter_periods(wanted=[(contract, month("2026-02"))], now=works.now)[contract.pk]
    assert answer == NotMetered(
        "declaration_missing",
        {"asset": "Compressor SN-1", "channel": "cycles", "day": "2026-02-28"},
    )
    provider, customer = client_of(cast["provider"]), client_of(cast["customer"])
    page = customer.get("/usage/declared/").text
    assert "4,500\u00a0cycles – not believed" in page
    assert "A step of 3,000\u00a0cycles; at most" in page
    assert "declare this day once more, with a reason" in page
    assert "/data/not-believed/" not in page
    assert "/data/not-believed/" in provider.get("/usage/declared/").text
    with company_context(works.provider), pytest.raises(ValidationError, match="does not count"):
        say(works, contract, FEBRUARY, "4500", "I am sure")
    with company_context(works.provider):
        judge_disbelief(
            disbelief=Disbelief.objects.get(), believe=True, reason="seen", by="Anna", now=works.now
        )
        settle(works)
    assert state_of(contract, FEBRUARY) == ("counts", "")
    with company_context(works.provider):
        [february] = metered(works, contract, month("2026-02"))
        assert february.quantity == 3000
    assert "not believed" not in customer.get("/usage/declared/").text


def test_another_value_ends_the_doubt(works: Works, month: Any) -> None:
    Channel.objects.filter(code="cycles").update(max_rate_per_hour=1)
    contract = agreed(works, ONLY)
    for day, value in ((NEW_YEAR, "1000"), (JANUARY, "9000")):
        say(works, contract, day, value)
    assert state_of(contract, JANUARY) == ("not_believed", "too_fast")
    say(works, contract, JANUARY, "1400", "misread")
    assert state_of(contract, JANUARY) == ("counts", "")
    [january] = metered(works, contract, month("2026-01"))
    assert january.quantity == 400


def test_what_a_device_contradicts_is_not_believed(works: Works) -> None:
    works.send("cycles", *hourly("2026-01-01T00:00:00+01:00", 24 * 20, 1000, 2))
    contract = agreed(works, MeterTerms(("device", "declared")))
    say(works, contract, JANUARY, "1400")
    assert state_of(contract, JANUARY) == ("not_believed", "falling")
    say(works, contract, JANUARY, "2000", "misread")
    assert state_of(contract, JANUARY) == ("counts", "")


def test_what_cannot_be_stored_is_refused_with_its_reason(works: Works) -> None:
    contract = agreed(works, ONLY)
    RetentionEdge.objects.update_or_create(
        pk=1, defaults={"earliest": instant("2026-01-15T00:00Z")}
    )
    say(works, contract, NEW_YEAR, "1000")
    assert state_of(contract, NEW_YEAR) == ("refused", "before_retention")
    assert not Channel.objects.filter(code="cycles-declared", days__isnull=False).exists()
    with pytest.raises(DatabaseError), transaction.atomic():
        DeclaredAnswer.objects.update(reason="")


def test_a_silent_device_is_followed_by_what_is_declared(works: Works, month: Any) -> None:
    works.send("cycles", *hourly("2026-01-01T00:00:00+01:00", 24 * 20, 1000, 2))
    contract = agreed(works, MeterTerms(("device", "declared")))
    say(works, contract, JANUARY, "2488")
    [january] = metered(works, contract, month("2026-01"))
    assert january.quantity == 1488


def test_only_the_customer_declares_and_each_sees_what_is_missing(
    works: Works, client_of: Any, cast: dict[str, Any]
) -> None:
    contract = agreed(works, ONLY)
    [item] = contract.items.all()
    assert declarable_item(item.pk, works.now) is None
    assert declarations_missing(works.now) == 0
    [shown] = declarable_items(works.now)
    assert shown.missing[:2] == [NEW_YEAR, JANUARY]
    path = f"/usage/declared/{item.public_id}/readings/"
    typed = {f"{item.public_id}-read_on": "2026-01-31", f"{item.public_id}-value": "1500,5"}
    provider, customer = client_of(cast["provider"]), client_of(cast["customer"])
    assert provider.post(path, typed).status_code == 404
    assert client_of(cast["stranger"]).post(path, typed).status_code == 404
    assert "to declare" in customer.get("/usage/needs/").text
    bad = customer.post(path, {**typed, f"{item.public_id}-value": "x"})
    assert bad.status_code == 422
    assert 'value="x"' in bad.text
    assert customer.post(path, typed).status_code == 302
    for client in (provider, customer):
        page = client.get("/usage/declared/").text
        assert "1,500.5" in page
    assert path in page
    assert path not in provider.get("/usage/declared/").text


def test_a_declaration_corrected_after_issue_becomes_a_credit_note(works: Works) -> None:
    contract = agreed(works, ONLY)
    say(works, contract, NEW_YEAR, "1000")
    say(works, contract, JANUARY, "1500")
    start_run(label="2026-01", now=works.now, started_by="Anna")
    run_waiting_jobs(now=works.now)
    [draft] = Invoice.objects.all()
    approve_invoices(invoices=[draft], now=works.now, approved_by="Anna")
    issue_invoices(invoices=[draft], now=works.now, issued_by="Anna")
    run_waiting_jobs(now=works.now)
    say(works, contract, JANUARY, "1400", "misread")
    [credit] = Invoice.objects.exclude(pk=draft.pk)
    assert (credit.kind, credit.net_minor, credit.corrects_id) == ("credit", 670, draft.pk)


def test_the_contract_form_offers_it(works: Works) -> None:
    covered = f"{works.machine.asset.pk}:cycles"
    choices = [(covered, "Cycles")]
    for said, sources in (("only", ("declared",)), ("last", ("device", "declared"))):
        form = ItemForm({"covered": covered, "declares": said}, choices=choices)
        assert form.is_valid(), form.errors
        assert form.terms() == MeterTerms(sources)
    form = ItemForm({"covered": covered, "declares": "only", "stand_in": "gps"}, choices=choices)
    assert list(form.errors) == ["stand_in"]
