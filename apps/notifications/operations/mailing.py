"""Mails: claimed, handed over, marked; and the mail of the day."""

import smtplib
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.core.mail import EmailMessage, get_connection
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.accounts.addresses import company_url
from apps.events.operations import enqueue
from apps.notifications.domain.schedule import next_digest
from apps.notifications.models import Mail, Notification
from apps.notifications.queries.inbox import to_mail_today
from apps.notifications.queries.people import still_hears
from apps.notifications.wording import path_of, text_of
from apps.tenancy.context import current_company

SEND = "notifications.send_mail"
DIGEST = "notifications.write_digest"
STATE = Mail.State
LONGEST_SUBJECT = 120


class NotTaken(RuntimeError):
    """The mail server did not take the mail, so another try sends nothing twice."""


def expect_digest(*, person_id: int, now: datetime) -> None:
    """A job that waits for the hour of the next mail of the day. One a person and day."""
    day, due = next_digest(now, current_company().time_zone)
    enqueue(
        kind=DIGEST, payload={"person": person_id, "day": day.isoformat()}, now=now,
        dedupe=f"{person_id}:{day}", run_after=due,
    )  # fmt: skip


@transaction.atomic
def write_digest(*, person_id: int, day: date, now: datetime) -> Mail | None:
    """The day's mail of what waits for it. None where nothing does; a day has one mail a person."""
    company = current_company()
    mails = Mail.objects.written_by(company)
    if mails.filter(person=person_id, digest_on=day).exists():
        return None
    waiting = list(to_mail_today(person_id).values_list("pk", flat=True))
    if not waiting:
        return None
    mail: Mail = Mail.objects.create(
        author=company, parties=[company.pk], person_id=person_id, digest_on=day, made_at=now
    )
    Notification.objects.filter(pk__in=waiting).update(mail=mail)
    enqueue(kind=SEND, payload={"mail": str(mail.pk)}, now=now)
    return mail


def send_mail(*, mail_id: UUID, now: datetime) -> str:
    """Claim, hand over, mark: each committed by itself. Returns the state the mail has then.

    Found claimed already, whoever claimed it is gone and nobody knows how far it came: it becomes
    unclear and waits for its reader. Raises NotTaken when another try is safe.
    """
    mail = _claim(mail_id, now)
    if mail is None:
        return _left_over(mail_id)
    member = still_hears(mail.person_id)
    if member is None:
        return _become(mail, STATE.DROPPED, problem="no member any more")
    try:
        _hand_over(_message(mail, member.user))
    except NotTaken as refusal:
        _become(mail, STATE.REFUSED, problem=str(refusal))
        raise
    except Exception as error:
        return _become(mail, STATE.UNCLEAR, problem=f"{type(error).__name__}: {error}")
    return _become(mail, STATE.SENT, sent_at=now)


def _own(mail_id: UUID) -> Any:
    return Mail.objects.written_by(current_company()).filter(pk=mail_id)


def _claim(mail_id: UUID, now: datetime) -> Mail | None:
    """The mail when it is ours to send: one statement, so of two workers one gets it."""
    free = _own(mail_id).filter(state__in=[STATE.WAITING, STATE.REFUSED])
    if not free.update(state=STATE.SENDING, claimed_at=now, problem=""):
        return None
    mail: Mail = _own(mail_id).get()
    return mail


def _left_over(mail_id: UUID) -> str:
    _own(mail_id).filter(state=STATE.SENDING).update(
        state=STATE.UNCLEAR, problem="stopped while it was handed over"
    )
    found: str | None = _own(mail_id).values_list("state", flat=True).first()
    return found or "gone"


def _become(mail: Mail, state: str, **facts: Any) -> str:
    """A slow worker may find its mail called unclear meanwhile; what it knows is better."""
    facts = {name: value[:300] if name == "problem" else value for name, value in facts.items()}
    claimed = _own(mail.pk).filter(state__in=[STATE.SENDING, STATE.UNCLEAR])
    claimed.update(state=state, **facts)
    return str(state)


def _hand_over(message: EmailMessage) -> None:
    """Raises NotTaken where the server was not reached or said no. What fails otherwise is unclear."""
    server = get_connection()
    try:
        server.open()
    except OSError as error:
        raise NotTaken(f"{type(error).__name__}: {error}") from error
    try:
        server.send_messages([message])
    except (smtplib.SMTPResponseException, smtplib.SMTPRecipientsRefused) as error:
        raise NotTaken(f"{type(error).__name__}: {error}") from error
    finally:
        _close(server)


def _close(server: Any) -> None:
    """A goodbye that fails changes nothing about the mail."""
    try:
        server.close()
    except OSError:
        return


def _message(mail: Mail, person: Any) -> EmailMessage:
    company = current_company()
    rows = list(Notification.objects.filter(mail=mail).order_by("created_at", "id"))
    with translation.override(person.language or company.language):
        items = [
            {
                "text": text_of(row.message, row.params),
                "url": company_url(company, path_of(row.message, row.subject)),
            }
            for row in rows
        ]
        context = {
            "company": company, "person": person, "items": items,
            "settings_url": company_url(company, "/notifications/topics/"),
        }  # fmt: skip
        text = render_to_string("notifications/mail/text.txt", context)
        subject = _subject(mail, items)
    return EmailMessage(subject, text, to=[person.email])


def _subject(mail: Mail, items: list[dict[str, str]]) -> str:
    """One line: of a single notification its text, of a day's mail how many there are."""
    if mail.digest_on is None and len(items) == 1:
        words = " ".join(items[0]["text"].split())
        return words if len(words) <= LONGEST_SUBJECT else words[: LONGEST_SUBJECT - 1] + "…"
    if not items:
        return _("No news")
    subject = ngettext(
        "%(company)s: one piece of news", "%(company)s: %(count)s pieces of news", len(items)
    )
    return subject % {"count": len(items), "company": current_company().name}
