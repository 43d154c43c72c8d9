"""Jobs of notifications: mails, and what is forgotten."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from apps.events.domain.registry import handles, housekeeping
from apps.events.models import Job
from apps.notifications.operations import (
    DIGEST,
    SEND,
    drop_old,
    send_mail,
    tell_overdue,
    write_digest,
)


@handles(SEND, atomic=False)
def work_on_mail(job: Job, now: datetime) -> dict[str, Any]:
    """Not atomic: that the mail is claimed must be known before it leaves."""
    return {"state": send_mail(mail_id=UUID(str(job.payload["mail"])), now=now)}


@handles(DIGEST)
def work_on_digest(job: Job, now: datetime) -> dict[str, Any]:
    """At the hour of the day's mail; the mail itself is a job of its own."""
    day = date.fromisoformat(str(job.payload["day"]))
    mail = write_digest(person_id=int(job.payload["person"]), day=day, now=now)
    return {"mail": "" if mail is None else mail.public_id}


@housekeeping("notifications.drop_old", daily=True)
def work_on_old(job: Job, now: datetime) -> dict[str, Any]:
    return {"dropped": drop_old(now=now)}


@housekeeping("notifications.tell_overdue", daily=True)
def work_on_overdue(job: Job, now: datetime) -> dict[str, Any]:
    """Once a day: that an invoice is overdue is a question of the day."""
    return {"notifications": tell_overdue(now=now)}
