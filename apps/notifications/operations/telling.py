"""An event becomes a notification of each person who hears of its topic, and the mails they chose."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from django.db import transaction

from apps.common.period import local_date
from apps.events.models import OutboxEvent
from apps.events.operations import enqueue_all
from apps.notifications.domain.told import Told
from apps.notifications.domain.topics import AT_ONCE, DAILY, NEVER, TOPICS
from apps.notifications.models import Choice, Mail, Notification
from apps.notifications.operations.mailing import SEND, expect_digest
from apps.notifications.queries.inbox import choices_of
from apps.notifications.queries.overdue import fallen_overdue
from apps.notifications.queries.people import listeners
from apps.notifications.queries.tellings import told_of
from apps.tenancy.context import current_company

# What stands unread is said again after this time.
STANDS = timedelta(days=7)
# Names the days on which something was told without an event.
OVERDUE = UUID("0193768f-4f6e-7a10-9a53-6f7665726475")


@transaction.atomic
def tell_people(*, event: OutboxEvent, now: datetime) -> int:
    """Write what the people of the current company are told of an event. Twice is once.

    Two at a time of one event would clash at the unique key; the loser's job tries again and finds
    the rows. Returns how many notifications were written.
    """
    return _tell(told_of(event), event.pk, now)


@transaction.atomic
def tell_overdue(*, now: datetime) -> int:
    """Tell who looks after receivables which own invoices have fallen overdue. Twice is once.

    That a day has passed is no event; the day itself is its key. Each invoice is told of once: what
    is said reaches up to a day, and goes on from there. Returns how many notifications were written.
    """
    today = local_date(now, current_company().time_zone)
    key = uuid5(OVERDUE, f"{current_company().pk} {today}")
    return _tell(fallen_overdue(today), key, now)


def _tell(tellings: Iterable[Told], event: UUID, now: datetime) -> int:
    rows = [row for told in tellings for row in _rows(told, event, now)]
    Mail.objects.bulk_create([row.mail for row in rows if row.mail is not None])
    Notification.objects.bulk_create(rows)
    _enqueue_mails(rows, now)
    return len(rows)


def _rows(told: Told, event: UUID, now: datetime) -> list[Notification]:
    topic = TOPICS[told.topic]
    people = [one for one in listeners(topic) if one.pk not in told.without]
    heard = _heard_before(told, event, now)
    chosen = choices_of((one.pk for one in people), [topic.code])
    ways = {one.pk: _way(chosen.get((one.pk, topic.code)), topic.mail) for one in people}
    return [
        _row(told, event, key, in_app, mail_mode, now)
        for key, (in_app, mail_mode) in ways.items()
        if key not in heard and (in_app or mail_mode != NEVER)
    ]


def _way(choice: Choice | None, usual_mail: str) -> tuple[bool, str]:
    return (True, usual_mail) if choice is None else (choice.in_app, choice.mail_mode)


def _heard_before(told: Told, event: UUID, now: datetime) -> set[int]:
    """People who were told of this very event, or of what stands and they have not read yet."""
    rows = Notification.objects.written_by(current_company()).filter(topic=told.topic)
    heard = set(rows.filter(event_id=event).values_list("person_id", flat=True))
    if told.stands:
        same = rows.filter(message=told.message, subject=told.subject, read_at=None)
        heard |= set(same.filter(created_at__gt=now - STANDS).values_list("person_id", flat=True))
    return heard


def _row(
    told: Told, event: UUID, person_id: int, in_app: bool, mail_mode: str, now: datetime
) -> Notification:
    own: dict[str, Any] = {"author": current_company(), "parties": [current_company().pk]}
    mail = Mail(**own, person_id=person_id, made_at=now) if mail_mode == AT_ONCE else None
    return Notification(
        **own, person_id=person_id, event_id=event, topic=told.topic, message=told.message,
        subject=told.subject, params=dict(told.params), created_at=now, in_app=in_app,
        mail_mode=mail_mode, mail=mail,
    )  # fmt: skip


def _enqueue_mails(rows: Sequence[Notification], now: datetime) -> None:
    """They commit with the notifications: nothing is sent of what is rolled back."""
    mails = [row.mail_id for row in rows if row.mail_id is not None]
    enqueue_all(kind=SEND, payloads=[({"mail": str(key)}, 0) for key in mails], now=now)
    for person_id in _distinct(row.person_id for row in rows if row.mail_mode == DAILY):
        expect_digest(person_id=person_id, now=now)


def _distinct(people: Iterable[int]) -> list[int]:
    return sorted(set(people))
