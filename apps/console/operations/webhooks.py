"""Messages of the payment provider are handed over again, messages to others are sent again."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction

from apps.console.operations.audit import note_act
from apps.events.models import Job, WebhookMessage
from apps.events.operations import REPLAY_WEBHOOK
from apps.payments.models import WebhookEvent
from apps.payments.operations.received import APPLY
from apps.tenancy.models import Company


@transaction.atomic
def hand_over_again(*, events: Iterable[WebhookEvent], by: Any, now: datetime) -> int:
    """Look for the company of refused messages anew, and let companies apply what waits with them.

    Returns how many; what is applied, or refused by its company, is settled and left out.
    """
    state = WebhookEvent.State
    count = 0
    for event in events:
        if event.company_id is None and event.state == state.REFUSED:
            WebhookEvent.objects.filter(pk=event.pk, company_id=None).update(
                state=state.RECEIVED, reason=""
            )
            note_act(
                action="console.webhook_routed_again", by=by, now=now, subject=event.event_id[:80]
            )
        elif event.company_id is not None and event.state in (state.ROUTED, state.WAITING):
            company = Company.objects.get(pk=event.company_id)
            _enqueue(company, APPLY, {"event": str(event.pk)}, now)
            note_act(
                action="console.webhook_handed_over", by=by, now=now, company=company,
                subject=event.event_id[:80],
            )  # fmt: skip
        else:
            continue
        count += 1
    return count


@transaction.atomic
def send_again(*, messages: Iterable[WebhookMessage], by: Any, now: datetime) -> int:
    """Let the companies send given-up messages again; returns how many."""
    count = 0
    for message in messages:
        if message.state != WebhookMessage.State.GIVEN_UP:
            continue
        _enqueue(message.author, REPLAY_WEBHOOK, {"message": str(message.pk)}, now)
        note_act(
            action="console.webhook_sent_again", by=by, now=now, company=message.author,
            subject=message.public_id,
        )  # fmt: skip
        count += 1
    return count


def _enqueue(company: Company, kind: str, payload: dict[str, Any], now: datetime) -> None:
    """A job of the company's own: the platform may not enter it. The sweeper rings."""
    Job.all_parties.create(
        author=company, parties=[company.pk], company=company, kind=kind, payload=payload,
        run_after=now, created_at=now,
    )  # fmt: skip
