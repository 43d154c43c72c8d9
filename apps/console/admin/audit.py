"""Who did what: the operator's own acts, and the companies' audit rows."""

from typing import Any

from django.contrib import admin
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from apps.accounts.models import Impersonation
from apps.console.admin.site import ReadOnly, column, site
from apps.console.models import OperatorAct
from apps.events.models import AuditRow


@admin.register(OperatorAct, site=site)
class OperatorActAdmin(ReadOnly):
    """What the platform's people did, and why."""

    list_display = ("when", "who", "what", "whose", "on", "why")
    fields = ("key", "when", "who", "what", "whose", "on", "why")
    key, when, who = (
        column("public_id", _("Id")),
        column("at", _("Time")),
        column("actor", _("Who")),
    )
    what, whose = column("action", _("Act")), column("company", _("Company"))
    on, why = column("subject", _("Subject")), column("reason", _("Reason"))
    list_filter = ("action",)
    list_fullwidth = True
    search_fields = ("actor", "action", "reason", "company__name")
    list_select_related = ("company",)
    ordering = ("-id",)


@admin.register(Impersonation, site=site)
class ImpersonationAdmin(ReadOnly):
    """Who of the platform looked into whose portal, why, and how long."""

    list_display = ("begun", "who", "whose", "why", "over", "shown_state")
    list_fullwidth = True
    search_fields = ("operator_name", "reason", "author__name")
    list_select_related = ("author",)
    fields = ("key", "begun", "over", "who", "whose", "why")
    key, begun, over = (
        column("public_id", _("Id")),
        column("started_at", _("From")),
        column("over_at", _("Until"), order="expires_at"),
    )
    who, whose = column("operator_name", _("Who")), column("author", _("Company"))
    why = column("reason", _("Reason"))
    ordering = ("-id",)

    @display(description=_("State"), label={"running": "warning", "over": "default"})
    def shown_state(self, row: Impersonation) -> tuple[str, Any]:
        if row.over_at > timezone.now():
            return "running", _("running")
        return "over", _("over")


@admin.register(AuditRow, site=site)
class AuditAdmin(ReadOnly):
    """What companies' people did, by name; the details are the companies' own."""

    list_display = ("when", "whose", "who", "what", "on")
    key, when, who = (
        column("public_id", _("Id")),
        column("at", _("Time")),
        column("actor", _("Who")),
    )
    what, whose = column("action", _("Act")), column("author", _("Company"))
    on = column("subject", _("Subject"))
    list_filter = ("action",)
    list_fullwidth = True
    search_fields = ("actor", "subject", "author__name")
    list_select_related = ("author",)
    fields = ("key", "when", "whose", "who", "what", "on")
    ordering = ("-id",)
