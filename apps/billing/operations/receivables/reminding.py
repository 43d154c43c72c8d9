"""Reminders are sent: a frozen row each, one of each level, seen by both sides."""

from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F

from apps.billing.domain.numbers import number_text, reminder_series
from apps.billing.events import RemindersSent
from apps.billing.models import Receivable, Reminder
from apps.billing.operations.numbering import take_numbers
from apps.billing.operations.receivables.opening import expect_later
from apps.billing.operations.receivables.steps import lock_receivables
from apps.billing.queries.reminding import DueReminder, reminders_due
from apps.common.period import local_date
from apps.events.operations import enqueue_all, publish, record_all
from apps.tenancy.bulk import insert_all
from apps.tenancy.context import current_company

# Days to pay after a reminder.
GRACE = timedelta(days=7)
MOST = 1_000
LETTERS_CHUNK = 50


@transaction.atomic
def send_reminders(*, receivables: Collection[UUID], now: datetime, person: Any) -> list[Reminder]:
    """Remind of those of these documents that are due to be; at most MOST at once.

    What is due is judged again under lock: a payment or a dispute that came in between counts, and
    a second click finds the level sent already. What a reminder charges is owed from then on, as a
    receivable of its own outside the scope of tax.
    """
    company = current_company()
    today = local_date(now, company.time_zone)
    locked = lock_receivables(sorted(receivables)[:MOST])
    documents = Receivable.objects.of_documents().filter(id__in=locked).select_related("invoice")
    asked = [row for row in documents if row.open_minor > row.disputed_minor]
    due = reminders_due(today, asked)
    if not due:
        return []
    sent = [_reminder(item, today, now, person) for item in due]
    Receivable.objects.filter(id__in=[item.receivable.id for item in due]).update(
        level=F("level") + 1
    )
    subjects = [(item.receivable.invoice.public_id, [item.receivable.customer_id]) for item in due]
    record_all(action="billing.reminded", subjects=subjects, now=now, actor=person)
    _number(sent, today)
    insert_all(Reminder, sent)
    _charge(sent, now)
    _tell(sent, now)
    return sent


def _reminder(item: DueReminder, today: date, now: datetime, person: Any) -> Reminder:
    row = item.receivable
    return Reminder(
        author_id=row.author_id, parties=row.parties, receivable=row, customer_id=row.customer_id,
        level=item.level, currency=row.currency, asked_minor=item.asked_minor,
        disputed_minor=row.disputed_minor, fee_minor=item.fee_minor, fees_minor=item.fees_minor,
        interest_minor=item.interest_minor, new_interest_minor=item.new_interest_minor,
        earlier_minor=item.earlier_minor, facts=_facts(item), sent_on=today, pay_by=today + GRACE,
        sent_at=now, sent_by=str(person)[:200],
    )  # fmt: skip


def _facts(item: DueReminder) -> dict[str, Any]:
    """The law or contract it rests on, and the interest day by day."""
    statute = item.terms.statute
    return {
        "statute": statute.code, "series": statute.series, "points": f"{item.terms.points:f}",
        "levels": len(item.terms.levels),
        "accruals": [part.to_dict() for part in item.accruals],
    }  # fmt: skip


def _number(sent: Sequence[Reminder], today: date) -> None:
    """The counter is locked last, and goes with the transaction."""
    series = reminder_series(today)
    for position, reminder in enumerate(sent, start=take_numbers(series, len(sent))):
        reminder.number = number_text(series, position)


def _charge(sent: Sequence[Reminder], now: datetime) -> None:
    """Fee and interest are owed; jobs tell the payments app and write the letters."""
    charges = [_receivable(item, now) for item in sent if item.charge_minor]
    insert_all(Receivable, charges)
    expect_later([str(row.id) for row in charges], now)
    letters = list(_chunks([str(item.id) for item in sent]))
    enqueue_all(
        kind="billing.store_letters",
        payloads=[({"reminders": chunk}, len(chunk)) for chunk in letters], now=now,
    )  # fmt: skip


def _tell(sent: Sequence[Reminder], now: datetime) -> None:
    """One event for each customer."""
    by_customer: dict[int, list[UUID]] = {}
    for reminder in sent:
        by_customer.setdefault(reminder.customer_id, []).append(reminder.id)
    for customer_id, keys in by_customer.items():
        event = RemindersSent(keys)
        publish(name=event.name, payload=event.payload, now=now, to=[customer_id])


def _chunks(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(keys), LETTERS_CHUNK):
        yield keys[start : start + LETTERS_CHUNK]


def _receivable(reminder: Reminder, now: datetime) -> Receivable:
    late = reminder.receivable
    return Receivable(
        id=reminder.id, author_id=late.author_id, parties=late.parties, invoice_id=late.invoice_id,
        reminder=reminder, customer_id=late.customer_id, currency=late.currency,
        gross_minor=reminder.charge_minor, open_minor=reminder.charge_minor,
        issued_on=reminder.sent_on, due_on=reminder.pay_by, moved_at=now,
    )  # fmt: skip
