"""Data grants the company gave or holds, and who read under them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET
from django_tables2 import RequestConfig

from apps.accounts.access import requires
from apps.assets.models import DataGrant
from apps.common.pages import Empty, ListPage
from apps.telemetry.tables import GrantReadTable, GrantTable, direction_of, grant_words
from apps.tenancy.context import current_company_id


def _dress(grant: Any, now: datetime) -> Any:
    """Attach whose grant it is and whether it lives."""
    grant.is_given = grant.author_id == current_company_id()
    grant.state = _state(grant, now)
    return grant


def _state(grant: DataGrant, now: datetime) -> str:
    if grant.revoked_at is not None:
        return "revoked"
    if grant.valid_until is not None and grant.valid_until <= now:
        return "ended"
    return "waiting" if grant.valid_from > now else "active"


class GrantList(ListPage):
    """Grants given and held."""

    model = DataGrant
    table_class = GrantTable
    title = gettext_lazy("Data grants")
    pretitle = gettext_lazy("Data")
    search_fields = ("asset__name", "asset__serial", "purpose")
    filter_fields = ("resolution",)
    export_name = "grants"
    empty = Empty(
        "share-2", gettext_lazy("No data grants yet"),
        gettext_lazy("A contract gives the customer the right to read the channels it is billed by."),
        "contract_list", gettext_lazy("See contracts"), "view_contracts",
    )  # fmt: skip

    def get_queryset(self) -> Any:
        rows = DataGrant.objects.select_related("asset", "author", "grantee")
        return rows.annotate(read_count=Count("reads"))

    def annotate_rows(self, rows: Sequence[Any]) -> None:
        now = timezone.now()
        for row in rows:
            _dress(row, now)

    def _export(self) -> HttpResponse:
        now = timezone.now()
        dressed: Any = [_dress(row, now) for row in self.found]
        self.found = dressed
        return super()._export()


@require_GET
@requires("view_readings")
def grant_detail(request: HttpRequest, grant_id: UUID) -> HttpResponse:
    """One grant: what it covers, and the log of reads both companies see."""
    rows = DataGrant.objects.select_related("asset", "author", "grantee")
    grant = _dress(get_object_or_404(rows, pk=grant_id), timezone.now())
    table = GrantReadTable(data=grant.reads.all(), request=request)
    RequestConfig(request, paginate={"per_page": 50}).configure(table)
    context = {
        "grant": grant, "table": table, "direction": direction_of(grant),
        "state_label": grant_words(grant.state), "count": table.paginator.count,
    }  # fmt: skip
    return render(request, "telemetry/grant_detail.html", context)
