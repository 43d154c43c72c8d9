"""Whether each company's chain of audit rows, and that of our own acts, held when it was looked at."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from apps.console.admin.site import ReadOnly, column, site
from apps.console.models import OperatorCheck
from apps.events.models import AuditCheck


class BrokenFilter(admin.SimpleListFilter):
    """Those that did not hold."""

    title = _("state")
    parameter_name = "chain"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("broken", _("broken")), ("whole", _("whole"))]

    def queryset(self, request: HttpRequest, checks: Any) -> Any:
        if self.value() == "broken":
            return checks.exclude(faults=[])
        return checks.filter(faults=[]) if self.value() == "whole" else checks


@admin.register(OperatorCheck, site=site)
class OperatorChainAdmin(ReadOnly):
    """The chain of our own acts, night by night."""

    list_display = ("when", "shown_state", "sealed", "links")
    list_filter = (BrokenFilter,)
    fields = ("when", "sealed", "links")
    when = column("checked_at", _("Looked at"))
    sealed, links = column("rows", _("Sealed rows")), column("seals", _("Seals"))
    change_form_template = "console/chain.html"
    ordering = ("-id",)

    @display(description=_("Chain"), label={"whole": "success", "broken": "danger"})
    def shown_state(self, check: OperatorCheck) -> tuple[str, Any]:
        return _state(check.faults)


def _state(faults: list[str]) -> tuple[str, Any]:
    return ("broken", _("broken")) if faults else ("whole", _("whole"))


@admin.register(AuditCheck, site=site)
class ChainAdmin(ReadOnly):
    """Looked at each night by the platform's worker."""

    list_display = ("whose", "shown_state", "sealed", "links", "when")
    list_filter = (BrokenFilter,)
    search_fields = ("author__name",)
    list_select_related = ("author",)
    fields = ("whose", "sealed", "links", "when")
    whose, when = column("author", _("Company")), column("checked_at", _("Looked at"))
    sealed, links = column("rows", _("Sealed rows")), column("seals", _("Seals"))
    change_form_template = "console/chain.html"

    @display(description=_("Chain"), label={"whole": "success", "broken": "danger"})
    def shown_state(self, check: AuditCheck) -> tuple[str, Any]:
        return _state(check.faults)
