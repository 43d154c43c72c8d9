"""Endpoints of outgoing webhooks. They stand here because `events` lies below who may see what."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.access import requires
from apps.accounts.confirming import confirmed
from apps.accounts.forms import ReplayForm, WebhookForm
from apps.accounts.queries import history_of
from apps.accounts.tables import WebhookTable
from apps.accounts.wording import action_in_words, event_in_words
from apps.common.pages import Action, Empty, ListPage
from apps.events.models import Webhook
from apps.events.operations import (
    change_webhook,
    make_webhook,
    pause_webhook,
    remove_webhook,
    replace_secret,
    resume_webhook,
    send_test,
)
from apps.events.queries import messages as log
from apps.events.queries import webhooks

_LATEST = 10
_HISTORY = 20
_KEYS = requires("manage_keys")


class WebhookList(ListPage):
    """Endpoints, paused ones included."""

    model = Webhook
    table_class = WebhookTable
    title = gettext_lazy("Webhooks")
    search_fields = ("description", "url")
    filter_fields = ("state",)
    export_name = "webhooks"
    actions = (
        Action("webhook_new", gettext_lazy("New webhook"), capability="manage_keys"),
        Action(
            "webhook_messages", gettext_lazy("All messages"), "scroll-text", "manage_keys",
            primary=False,
        ),
    )  # fmt: skip
    empty = Empty(
        "webhook",
        gettext_lazy("No webhooks yet"),
        gettext_lazy("Your own systems hear of invoices, contracts and more as it happens."),
        "webhook_new",
        gettext_lazy("Set one up"),
        "manage_keys",
    )

    def get_queryset(self) -> QuerySet[Webhook]:
        return webhooks()


def _webhook(webhook_id: UUID) -> Webhook:
    return get_object_or_404(webhooks(), pk=webhook_id)


@require_GET
@_KEYS
def webhook_detail(request: HttpRequest, webhook_id: UUID) -> HttpResponse:
    """One endpoint: what it hears, how it goes, and its latest messages."""
    webhook = _webhook(webhook_id)
    rows = history_of(webhook.public_id)[:_HISTORY]
    context = {
        "webhook": webhook,
        "latest": log().filter(webhook=webhook)[:_LATEST],
        "heard": [(name, event_in_words(name)) for name in webhook.events],
        "history": [(row, action_in_words(row.action)) for row in rows],
        "replay_form": ReplayForm(),
    }
    return render(request, "accounts/webhook_detail.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
@_KEYS
def new_webhook(request: HttpRequest) -> HttpResponse:
    """Set an endpoint up. The answer to the POST is the only page that ever shows the secret."""
    form = WebhookForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            webhook, secret = make_webhook(
                **form.cleaned_data, now=timezone.now(), actor=request.user
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return _show_secret(request, webhook, secret)
    return render(request, "accounts/webhook_form.html", {"form": form})


@require_http_methods(["GET", "POST"])
@_KEYS
def edit_webhook(request: HttpRequest, webhook_id: UUID) -> HttpResponse:
    """Another address, description or choice of events."""
    webhook = _webhook(webhook_id)
    stored = {name: getattr(webhook, name) for name in ("url", "description", "events")}
    form = WebhookForm(request.POST or None, initial=stored)
    if request.method == "POST" and form.is_valid():
        try:
            change_webhook(
                webhook=webhook, **form.cleaned_data, now=timezone.now(), actor=request.user
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("The webhook is changed."))
            return redirect("webhook_detail", webhook.public_id)
    return render(request, "accounts/webhook_form.html", {"form": form, "webhook": webhook})


@never_cache
@require_POST
@_KEYS
@confirmed
def secret(request: HttpRequest, webhook_id: UUID) -> HttpResponse:
    """A new secret; the old one signs beside it for a day."""
    webhook, made = replace_secret(
        webhook=_webhook(webhook_id), now=timezone.now(), actor=request.user
    )
    return _show_secret(request, webhook, made)


def _show_secret(request: HttpRequest, webhook: Webhook, secret: str) -> HttpResponse:
    """The one page with the secret; nothing readable keeps it."""
    context = {"webhook": webhook, "secret": secret}
    response = render(request, "accounts/webhook_made.html", context)
    response.headers["Cache-Control"] = "no-store, private"
    return response


@require_POST
@_KEYS
def pause(request: HttpRequest, webhook_id: UUID) -> HttpResponse:
    """Nothing is sent to it until it goes on."""
    webhook = _webhook(webhook_id)
    pause_webhook(webhook=webhook, now=timezone.now(), actor=request.user)
    messages.success(request, _("The webhook is paused."))
    return redirect("webhook_detail", webhook.public_id)


@require_POST
@_KEYS
def resumption(request: HttpRequest, webhook_id: UUID) -> HttpResponse:
    """It hears events again."""
    webhook = _webhook(webhook_id)
    resume_webhook(webhook=webhook, now=timezone.now(), actor=request.user)
    messages.success(request, _("The webhook goes on. What it missed can be sent again below."))
    return redirect("webhook_detail", webhook.public_id)


@require_POST
@_KEYS
def removal(request: HttpRequest, webhook_id: UUID) -> HttpResponse:
    """It hears nothing any more; the log stays for its time."""
    remove_webhook(webhook=_webhook(webhook_id), now=timezone.now(), actor=request.user)
    messages.success(request, _("The webhook is removed."))
    return redirect("webhook_list")


@require_POST
@_KEYS
def test_message(request: HttpRequest, webhook_id: UUID) -> HttpResponse:
    """Send a message that tells of nothing, and show how it goes."""
    webhook = _webhook(webhook_id)
    try:
        message: Any = send_test(webhook=webhook, now=timezone.now(), actor=request.user)
    except ValidationError as error:
        messages.error(request, error.messages[0])
        return redirect("webhook_detail", webhook.public_id)
    return redirect("webhook_message", message.public_id)
