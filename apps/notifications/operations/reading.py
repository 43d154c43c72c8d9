"""What a person does with its own notifications and mails."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.events.operations import enqueue
from apps.notifications.models import Mail, Notification
from apps.notifications.operations.mailing import SEND
from apps.notifications.queries.inbox import doubtful_mails, inbox


@transaction.atomic
def mark_read(*, notification_id: UUID, person: Any, now: datetime) -> Notification:
    """The first reading stands. Raises Notification.DoesNotExist for another person's."""
    found: Notification = inbox(person).get(pk=notification_id)
    if found.read_at is None:
        found.read_at = now
        found.save(update_fields=["read_at"])
    return found


def mark_all_read(*, person: Any, until: datetime, now: datetime) -> int:
    """All up to an instant, so that what came in while the page was looked at stays unread."""
    return inbox(person).filter(read_at=None, created_at__lte=until).update(read_at=now)


@transaction.atomic
def send_again(*, mail_id: UUID, person: Any, now: datetime) -> bool:
    """The reader says that a doubtful mail did not arrive. False when it is none any more."""
    moved = doubtful_mails(person).filter(pk=mail_id).update(state=Mail.State.WAITING)
    if moved:
        enqueue(kind=SEND, payload={"mail": str(mail_id)}, now=now)
    return bool(moved)
