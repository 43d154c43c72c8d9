"""Messages of the payment provider to the platform, and of companies to others."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import display

from apps.console.admin.site import ReadOnly, site
from apps.console.operations import hand_over_again, send_again
from apps.events.models import WebhookMessage
from apps.payments.models import WebhookEvent
from apps.tenancy.models import Company


@admin.register(WebhookEvent, site=site)
class IncomingAdmin(ReadOnly):
    """The payment provider's messages: which company each went to and what became of it."""

    list_display = ("kind", "event_id", "shown_state", "concerned", "received_at", "reason")
    list_filter = ("state", "kind")
    list_fullwidth = True
    search_fields = ("event_id", "kind", "reason")
    ordering = ("-received_at",)
    fields = ("kind", "event_id", "concerned", "made_at", "received_at", "reason")
    readonly_fields = ("concerned",)
    actions = ("hand_over",)
    change_form_template = "console/incoming.html"
    acts = (("handover", "hand_over_one"),)

    def get_queryset(self, request: HttpRequest) -> QuerySet[WebhookEvent]:
        self.names = dict(Company.objects.values_list("pk", "name"))
        return super().get_queryset(request).defer("body")

    @display(
        description=_("State"),
        label={
            "received": "info", "routed": "info", "waiting": "warning", "applied": "success",
            "refused": "danger",
        },
    )  # fmt: skip
    def shown_state(self, event: WebhookEvent) -> tuple[str, Any]:
        return event.state, event.get_state_display()

    @display(description=_("Company"))
    def concerned(self, event: WebhookEvent) -> str:
        return str(self.names.get(event.company_id, "–"))

    @admin.action(description=_("Hand the chosen messages over again"))
    def hand_over(self, request: HttpRequest, events: QuerySet[WebhookEvent]) -> None:
        count = hand_over_again(events=events, by=request.user, now=timezone.now())
        text = ngettext(
            "%(count)s message is handed over again.", "%(count)s messages are handed over again.",
            count,
        )  # fmt: skip
        self.message_user(
            request, text % {"count": count}, messages.SUCCESS if count else messages.WARNING
        )

    def hand_over_one(self, request: HttpRequest, event: WebhookEvent) -> str:
        if not hand_over_again(events=[event], by=request.user, now=timezone.now()):
            raise ValidationError(gettext("This message is settled: there is nothing to hand over."))
        return gettext("The message is handed over again within some seconds.")


@admin.register(WebhookMessage, site=site)
class OutgoingAdmin(ReadOnly):
    """Messages of companies to their endpoints; neither content nor address is shown."""

    list_display = (
        "event", "author", "endpoint", "shown_state", "tries", "http_status", "next_at", "made_at",
    )  # fmt: skip
    list_filter = ("state", "event", "reason")
    list_fullwidth = True
    search_fields = ("event", "author__name")
    list_select_related = ("author", "webhook")
    ordering = ("-id",)
    fields = (
        "event", "author", "endpoint", "tries", "http_status", "reason", "next_at", "made_at",
        "settled_at",
    )  # fmt: skip
    readonly_fields = ("endpoint",)
    actions = ("send",)
    change_form_template = "console/outgoing.html"
    acts = (("sending", "send_one"),)

    @display(description=_("Endpoint"))
    def endpoint(self, message: WebhookMessage) -> str:
        return message.webhook.host

    @display(
        description=_("State"),
        label={
            "waiting": "info", "failed": "warning", "delivered": "success", "given_up": "danger",
        },
    )  # fmt: skip
    def shown_state(self, message: WebhookMessage) -> tuple[str, Any]:
        return message.state, message.get_state_display()

    @admin.action(description=_("Send the chosen given-up messages again"))
    def send(self, request: HttpRequest, rows: QuerySet[WebhookMessage]) -> None:
        count = send_again(messages=rows, by=request.user, now=timezone.now())
        text = ngettext(
            "%(count)s message is sent again.", "%(count)s messages are sent again.", count
        )
        self.message_user(
            request, text % {"count": count}, messages.SUCCESS if count else messages.WARNING
        )

    def send_one(self, request: HttpRequest, message: WebhookMessage) -> str:
        if not send_again(messages=[message], by=request.user, now=timezone.now()):
            raise ValidationError(gettext("Only a message that was given up is sent again."))
        return gettext("The message is sent again within some seconds.")
