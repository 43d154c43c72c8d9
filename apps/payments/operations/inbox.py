"""The provider's messages: received once, handed to the company they concern, applied once."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.events.operations import record
from apps.payments.domain.registry import is_heard
from apps.payments.domain.webhooks import Message, NotAMessage, check_signature, read_message
from apps.payments.models import WebhookEvent
from apps.payments.models.inbox import key_of
from apps.payments.operations.applying import NotYet, apply_message
from apps.payments.operations.received import hold
from apps.payments.queries.routing import company_of
from apps.tenancy.context import current_company

STATE = WebhookEvent.State
AT_ONCE = 200


def receive_webhook(*, body: bytes, signature: str, now: datetime) -> bool:
    """Keep a signed message, once. Whether it is new and of a kind that is acted on.

    Raises Forged (signature, age) and NotAMessage; nothing is kept then. Needs no company.
    """
    check_signature(body, signature, settings.STRIPE_WEBHOOK_SECRETS, int(now.timestamp()))
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        raise NotAMessage("no JSON") from None
    message = read_message(content)
    return is_heard(message.kind) and _keep(message, content, now)


def _keep(message: Message, content: dict[str, Any], now: datetime) -> bool:
    event = WebhookEvent(
        id=key_of(message.event_id), event_id=message.event_id, kind=message.kind, body=content,
        subject=message.subject[:120], made_at=datetime.fromtimestamp(message.made_at, UTC),
        received_at=now,
    )  # fmt: skip
    try:
        with transaction.atomic():
            event.save(force_insert=True)
    except IntegrityError:
        return False
    return True


@transaction.atomic
def route_webhooks(*, hand_over: Callable[[int, UUID], None]) -> int:
    """As the platform: find each received message's company and hand it over. Returns how many.

    A message that concerns no company of this portal is refused.
    """
    rows = WebhookEvent.objects.filter(state=STATE.RECEIVED).order_by("received_at", "id")
    found = list(rows.select_for_update(skip_locked=True)[:AT_ONCE])
    routed = []
    for event in found:
        event.company_id = company_of(read_message(event.body))
        event.state = STATE.ROUTED if event.company_id else STATE.REFUSED
        event.reason = "" if event.company_id else "concerns no company of this portal"
        if event.company_id:
            routed.append((event.company_id, event.pk))
    for event in found:
        WebhookEvent.objects.filter(pk=event.pk).update(
            company_id=event.company_id, state=event.state, reason=event.reason
        )
    for company_id, key in routed:
        hand_over(company_id, key)
    return len(found)


@transaction.atomic
def apply_webhook(*, event_id: UUID, now: datetime) -> str:
    """In the company it concerns: its effect and the note that it is applied commit together.

    Returns the state it has then; a second time finds nothing to do.
    """
    rows = WebhookEvent.objects.filter(company_id=current_company().pk, pk=event_id)
    event = rows.select_for_update().first()
    if event is None or event.state not in (STATE.ROUTED, *WebhookEvent.UNFITTING):
        return event.state if event else ""
    if event.subject:
        hold(event.subject)
    try:
        with transaction.atomic():
            refusal = apply_message(message=read_message(event.body), now=now)
    except NotYet:
        event.state = STATE.CLOSED if event.closed_at else STATE.WAITING
    else:
        event.state = STATE.REFUSED if refusal else STATE.APPLIED
        event.reason = refusal[:200] or event.reason
    event.save(update_fields=["state", "reason"])
    return event.state


@transaction.atomic
def close_message(*, event_id: UUID, reason: str, now: datetime, person: Any) -> WebhookEvent:
    """A person gives up waiting for what the message rests on. Twice is once.

    Nothing is lost: what comes later after all still applies it. Raises ValidationError: no reason,
    or the message does not wait; DoesNotExist for another company's.
    """
    rows = WebhookEvent.objects.filter(company_id=current_company().pk).select_for_update()
    event: WebhookEvent = rows.get(pk=event_id)
    if event.state == STATE.CLOSED:
        return event
    if event.state != STATE.WAITING:
        raise ValidationError(_("This message does not wait any more."))
    if not reason.strip():
        raise ValidationError(_("Give a reason: auditors will ask for it."))
    event.state, event.reason = STATE.CLOSED, reason.strip()[:200]
    event.closed_by, event.closed_at = str(person)[:200], now
    event.save(update_fields=["state", "reason", "closed_by", "closed_at"])
    record(
        action="payments.message_closed", subject=event.public_id, now=now, actor=person,
        details={"event": event.event_id, "kind": event.kind, "reason": event.reason},
    )  # fmt: skip
    return event
