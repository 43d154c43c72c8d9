"""Data grants the company gave or holds, and who read under them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_tables2 import RequestConfig

from apps.accounts.access import requires
from apps.assets.models import Asset, DataGrant
from apps.assets.operations import NotGranted, give_data, revoke_grant
from apps.assets.queries import can_prove, seen_grants, seen_requests, standing_of
from apps.common.pages import Action, Empty, ListPage
from apps.events.domain.public import DELIVERED
from apps.events.queries import pushes_on
from apps.telemetry.door import health_under_grant
from apps.telemetry.forms.grants import DataTermsForm, PushForm
from apps.telemetry.queries.devices import DeviceHealth
from apps.telemetry.tables import GrantReadTable, GrantTable, direction_of, grant_words
from apps.tenancy.context import current_company, current_company_id

PUSHABLE = (DataGrant.Resolution.HOURLY, DataGrant.Resolution.DAILY)


def dressed(grant: Any, now: datetime) -> Any:
    """Attach whose grant it is and whether it lives."""
    own = current_company_id()
    grant.is_given, grant.is_held = grant.author_id == own, grant.grantee_id == own
    grant.state = grant.state_at(now)
    grant.state_label = grant_words(grant.state)
    return grant


def waiting_requests() -> list[Any]:
    """Open requests that wait for the company's own yes or no."""
    own = current_company()
    asked = seen_requests().filter(Q(collector=own) | Q(user=own), withdrawn_at=None)
    rows = asked.exclude(author=own).exclude(answers__author=own)
    return [row for row in rows[:50] if standing_of(row) == "open"]


class GrantList(ListPage):
    """Grants given, held, and on equipment the company uses."""

    model = DataGrant
    table_class = GrantTable
    title = gettext_lazy("Data grants")
    pretitle = gettext_lazy("Data")
    search_fields = ("asset_label", "purpose")
    filter_fields = ("kind", "resolution", "origin")
    export_name = "grants"
    intro_template = "telemetry/requests_waiting.html"
    actions = (
        Action("request_list", gettext_lazy("Requests"), "message-square", primary=False),
    )  # fmt: skip
    empty = Empty(
        "share-2", gettext_lazy("No data grants yet"),
        gettext_lazy(
            "A contract brings the grants it needs, and who uses equipment reads its data by right. "
            "Others ask from the page of an asset."
        ),
        "asset_list", gettext_lazy("See assets"), "view_assets",
    )  # fmt: skip

    def get_queryset(self) -> Any:
        return seen_grants().annotate(read_count=Count("reads", filter=~Q(reads__act="delivered")))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs, requests=waiting_requests())

    def annotate_rows(self, rows: Sequence[Any]) -> None:
        now = timezone.now()
        for row in rows:
            dressed(row, now)

    def _export(self) -> HttpResponse:
        now = timezone.now()
        found: Any = [dressed(row, now) for row in self.found]
        self.found = found
        return super()._export()


@require_GET
@requires("view_readings")
def grant_detail(request: HttpRequest, grant_id: UUID) -> HttpResponse:
    """One grant: what it covers, and the log that all who see it see."""
    now = timezone.now()
    grant = dressed(get_object_or_404(seen_grants(), pk=grant_id), now)
    health = _health(grant, str(request.user), now)
    table = GrantReadTable(data=grant.reads.select_related("author"), request=request)
    RequestConfig(request, paginate={"per_page": 50}).configure(table)
    context = {
        "grant": grant, "table": table, "direction": direction_of(grant), "health": health,
        "count": table.paginator.count, "log_company": grant.author,
        "channels": [(code, grant.channel_facts.get(code, {})) for code in grant.channels],
        "sees_asset": Asset.objects.filter(pk=grant.asset_id).exists(),
        "proves": can_prove(grant),
        "can_open": grant.is_given or (grant.is_held and grant.state == "active"),
        **_push(grant),
    }  # fmt: skip
    return render(request, "telemetry/grant_detail.html", context)


def _push(grant: Any) -> dict[str, Any]:
    """Where it is pushed, for all who see it; and for who holds it how to have it pushed."""
    can_push = grant.is_held and grant.state == "active" and grant.resolution in PUSHABLE
    return {
        "push": pushes_on(DELIVERED, grant.pk).first(),
        "push_form": PushForm() if can_push else None,
    }


def _health(grant: Any, reader: str, now: datetime) -> DeviceHealth | None:
    """What its holder sees under a living grant of device health; looking is logged."""
    if grant.kind != DataGrant.Kind.HEALTH or not grant.is_held or grant.state != "active":
        return None
    try:
        return health_under_grant(grant=grant, reader=reader, now=now)
    except NotGranted:
        return None


@require_http_methods(["GET", "POST"])
@requires("share_data")
def give(request: HttpRequest, asset_id: UUID) -> HttpResponse:
    """Let another company read an own asset's data."""
    now = timezone.now()
    own = Asset.objects.written_by(current_company()).select_related("customer")
    asset = get_object_or_404(own, pk=asset_id)
    form = DataTermsForm(request.POST or None, asset=asset, now=now, others=True)
    if request.method == "POST" and form.is_valid():
        try:
            grant = give_data(asset=asset, **form.terms(), now=now, actor=request.user)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("The grant stands."))
            return redirect("grant_detail", grant.public_id)
    context = {"form": form, "asset": asset, "gives": True}
    status = 422 if request.method == "POST" else 200
    return render(request, "telemetry/data_terms.html", context, status=status)


@require_POST
@requires("share_data")
def revocation(request: HttpRequest, grant_id: UUID) -> HttpResponse:
    """Take an own grant back."""
    own = DataGrant.objects.written_by(current_company())
    grant = get_object_or_404(own, pk=grant_id)
    try:
        revoke_grant(grant=grant, now=timezone.now(), actor=request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(
            request, _("The grant is taken back. Nothing can be read under it any more.")
        )
    return redirect("grant_detail", grant.public_id)
