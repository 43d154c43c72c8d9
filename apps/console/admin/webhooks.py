"""Messages of the payment provider to the platform, and of companies to others."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from apps.console.admin.site import ReadOnly, column, site
from apps.console.operations import hand_over_again, send_again
from apps.events.models import WebhookMessage
from apps.payments.models import WebhookEvent
from apps.tenancy.models import Company


@admin.register(WebhookEvent, site=site)
class IncomingAdmin(ReadOnly):
    """The payment provider's messages: which company each went to and what became of it."""

    list_display = ("what", "key", "shown_state", "concerned", "received", "why")
    list_filter = ("state", "kind")
    list_fullwidth = True
    search_fields = ("event_id", "kind", "reason")
    ordering = ("-received_at",)
    fields = ("what", "key", "concerned", "made", "received", "why")
    what, key = column("kind", _("Kind")), column("event_id", _("Id"))
    made, received = column("made_at", _("Written")), column("received_at", _("Received"))
    why = column("reason", _("Reason"))
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
            raise ValidationError(
                gettext("This message is settled: there is nothing to hand over.")
            )
        return gettext("The message is handed over again within some seconds.")


@admin.register(WebhookMessage, site=site)
class OutgoingAdmin(ReadOnly):
    """Messages of companies to their endpoints; neither content nor address is shown."""

    list_display = (
        "what", "whose", "endpoint", "shown_state", "tried", "answer", "next_try", "made",
    )  # fmt: skip
    list_filter = ("state", "event", "reason")
    list_fullwidth = True
    search_fields = ("event", "author__name")
    list_select_related = ("author", "webhook")
    ordering = ("-id",)
    fields = (
        "key", "what", "whose", "endpoint", "tried", "answer", "why", "next_try", "made", "settled",
    )  # fmt: skip
    key, what, whose = (
        column("public_id", _("Id")),
        column("event", _("Event")),
        column("author", _("Company")),
    )
    tried, answer = column("tries", _("Tries")), column("http_status", _("Answer"))
    why, next_try = column("get_reason_display", _("Reason")), column("next_at", _("Next try"))
    made, settled = column("made_at", _("Written")), column("settled_at", _("Finished"))
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
