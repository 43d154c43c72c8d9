"""Reminders are sent: a frozen row each, one of each level, seen by both sides."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F

from apps.billing.models import Receivable, Reminder
from apps.billing.operations.receivables.steps import lock_receivables
from apps.billing.queries.reminding import DueReminder, reminders_due
from apps.common.period import local_date
from apps.events.operations import record_all
from apps.tenancy.bulk import insert_all
from apps.tenancy.context import current_company

# Days to pay after a reminder.
GRACE = timedelta(days=7)
MOST = 1_000


@transaction.atomic
def send_reminders(*, receivables: Collection[UUID], now: datetime, person: Any) -> list[Reminder]:
    """Remind of those of these documents that are due to be; at most MOST at once.

    What is due is judged again under lock: a payment or a dispute that came in between counts, and
    a second click finds the level sent already.
    """
    company = current_company()
    today = local_date(now, company.time_zone)
    locked = lock_receivables(sorted(receivables)[:MOST])
    invoices = {
        row.id: row for row in Receivable.objects.filter(id__in=locked).select_related("invoice")
    }
    asked = [row for row in invoices.values() if row.open_minor > row.disputed_minor]
    due = reminders_due(today, asked)
    sent = [_reminder(item, now, person) for item in due]
    insert_all(Reminder, sent)
    Receivable.objects.filter(id__in=[item.receivable.id for item in due]).update(
        level=F("level") + 1
    )
    subjects = [(item.receivable.invoice.public_id, [item.receivable.customer_id]) for item in due]
    record_all(action="billing.reminded", subjects=subjects, now=now, actor=person)
    return sent


def _reminder(item: DueReminder, now: datetime, person: Any) -> Reminder:
    row = item.receivable
    sent_on = local_date(now, current_company().time_zone)
    return Reminder(
        author_id=row.author_id, parties=row.parties, receivable=row, customer_id=row.customer_id,
        level=item.level, currency=row.currency, asked_minor=item.asked_minor,
        disputed_minor=row.disputed_minor, fee_minor=item.fee_minor, fees_minor=item.fees_minor,
        interest_minor=item.interest_minor, facts=_facts(item), sent_on=sent_on,
        pay_by=sent_on + GRACE, sent_at=now, sent_by=str(person)[:200],
    )  # fmt: skip


def _facts(item: DueReminder) -> dict[str, Any]:
    """The law or contract it rests on, and the interest day by day."""
    statute = item.terms.statute
    return {
        "statute": statute.code, "series": statute.series, "points": f"{item.terms.points:f}",
        "levels": len(item.terms.levels),
        "accruals": [part.to_dict() for part in item.accruals],
    }  # fmt: skip
