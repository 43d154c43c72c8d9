"""Who did what: the operator's own acts, and the companies' audit rows."""

from django.contrib import admin

from apps.console.admin.site import ReadOnly, site
from apps.console.models import OperatorAct
from apps.events.models import AuditRow


@admin.register(OperatorAct, site=site)
class OperatorActAdmin(ReadOnly):
    """What the platform's people did, and why."""

    list_display = ("at", "actor", "action", "company", "subject", "reason")
    list_filter = ("action",)
    list_fullwidth = True
    search_fields = ("actor", "action", "reason", "company__name")
    list_select_related = ("company",)
    ordering = ("-id",)


@admin.register(AuditRow, site=site)
class AuditAdmin(ReadOnly):
    """What companies' people did, by name; the details are the companies' own."""

    list_display = ("at", "author", "actor", "action", "subject")
    list_filter = ("action",)
    list_fullwidth = True
    search_fields = ("actor", "subject", "author__name")
    list_select_related = ("author",)
    fields = ("at", "author", "actor", "action", "subject")
    ordering = ("-id",)
