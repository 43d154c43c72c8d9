"""Reminders: dry shows what is asked for, for real it is asked once, and never for what is disputed."""

import io
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pypdf
import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.billing.models import DocumentFile, Invoice, Receivable, Reminder
from apps.billing.operations import (
    Applied,
    Incoming,
    allocate_payment,
    hold_back,
    send_reminders,
    take_payment_back,
)
from apps.billing.operations.documents.letters import page_of, store_letter
from apps.billing.queries.reminding import reminders_due
from apps.common.fields import uuid7
from apps.events.operations import run_waiting_jobs
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


def charges(company: Any) -> list[tuple[int, int, str]]:
    """What is owed for being late: total, open, state, in the order of the levels."""
    with company_context(company):
        rows = Receivable.objects.exclude(reminder=None).order_by("reminder__level")
        return [(row.gross_minor, row.open_minor, row.state) for row in rows]


def test_fee_and_interest_are_owed_as_receivables_of_their_own(
    provider: Any, customer: Any, issued: Invoice
) -> None:
    for days in (3, 14, 28):
        remind(provider, DUE + timedelta(days=days))
    # Interest 0.07, then up to 0.45 and the lump sum of 40.00, then up to 0.94.
    expected = [(7, 7, "open"), (4_038, 4_038, "open"), (49, 49, "open")]
    assert charges(provider) == charges(customer) == expected
    with company_context(provider):
        last = Reminder.objects.order_by("level").last()
        assert (last.earlier_minor, last.charge_minor, last.total_minor) == (4_045, 49, 16_433)
        assert [item.number for item in Reminder.objects.order_by("level")] == [
            "MA-2026-00001", "MA-2026-00002", "MA-2026-00003",
        ]  # fmt: skip
        # No interest on interest: the charges are never reminded of themselves.
        assert [item.receivable.id for item in reminders_due(DUE + timedelta(days=400))] == []
    assert findings() == []


def test_a_payment_settles_the_document_then_its_charges_and_the_rest_is_credit(
    provider: Any, issued: Invoice
) -> None:
    remind(provider, DUE + timedelta(days=3))
    second = remind(provider, DUE + timedelta(days=14))[0]
    pay(provider, issued, 12_339 + 7 + 1_000, received_on=DUE + timedelta(days=15))
    assert charges(provider) == [(7, 0, "paid"), (4_038, 3_038, "part_paid")]
    with company_context(provider):
        payment = Incoming(uuid7(), second.public_id, 3_500, "EUR", issued.customer_id)
        assert allocate_payment(payment=payment, now=at(DUE)) == Applied(3_038, 462)
        assert take_payment_back(
            payment_id=payment.payment_id, cause_id=uuid7(), amount_minor=3_500, now=at(DUE)
        ) == 3_038  # fmt: skip
    assert charges(provider) == [(7, 0, "paid"), (4_038, 3_038, "part_paid")]
    assert findings() == []


def test_what_came_in_earlier_than_thought_charges_nothing_below_zero(
    provider: Any, issued: Invoice
) -> None:
    remind(provider, DUE + timedelta(days=14))
    # Paid on the day it was due, heard of after the first reminder charged 0.45.
    pay(provider, issued, 12_000, received_on=DUE)
    found = remind(provider, DUE + timedelta(days=28))[0]
    assert (found.asked_minor, found.earlier_minor, found.charge_minor) == (339, 45, 4_000)
    assert findings() == []


def test_the_letter_is_a_pdf_in_the_customers_language(
    provider: Any, customer: Any, client_of: Callable[..., Client], issued: Invoice
) -> None:
    sent = remind(provider, DUE + timedelta(days=3))[0]
    with company_context(provider):
        run_waiting_jobs(now=at(DUE + timedelta(days=3)))
        stored = DocumentFile.objects.get(document_id=sent.id)
        assert store_letter(reminder_id=sent.id, now=at(DUE)) == stored
    assert stored.file_name == "MA-2026-00001.pdf"
    for client in (client_of(provider, "finance"), client_of(customer, "finance")):
        answer = client.get(page("reminder_letter", sent.public_id))
        assert answer.content[:5] == b"%PDF-"
    text = pypdf.PdfReader(io.BytesIO(answer.content)).pages[0].extract_text()
    assert "MA-2026-00001" in text
    assert "123,46" in text
    with company_context(provider):
        facts = {**issued.facts, "recipient": {**issued.facts["recipient"], "language": "de"}}
        sent.receivable.invoice.facts = facts
        assert "1. Mahnung zu RE-2026-00001" in page_of(sent)


def test_charges_are_paid_and_given_up_on_their_page(
    provider: Any, customer: Any, client_of: Callable[..., Client], issued: Invoice
) -> None:
    remind(provider, DUE + timedelta(days=3))
    sent = remind(provider, DUE + timedelta(days=14))[0]
    finance, buyer = client_of(provider, "finance"), client_of(customer, "finance")
    shown = finance.get(page("reminder_detail", sent.public_id)).content.decode()
    assert "40.38" in shown
    assert page("charge_write_off", sent.public_id) in shown
    theirs = buyer.get(page("reminder_detail", sent.public_id)).content.decode()
    assert page("charge_write_off", sent.public_id) not in theirs
    form = {"amount": "10.00", "received_on": "2026-11-20", "key": str(uuid7())}
    for _click in range(2):
        done = finance.post(page("charge_payment", sent.public_id), form)
        assert done["Location"] == page("reminder_detail", sent.public_id)
    assert charges(provider)[1] == (4_038, 3_038, "part_paid")
    finance.post(page("charge_write_off", sent.public_id), {"reason": "goodwill"})
    assert charges(provider)[1] == (4_038, 0, "written_off")
    assert buyer.get(page("charge_payment", sent.public_id)).status_code == 404
    listed = finance.get(page("receivable_list") + "?show=all").content.decode()
    assert "MA-2026-00002" in listed
    assert issued.public_id in listed
    assert findings() == []
