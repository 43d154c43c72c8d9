"""Reads of webhooks: the company's own endpoints and messages, and who hears an event."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import connection
from django.db.models import Q, QuerySet

from apps.events.domain.public import PublicEvent, keys_of
from apps.events.models import Webhook, WebhookMessage, WebhookPush
from apps.tenancy.context import current_company
from apps.tenancy.fence import FencedModel


def hearers(event: str, companies: Sequence[int]) -> list[int]:
    """Of these companies those that have an endpoint for the event; a function of the owner says so."""
    with connection.cursor() as cursor:
        cursor.execute("select public.events_hearers(%s, %s::int[])", [event, list(companies)])
        return sorted(row[0] for row in cursor.fetchall())


def webhooks() -> QuerySet[Webhook]:
    """Endpoints of the current company that were not removed, latest first."""
    rows: QuerySet[Webhook] = Webhook.objects.written_by(current_company())
    return rows.exclude(state=Webhook.State.REMOVED)


def hearing(event: str) -> QuerySet[Webhook]:
    """Own endpoints that hear an event now."""
    return webhooks().filter(state=Webhook.State.ACTIVE, events__contains=[event]).order_by("id")


def messages() -> QuerySet[WebhookMessage]:
    """The company's log of messages, latest first."""
    rows: QuerySet[WebhookMessage] = WebhookMessage.objects.written_by(current_company())
    return rows.select_related("webhook")


def pushes_on(event: str, subject_id: UUID) -> QuerySet[WebhookPush]:
    """Who has a subject pushed, as far as the company sees it."""
    rows: QuerySet[WebhookPush] = WebhookPush.objects.filter(event=event, subject_id=subject_id)
    return rows.select_related("author")


def own_pushes() -> QuerySet[WebhookPush]:
    """Pushes to the company's own endpoints."""
    rows: QuerySet[WebhookPush] = WebhookPush.objects.written_by(current_company())
    return rows


def due(now: datetime) -> Q:
    """Messages whose next try is due."""
    return Q(
        state__in=[WebhookMessage.State.WAITING, WebhookMessage.State.FAILED], next_at__lte=now
    )


def seen_keys(event: PublicEvent, payload: Mapping[str, Any]) -> dict[str, set[UUID]]:
    """By field the keys whose rows the current company sees: an event may name several companies'
    rows, and nobody is told of another's."""
    return {
        name: _seen(event.fields[name], keys) if keys else set()
        for name, keys in keys_of(event, payload).items()
    }


def _seen(prefix: str, keys: Sequence[UUID]) -> set[UUID]:
    rows = shared_model(prefix)._default_manager.filter(pk__in=keys)
    return set(rows.values_list("pk", flat=True))


@lru_cache(maxsize=64)
def shared_model(prefix: str) -> type[FencedModel]:
    """The shared table whose ids begin so. Raises LookupError."""
    for model in apps.get_models():
        if issubclass(model, FencedModel) and model.prefix == prefix:
            return model
    raise LookupError(prefix)
