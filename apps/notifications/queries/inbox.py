"""One person's notifications, choices and mails, in the current company."""

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet

from apps.notifications.domain.topics import DAILY
from apps.notifications.models import Choice, Mail, Notification
from apps.tenancy.context import current_company

# The bell counts no further.
UNREAD_SHOWN = 99


def inbox(person: Any) -> QuerySet[Notification]:
    """What the person is told in the portal, latest first."""
    rows: QuerySet[Notification] = Notification.objects.written_by(current_company())
    return rows.filter(person=person, in_app=True)


def unread_count(person: Any) -> int:
    """How many are unread, read off an index; one beyond UNREAD_SHOWN at most."""
    rows = inbox(person).filter(read_at=None).order_by()
    return rows[: UNREAD_SHOWN + 1].count()


def choices_of(people: Iterable[Any], topics: Iterable[str]) -> dict[tuple[int, str], Choice]:
    """What was chosen, by person and topic; the rest is as the topics begin."""
    rows = Choice.objects.written_by(current_company()).filter(
        person__in=list(people), topic__in=list(topics)
    )
    return {(row.person_id, row.topic): row for row in rows}


def to_mail_today(person_id: int) -> QuerySet[Notification]:
    """What waits for the person's mail of the day, oldest first."""
    rows: QuerySet[Notification] = Notification.objects.written_by(current_company())
    waiting = rows.filter(person=person_id, mail_mode=DAILY, mail=None)
    return waiting.order_by("created_at", "id")


def doubtful_mails(person: Any) -> QuerySet[Mail]:
    """Mails to the person that were not taken, or of which nobody knows whether they went out."""
    rows: QuerySet[Mail] = Mail.objects.written_by(current_company()).filter(
        person=person, state__in=[Mail.State.REFUSED, Mail.State.UNCLEAR]
    )
    return rows
