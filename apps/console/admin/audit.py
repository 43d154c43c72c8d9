"""Who did what: the operator's own acts, and the companies' audit rows."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

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
