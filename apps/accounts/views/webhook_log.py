"""The log of webhook messages: what was sent where, how it went, and sending again."""

import json
from typing import Any
from uuid import UUID

import django_filters
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.access import requires
from apps.accounts.forms import ReplayForm
from apps.accounts.tables import MessageTable
from apps.accounts.wording import WEBHOOK_EVENTS, event_in_words
from apps.common.pages import Empty, ListPage
from apps.events.models import Webhook, WebhookMessage
from apps.events.operations import replay_failed, replay_message
from apps.events.queries import messages as log
from apps.events.queries import webhooks

_KEYS = requires("manage_keys")


def _own(request: Any) -> QuerySet[Webhook]:
    return webhooks()


class MessageFilters(django_filters.FilterSet):
    """By state, endpoint and event."""

    state = django_filters.ChoiceFilter(
        label=gettext_lazy("State"), choices=WebhookMessage.State.choices
    )
    webhook = django_filters.ModelChoiceFilter(label=gettext_lazy("Webhook"), queryset=_own)
    event = django_filters.ChoiceFilter(
        label=gettext_lazy("Event"), choices=[(name, name) for name in WEBHOOK_EVENTS]
    )

    class Meta:
        model = WebhookMessage
        fields = ("state", "webhook", "event")


class MessageList(ListPage):
    """Messages of all endpoints, latest first."""

    model = WebhookMessage
    table_class = MessageTable
    title = gettext_lazy("Messages of webhooks")
    filterset_class = MessageFilters
    export_name = "webhook-messages"
    empty = Empty(
        "scroll-text",
        gettext_lazy("No messages yet"),
        gettext_lazy("What is sent to your webhooks is listed here for 90 days."),
        "webhook_list",
        gettext_lazy("Webhooks"),
    )

    def get_queryset(self) -> QuerySet[WebhookMessage]:
        return log()


@require_GET
@_KEYS
def message_detail(request: HttpRequest, message_id: UUID) -> HttpResponse:
    """One message: its tries and what it says. Asks again each two seconds until its first try."""
    message = get_object_or_404(log(), pk=message_id)
    context = {
        "message": message,
        "event_words": event_in_words(message.event),
        "tries": list(message.log.all()),
        "body": _indented(message.body),
        "may_replay": bool(message.body) and message.webhook.state == Webhook.State.ACTIVE,
    }
    return render(request, "accounts/webhook_message.html", context)


def _indented(body: str) -> str:
    return json.dumps(json.loads(body), indent=2, ensure_ascii=False) if body else ""


@require_POST
@_KEYS
def message_replay(request: HttpRequest, message_id: UUID) -> HttpResponse:
    """Send one message again."""
    message = get_object_or_404(log(), pk=message_id)
    try:
        replay_message(message=message, now=timezone.now(), actor=request.user)
    except ValidationError as error:
        messages.error(request, error.messages[0])
    else:
        messages.success(request, _("The message is sent again, with the same id."))
    return redirect("webhook_message", message.public_id)


@require_POST
@_KEYS
def webhook_replay(request: HttpRequest, webhook_id: UUID) -> HttpResponse:
    """Send all messages again that were not taken since a time."""
    webhook = get_object_or_404(webhooks(), pk=webhook_id)
    form = ReplayForm(request.POST)
    if not form.is_valid():
        messages.error(request, str(form.errors["since"][0]))
        return redirect("webhook_detail", webhook.public_id)
    try:
        count = replay_failed(
            webhook=webhook, since=form.cleaned_data["since"], now=timezone.now(),
            actor=request.user,
        )  # fmt: skip
    except ValidationError as error:
        messages.error(request, error.messages[0])
    else:
        text = ngettext(
            "%(count)s message is sent again.", "%(count)s messages are sent again.", count
        )
        messages.success(request, text % {"count": count})
    return redirect("webhook_detail", webhook.public_id)
