"""Shares that are pushed: what is delivered under a grant goes on to an endpoint of who holds it.

Who collects only rings: it sees that a push stands, and writes a job in the holder's company. There the
job reads the delivered rows under the grant as the holder may read them at any time, and sends them to
the holder's own endpoint, whose address and secret nobody else sees.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.assets.models import DataGrant, GrantedSeries, GrantRead
from apps.assets.operations import log_act
from apps.assets.queries.grants import held_grants
from apps.common.canonical import canonical_json
from apps.events.domain.public import DELIVERED
from apps.events.models import Webhook, WebhookMessage, WebhookPush
from apps.events.operations import drop_pushed, end_push, enqueue, start_push, write_message
from apps.events.queries import own_pushes, pushes_on
from apps.telemetry.domain.cloud_events import (
    BATCH,
    Share,
    event_of,
    summary_of,
    withdrawal_of,
)
from apps.telemetry.domain.granted import Slot

PUSH = "telemetry.push"
EVENTS_A_MESSAGE = 200
Gone = Sequence[tuple[str, datetime]]


def ring_pushes(*, grant: DataGrant, gone: Gone, now: datetime) -> None:
    """In the collector's company, with a delivery: the holder's job, where a push stands."""
    if not pushes_on(DELIVERED, grant.pk).exists():
        return
    payload = {
        "grant": str(grant.pk), "delivered_at": now.isoformat(),
        "gone": [[code, start.isoformat()] for code, start in gone],
    }  # fmt: skip
    enqueue(kind=PUSH, payload=payload, now=now, company_id=grant.grantee_id)


@transaction.atomic
def push_grant(
    *, grant: DataGrant, webhook: Webhook, now: datetime, actor: Any = None
) -> WebhookPush:
    """In the holder's company: have a grant pushed to an own endpoint, beginning with all that is
    delivered already. Raises ValidationError."""
    held = held_grants(now).filter(pk=grant.pk, resolution__in=["hourly", "daily"]).first()
    if held is None:
        raise ValidationError(_("Only hours and days of a grant you hold now can be pushed."))
    push = start_push(
        webhook=webhook, event=DELIVERED, subject_id=held.pk, label=held.public_id,
        parties=held.parties, now=now, actor=actor,
    )  # fmt: skip
    push_everything(grant_id=held.pk, now=now)
    return push


def stop_pushing(*, grant: DataGrant, now: datetime, actor: Any = None) -> bool:
    """The grant is pulled again; what waits is not sent any more."""
    return end_push(
        event=DELIVERED, subject_id=grant.pk, label=grant.public_id, now=now, actor=actor
    )


@transaction.atomic
def push_delivery(*, grant_id: UUID, delivered_at: datetime, gone: Gone, now: datetime) -> int:
    """Messages with what one delivery wrote and took away. Returns how many events."""
    found = _standing(grant_id, now)
    if found is None:
        return 0
    push, grant = found
    share = _share(grant)
    events = _events(share, GrantedSeries.objects.filter(grant=grant, delivered_at=delivered_at))
    withdrawn = (withdrawal_of(share, code, start, delivered_at) for code, start in gone)
    return _write(push, [*events, *withdrawn], now)


@transaction.atomic
def push_everything(*, grant_id: UUID, now: datetime) -> int:
    """Messages with all that is delivered under the grant now. Returns how many events."""
    found = _standing(grant_id, now)
    if found is None:
        return 0
    push, grant = found
    rows = GrantedSeries.objects.filter(grant=grant)
    return _write(push, _events(_share(grant), rows), now)


def _standing(grant_id: UUID, now: datetime) -> tuple[WebhookPush, DataGrant] | None:
    """The push and its living grant; None where one of them is over, or the endpoint paused."""
    pushes = own_pushes().filter(event=DELIVERED, subject_id=grant_id)
    push = pushes.select_related("webhook").first()
    grant = held_grants(now).filter(pk=grant_id).first()
    if push is None or grant is None or push.webhook.state != Webhook.State.ACTIVE:
        return None
    return push, grant


def _share(grant: DataGrant) -> Share:
    return Share(
        grant.public_id, grant.asset_public_id, grant.author.slug, grant.resolution,
        grant.time_zone, grant.channel_facts,
    )  # fmt: skip


def _events(share: Share, rows: Any) -> Iterator[dict[str, Any]]:
    for row in rows.order_by("start", "channel").iterator():
        slot = Slot(**{name: getattr(row, name) for name in Slot._fields})
        yield event_of(share, row.channel, slot, row.public_id, row.delivered_at)


def _write(push: WebhookPush, events: Iterable[dict[str, Any]], now: datetime) -> int:
    left, count = iter(events), 0
    while batch := list(islice(left, EVENTS_A_MESSAGE)):
        write_message(
            webhook=push.webhook, event=DELIVERED, body=canonical_json(batch).decode(), now=now,
            subject_id=push.subject_id, content_type=BATCH,
        )  # fmt: skip
        count += len(batch)
    return count


def may_be_sent(message: WebhookMessage, now: datetime) -> bool:
    """Asked before each try: the grant lives and is pushed still."""
    stands = own_pushes().filter(
        event=DELIVERED, subject_id=_grant_of(message), webhook=message.webhook_id
    )
    return stands.exists() and held_grants(now).filter(pk=_grant_of(message)).exists()


def _grant_of(message: WebhookMessage) -> UUID:
    assert message.subject_id is not None
    return message.subject_id


def log_push(message: WebhookMessage, now: datetime) -> None:
    """A taken message in the log that all see who see the grant, by who holds it."""
    grant = DataGrant.objects.get(pk=_grant_of(message))
    events = json.loads(message.body)
    channels, start, end = summary_of(events)
    log_act(
        grant=grant, channels=channels, resolution=grant.resolution, start=start, end=end,
        who=message.webhook.host, count=len(events), now=now, act=GrantRead.Act.DELIVERED,
    )  # fmt: skip


def stop_ended_pushes(*, now: datetime) -> int:
    """Once a minute: what waits under a grant that is over goes, with its data. Returns how many."""
    subjects = set(own_pushes().filter(event=DELIVERED).values_list("subject_id", flat=True))
    if not subjects:
        return 0
    living = held_grants(now).filter(pk__in=subjects).values_list("pk", flat=True)
    return drop_pushed(event=DELIVERED, subject_ids=subjects - set(living), now=now)
