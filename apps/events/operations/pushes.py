"""Pushes: an endpoint that hears all of one kind about one subject."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.events.models import Webhook, WebhookMessage, WebhookPush, WebhookReason
from apps.events.operations.jobs import record
from apps.events.queries import messages, own_pushes
from apps.tenancy.context import current_company

State = WebhookMessage.State


@transaction.atomic
def start_push(
    *, webhook: Webhook, event: str, subject_id: UUID, label: str, parties: Iterable[int],
    now: datetime, actor: Any = None,
) -> WebhookPush:  # fmt: skip
    """Have an own endpoint hear a subject; one that it went to before hears it no more.

    Raises ValidationError for an endpoint that is paused.
    """
    if webhook.state != Webhook.State.ACTIVE:
        raise ValidationError(_("This webhook is paused or removed. Let it go on first."))
    seen_by = sorted({current_company().pk, *parties})
    push: WebhookPush
    push, _made = WebhookPush.objects.update_or_create(
        author=current_company(), event=event, subject_id=subject_id,
        defaults={"webhook": webhook, "parties": seen_by, "host": webhook.host, "started_at": now},
    )  # fmt: skip
    _record("webhook.push_started", push, label, now, actor)
    return push


@transaction.atomic
def end_push(*, event: str, subject_id: UUID, label: str, now: datetime, actor: Any = None) -> bool:
    """Nothing more of the subject is sent, what waits neither. False when there was no push."""
    push = own_pushes().filter(event=event, subject_id=subject_id).first()
    if push is None:
        return False
    _record("webhook.push_ended", push, label, now, actor)
    drop_pushed(event=event, subject_ids=[subject_id], now=now)
    return True


@transaction.atomic
def drop_pushed(*, event: str, subject_ids: Iterable[UUID], now: datetime) -> int:
    """End pushes of these subjects: their open messages are given up, and no body of theirs is kept.

    Returns how many pushes.
    """
    keys = list(subject_ids)
    rows = messages().filter(event=event, subject_id__in=keys).select_related(None)
    rows.filter(state__in=[State.WAITING, State.FAILED]).update(
        state=State.GIVEN_UP, reason=WebhookReason.ENDED, next_at=None, settled_at=now
    )
    rows.exclude(body="").update(body="")
    count, _by_table = own_pushes().filter(event=event, subject_id__in=keys).delete()
    return count


def _record(action: str, push: WebhookPush, label: str, now: datetime, actor: Any) -> None:
    """Seen by all who see the subject: they learn the host, never the rest of the address."""
    record(
        action=action, subject=label, now=now, actor=actor, also=push.parties,
        details={"host": push.host},
    )  # fmt: skip
