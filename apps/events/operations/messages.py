"""Messages to endpoints: written with what they tell of, sent, sent again, replayed."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from apps.common.canonical import canonical_json, instant_text
from apps.events.domain.public import TEST, public_data, public_event
from apps.events.domain.registry import condition_of, reaction_to
from apps.events.domain.schedule import KEPT, is_out_of_patience, next_try
from apps.events.domain.signing import headers_of
from apps.events.models import OutboxEvent, Webhook, WebhookMessage, WebhookReason, WebhookTry
from apps.events.operations.jobs import LEASE, enqueue, enqueue_all, record
from apps.events.operations.posting import Answer, post
from apps.events.operations.webhooks import pause_webhook, secrets_of
from apps.events.queries import due, hearing, messages, seen_keys
from apps.tenancy.context import current_company

SEND = "events.send_webhook"
REPLAY_WEBHOOK = "events.replay_webhook"
# A try holds its message a little less than the lease of its job: a killed worker's is made again.
HELD = LEASE - timedelta(seconds=5)
# How long a message to a failing endpoint steps back while another knocks (a try is 10 s at most).
STEP_BACK = timedelta(seconds=30)
MOST_AT_ONCE = 1000
State = WebhookMessage.State
# What a try changes; never the body, which others may have taken away meanwhile.
MOVED = ["state", "reason", "http_status", "tries", "next_at", "settled_at"]


@transaction.atomic
def tell_webhooks(*, outbox_id: UUID, now: datetime) -> int:
    """In a company an event reached: a message to each own endpoint that hears it. Returns how many.

    Twice is once. What the company does not see is left out; where nothing is left it hears nothing.
    """
    event = OutboxEvent.objects.get(pk=outbox_id)
    public = public_event(event.name)
    if public is None:
        return 0
    data = public_data(public, event.payload, seen_keys(public, event.payload))
    told = WebhookMessage.objects.filter(outbox_id=outbox_id).values("webhook")
    endpoints = list(hearing(public.name).exclude(pk__in=told)) if data else []
    for webhook in endpoints:
        body = envelope(public.name, data, event.published_at)
        write_message(webhook=webhook, event=public.name, body=body, now=now, outbox_id=outbox_id)
    return len(endpoints)


def envelope(event: str, data: Mapping[str, Any], happened_at: datetime) -> str:
    """The body: what happened, when, to which company's portal it was told, and ids."""
    company = current_company().slug
    return canonical_json(
        {"type": event, "timestamp": instant_text(happened_at), "company": company, "data": data}
    ).decode()


def write_message(
    *, webhook: Webhook, event: str, body: str, now: datetime, outbox_id: UUID | None = None,
    subject_id: UUID | None = None, content_type: str = "application/json",
) -> WebhookMessage:  # fmt: skip
    """A message and the job that sends it, in the caller's transaction."""
    message: WebhookMessage = WebhookMessage.objects.create(
        author_id=webhook.author_id, parties=webhook.parties, webhook=webhook, event=event,
        body=body, outbox_id=outbox_id, subject_id=subject_id, content_type=content_type,
        made_at=now, next_at=now,
    )  # fmt: skip
    enqueue(kind=SEND, payload=_payload(message), now=now)
    return message


def _payload(message: WebhookMessage) -> dict[str, str]:
    return {"message": str(message.pk)}


def send_test(*, webhook: Webhook, now: datetime, actor: Any = None) -> WebhookMessage:
    """A message that tells of nothing, to see whether it arrives. Raises ValidationError."""
    _must_be_active(webhook)
    record(action="webhook.tested", subject=webhook.public_id, now=now, actor=actor)
    body = envelope(TEST, {"webhook": webhook.public_id}, now)
    return write_message(webhook=webhook, event=TEST, body=body, now=now)


def send_message(*, message_id: UUID, now: datetime) -> WebhookMessage | None:
    """Try a message that is due. None when it is not: taken, given up, its next try is later, or
    another worker has it.

    At least once: a worker killed between the receiver's yes and its note here sends again, the same
    id and bytes. Not within a transaction, or the try would hold a connection for ten seconds.
    """
    message = _taken(message_id, now)
    if message is None:
        return None
    refusal = _refusal(message, now)
    if refusal:
        _give_up(message, refusal, now)
    elif _may_knock(message.webhook, now):
        _note(message, _sent(message, now), now)
    else:
        _later(message, now + _turn(message, now), now)
    return message


def _taken(message_id: UUID, now: datetime) -> WebhookMessage | None:
    """The message, held for this try by one statement: of two workers one has it."""
    if not messages().filter(due(now), pk=message_id).update(next_at=now + HELD):
        return None
    found: WebhookMessage = messages().get(pk=message_id)
    return found


def _refusal(message: WebhookMessage, now: datetime) -> str:
    """Why it must not be sent any more, asked anew at each try."""
    if message.webhook.state != Webhook.State.ACTIVE:
        return WebhookReason.PAUSED
    holds = condition_of(message.event)
    return "" if holds is None or holds(message, now) else WebhookReason.ENDED


def _may_knock(webhook: Webhook, now: datetime) -> bool:
    """A failing endpoint takes up one worker at most, however many messages wait for it."""
    if webhook.failing_since is None:
        return True
    free = Q(knocking_until=None) | Q(knocking_until__lt=now)
    own = Webhook.objects.filter(free, pk=webhook.pk)
    return bool(own.update(knocking_until=now + STEP_BACK))


