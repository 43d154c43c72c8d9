"""Reminders: dry shows what is asked for, for real it is asked once, and never for what is disputed."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.billing.models import Invoice, Receivable, Reminder
from apps.billing.operations import hold_back, send_reminders
from apps.billing.queries.reminding import reminders_due
from apps.tenancy.context import company_context
from tests.integration.billing.test_disputes import dispute
from tests.integration.billing.test_pages import page
from tests.integration.billing.test_receivables import findings, pay


@pytest.fixture(autouse=True)
def own_files(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"


DUE = date(2026, 11, 16)


def at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 9, tzinfo=UTC)


def remind(company: Any, day: date) -> list[Reminder]:
    with company_context(company):
        keys = [item.receivable.id for item in reminders_due(day)]
        return send_reminders(receivables=keys, now=at(day), person="finance")


def asked(reminders: list[Reminder]) -> list[tuple[int, int, int, int]]:
    """Level, open, fees and interest."""
    return [
        (item.level, item.asked_minor, item.fees_minor, item.interest_minor) for item in reminders
    ]


def test_nothing_is_asked_before_its_day(provider: Any, issued: Invoice) -> None:
    assert remind(provider, DUE + timedelta(days=2)) == []
    with company_context(provider):
        assert reminders_due(DUE) == []


def test_three_levels_once_each(provider: Any, customer: Any, issued: Invoice) -> None:
    first = remind(provider, DUE + timedelta(days=3))
    # Two days of interest at 1.27 + 9 percent on 123.39: 0.07.
    assert asked(first) == [(1, 12_339, 0, 7)]
    assert remind(provider, DUE + timedelta(days=3)) == []
    # The second with the lump sum of 40.00; 13 days: 123.39 × 10.27 % × 13 ÷ 365 = 0.451.
    assert asked(remind(provider, DUE + timedelta(days=14))) == [(2, 12_339, 4_000, 45)]
    assert asked(remind(provider, DUE + timedelta(days=28))) == [(3, 12_339, 4_000, 94)]
    assert remind(provider, DUE + timedelta(days=365)) == []
    with company_context(customer):
        assert sorted(item.level for item in Reminder.objects.all()) == [1, 2, 3]
    with company_context(provider):
        assert Receivable.objects.get(id=issued.id).level == 3
        with pytest.raises(Exception, match="permission denied"), transaction.atomic():
            Reminder.objects.all().update(fee_minor=1)
        with pytest.raises(IntegrityError), transaction.atomic():
            again = Reminder.objects.get(level=1)
            again.id = issued.id
            again.save(force_insert=True)


def test_a_payment_stops_it_and_a_part_lowers_it(provider: Any, issued: Invoice) -> None:
    day = DUE + timedelta(days=3)
    with company_context(provider):
        keys = [item.receivable.id for item in reminders_due(day)]
    # Paid between the look at the list and the button.
    pay(provider, issued, 12_339, received_on=day)
    with company_context(provider):
        assert send_reminders(receivables=keys, now=at(day), person="finance") == []
        assert Receivable.objects.get(id=issued.id).level == 0


def test_interest_ends_with_the_day_on_the_statement(provider: Any, issued: Invoice) -> None:
    pay(provider, issued, 12_000, received_on=DUE)
    # 2 days on 3.39: nothing that rounds to a cent.
    assert asked(remind(provider, DUE + timedelta(days=3))) == [(1, 339, 0, 0)]
    assert findings() == []


def test_a_disputed_line_alone_is_not_asked_for(
    provider: Any, customer: Any, issued: Invoice
) -> None:
    dispute(customer, issued, "base", 10_000)
    with company_context(provider):
        hold_back(receivable_ids=[issued.id], now=at(DUE))
    found = remind(provider, DUE + timedelta(days=20))
    assert asked(found) == [(1, 439, 0, 2)]
    assert found[0].disputed_minor == 11_900


def test_a_document_that_is_disputed_as_a_whole_is_left_alone(
    provider: Any, customer: Any, issued: Invoice
) -> None:
    for charge, net in (("base", 10_000), ("cycles", 369)):
        dispute(customer, issued, charge, net)
    with company_context(provider):
        hold_back(receivable_ids=[issued.id], now=at(DUE))
        assert Receivable.objects.get(id=issued.id).disputed_minor == 12_339
    assert remind(provider, DUE + timedelta(days=20)) == []


def test_the_pages_try_send_and_show(
    provider: Any, customer: Any, client_of: Callable[..., Client], issued: Invoice
) -> None:
    finance, buyer = client_of(provider, "finance"), client_of(customer, "finance")
    with company_context(provider):
        Receivable.objects.filter(id=issued.id).update(due_on="2026-01-01")
        public_id = Receivable.objects.get(id=issued.id).public_id
    address = page("reminder_run")
    finance.get(address)
    with CaptureQueriesContext(connection) as queries:
        assert "123.39" in finance.get(address).content.decode()
    assert len(queries) <= 12
    with company_context(provider):
        assert not Reminder.objects.exists()
    assert buyer.post(address, {"receivable": public_id}).status_code == 302
    for ticked in ([], ["rcv_nonsense"], [public_id], [public_id]):
        assert finance.post(address, {"receivable": ticked}).status_code == 302
    with company_context(customer):
        reminder = Reminder.objects.get()
    for client in (finance, buyer):
        letter = client.get(page("reminder_detail", reminder.public_id))
        assert letter.status_code == 200
        assert "It may have escaped you." in letter.content.decode()
        shown = client.get(page("invoice_owed", issued.public_id)).content.decode()
        assert page("reminder_detail", reminder.public_id) in shown
    assert client_of(customer, "viewer").get(address).status_code == 403