def _turn(message: WebhookMessage, now: datetime) -> timedelta:
    """How long those that wait too need at most, three in half a minute."""
    before = messages().filter(due(now), webhook=message.webhook_id).count()
    return STEP_BACK * (1 + before // 3)


def _sent(message: WebhookMessage, now: datetime) -> Answer:
    body, webhook = message.body.encode(), message.webhook
    signed = headers_of(secrets_of(webhook, now), message.public_id, int(now.timestamp()), body)
    return post(
        url=webhook.url, body=body, headers={"Content-Type": message.content_type, **signed}
    )


@transaction.atomic
def _note(message: WebhookMessage, answer: Answer, now: datetime) -> None:
    """What became of a try, in the message, the log and the endpoint.

    A message that was given up while the try was under way is not opened again, nor its body kept.
    """
    now_open = messages().select_for_update(of=("self",)).get(pk=message.pk).is_open
    message.tries += 1
    message.reason, message.http_status = answer.reason, answer.status
    WebhookTry.objects.create(
        author_id=message.author_id, parties=message.parties, message=message, at=now,
        http_status=answer.status, reason=answer.reason, answer=answer.text,
        milliseconds=answer.milliseconds,
    )  # fmt: skip
    if answer.reason and now_open:
        _note_failure(message, now)
    elif not answer.reason:
        note = reaction_to(message.event)
        if note is not None:
            note(message, now)
        _settle(message, State.DELIVERED, now)
        Webhook.objects.filter(pk=message.webhook_id).update(
            failing_since=None, taken_at=now, knocking_until=None
        )


def _note_failure(message: WebhookMessage, now: datetime) -> None:
    webhook = message.webhook
    rows = Webhook.objects.filter(pk=webhook.pk)
    rows.filter(failing_since=None).update(failing_since=now)
    rows.update(knocking_until=None)
    gone = message.reason == WebhookReason.GONE
    if gone or is_out_of_patience(webhook.failing_since, now):
        by = Webhook.PausedBy.GONE if gone else Webhook.PausedBy.FAILURES
        with suppress(ValidationError):  # removed while this try was under way
            pause_webhook(webhook=webhook, now=now, by=by)
    at = None if gone else next_try(message.tries, now)
    if at is None:
        _settle(message, State.GIVEN_UP, now)
    else:
        message.state = State.FAILED
        _later(message, at, now)


def _later(message: WebhookMessage, at: datetime, now: datetime) -> None:
    with transaction.atomic():
        message.next_at = at
        message.save(update_fields=MOVED)
        enqueue(kind=SEND, payload=_payload(message), now=now, run_after=at)


@transaction.atomic
def _give_up(message: WebhookMessage, reason: str, now: datetime) -> None:
    message.reason = reason
    _settle(message, State.GIVEN_UP, now)


def _settle(message: WebhookMessage, state: str, now: datetime) -> None:
    """Data pushed under a grant are not kept here once they are delivered or must not be any more."""
    message.state, message.next_at, message.settled_at = state, None, now
    spent = state == State.DELIVERED or message.reason == WebhookReason.ENDED
    if spent and message.subject_id is not None:
        message.body = ""
        message.save(update_fields=["body"])
    message.save(update_fields=MOVED)


@transaction.atomic
def replay_message(*, message: WebhookMessage, now: datetime, actor: Any = None) -> WebhookMessage:
    """Send it again from now on, with the same id and bytes. Raises ValidationError."""
    found: WebhookMessage = messages().select_for_update(of=("self",)).get(pk=message.pk)
    _must_be_active(found.webhook)
    if not found.body:
        raise ValidationError(
            _(
                "The data of this message are not kept here any more. Read them from the grant's page."
            )
        )
    _open(found, now)
    enqueue(kind=SEND, payload=_payload(found), now=now)
    record(action="webhook.replayed", subject=found.public_id, now=now, actor=actor)
    return found


@transaction.atomic
def replay_failed(*, webhook: Webhook, since: datetime, now: datetime, actor: Any = None) -> int:
    """The same for all messages of an endpoint that were not taken since a time, the oldest first and
    at most a thousand. Returns how many. Raises ValidationError."""
    _must_be_active(webhook)
    rows = messages().filter(
        webhook=webhook, made_at__gte=since, state__in=[State.FAILED, State.GIVEN_UP]
    )
    found = list(
        rows.exclude(body="")
        .order_by("made_at", "id")
        .select_for_update(of=("self",))[:MOST_AT_ONCE]
    )
    for message in found:
        _open(message, now)
    enqueue_all(kind=SEND, payloads=[(_payload(message), 0) for message in found], now=now)
    record(
        action="webhook.replayed", subject=webhook.public_id, now=now, actor=actor,
        details={"messages": len(found)},
    )  # fmt: skip
    return len(found)


def _open(message: WebhookMessage, now: datetime) -> None:
    message.state, message.tries, message.next_at = State.WAITING, 0, now
    message.settled_at, message.reason = None, WebhookReason.NONE
    message.save(update_fields=MOVED)


def _must_be_active(webhook: Webhook) -> None:
    if webhook.state != Webhook.State.ACTIVE:
        raise ValidationError(_("This webhook is paused or removed. Let it go on first."))


@transaction.atomic
def tidy_webhooks(*, now: datetime) -> dict[str, int]:
    """Once a day: send what its job left (parked after three killed workers), drop what is old."""
    left = list(messages().filter(due(now - timedelta(hours=1)))[:MOST_AT_ONCE])
    enqueue_all(kind=SEND, payloads=[(_payload(message), 0) for message in left], now=now)
    old = messages().filter(settled_at__lt=now - KEPT).select_related(None)
    dropped, _by_table = old.delete()
    Webhook.objects.written_by(current_company()).filter(previous_until__lte=now).update(
        previous_sealed="", previous_until=None
    )
    return {"sent": len(left), "dropped": dropped}
