"""Pages of assets."""

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import django_filters
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from apps.accounts.access import requires
from apps.assets.domain.mounting import Layout, coupling_rule
from apps.assets.domain.positions import COUPLING, PositionRule
from apps.assets.forms.things import AssetForm
from apps.assets.models import Asset, AssetType, TypeChannel
from apps.assets.operations import change_asset, register_assets
from apps.assets.queries import (
    carried_by,
    customers_of_assets,
    grants_on,
    hosts_for_own,
    lives_of,
    mountings_of,
    own_asset_types,
    own_components,
    passport,
    reporting_state,
    retired_on,
    roles_in,
    seen_among,
    visible_assets,
    with_expected_interval,
)
from apps.assets.tables import AssetTable, ReportingColumn
from apps.assets.views.history import history_lines
from apps.common.ids import encode
from apps.common.navigation import READS
from apps.common.pages import Action, Empty, ListPage

MOST_PLACEMENTS = 100
ROLE_NAMES = {
    "manufacturer": gettext_lazy("Manufacturer"), "owner": gettext_lazy("Owner"),
    "provider": gettext_lazy("Service provider"), "customer": gettext_lazy("Customer"),
}  # fmt: skip


class AssetFilters(django_filters.FilterSet):
    """By type and by customer."""

    asset_type = django_filters.ModelChoiceFilter(
        queryset=lambda request: AssetType.objects.all(),
        label=gettext_lazy("Type"),
        empty_label=gettext_lazy("All types"),
    )
    customer = django_filters.ModelChoiceFilter(
        queryset=lambda request: customers_of_assets(),
        label=gettext_lazy("Customer"),
        empty_label=gettext_lazy("All customers"),
    )

    class Meta:
        model = Asset
        fields = ()


class AssetList(ListPage):
    """Own assets and those whose passport names the company."""

    model = Asset
    table_class = AssetTable
    title = gettext_lazy("Assets")
    pretitle = gettext_lazy("Equipment")
    search_fields = ("name", "serial", "site", "type_name")
    filterset_class = AssetFilters
    export_name = "assets"
    actions = (
        Action(
            "asset_import", gettext_lazy("Import CSV"), "file-up", "manage_assets", False, READS
        ),
        Action(
            "mounting_import",
            gettext_lazy("Import mountings"),
            "file-up",
            "mount_components",
            False,
            READS,
        ),
        Action("asset_new", gettext_lazy("New asset"), capability="manage_assets", sides=READS),
    )
    empty = Empty(
        "cpu",
        gettext_lazy("No assets yet"),
        gettext_lazy("Register a machine, a vehicle or a meter, or import a list of them."),
        "asset_new",
        gettext_lazy("Register an asset"),
        "manage_assets",
        READS,
    )

    def get_queryset(self) -> Any:
        return with_expected_interval(Asset.objects.select_related("customer"))

    def annotate_rows(self, rows: Sequence[Any]) -> None:
        now = timezone.now()
        for row in rows:
            row.reporting = reporting_state(row.last_reading_at, row.expected_interval, now)
        if rows:
            rows[0].usage_url = _part(
                "asset_sparklines", [("asset", row.public_id) for row in rows]
            )


def _part(url_name: str, parameters: list[tuple[str, str]]) -> str:
    """The address of a part that a higher app serves; empty where that app is not installed."""
    try:
        return f"{reverse(url_name)}?{urlencode(parameters)}"
    except NoReverseMatch:
        return ""


@require_GET
@requires("view_assets")
def asset_detail(request: HttpRequest, asset_id: UUID) -> HttpResponse:
    """An asset: passport, channels, grants, history."""
    asset: Any = get_object_or_404(with_expected_interval(visible_assets()), pk=asset_id)
    state = reporting_state(asset.last_reading_at, asset.expected_interval, timezone.now())
    context = {
        "asset": asset,
        "type_public_id": encode(AssetType.prefix, asset.asset_type_id),
        "state": state,
        "state_label": ReportingColumn.LABELS[state],
        "passport": [(ROLE_NAMES[role], company) for role, company in passport(asset)],
        "own_roles": [ROLE_NAMES[role] for role in roles_in(asset)],
        "channels": TypeChannel.objects.filter(asset_type=asset.asset_type_id).order_by("code"),
        "grants": grants_on(asset)[:50],
        "history": history_lines(asset.public_id),
        "retired_on": retired_on(asset.pk),
        "is_author": asset.author_id == request.company.pk,  # type: ignore[attr-defined]
        "uses_data": request.company.pk in (asset.author_id, asset.customer_id),  # type: ignore[attr-defined]
        **_mounted(request, asset),
    }
    return render(request, "assets/asset_detail.html", context)


def _mounted(request: HttpRequest, asset: Asset) -> dict[str, Any]:
    """What the page says about mounting: the places of a host, the history of a component."""
    may = "mount_components" in request.capabilities  # type: ignore[attr-defined]
    carried = {row.position: row for row in carried_by(asset.pk, timezone.now())}
    rules = list(Layout.from_dict(asset.layout).positions)
    if COUPLING in carried:
        rules.append(coupling_rule(str(_("Coupled behind it"))))
    # A position that a later layout no longer names still holds what is mounted there.
    named = {rule.code for rule in rules}
    rules += [
        PositionRule(row.position, row.position_title, row.factor)
        for code, row in carried.items() if code not in named
    ]  # fmt: skip
    own = own_components().filter(pk=asset.pk).exists()
    placements = list(mountings_of(asset.pk)[:MOST_PLACEMENTS])
    others = {row.component_id for row in carried.values()} | {row.host_id for row in placements}
    return {
        "seen_assets": seen_among(others),
        "places": [(rule, carried.get(rule.code)) for rule in rules],
        "placements": placements, "shows_placements": own or bool(placements),
        "lives": lives_of(asset.pk), "may_place": own and may,
        "may_mount": may and hosts_for_own().filter(pk=asset.pk).exists(),
        "company_id": request.company.pk,  # type: ignore[attr-defined]
    }  # fmt: skip


@require_http_methods(["GET", "POST"])
@requires("manage_assets")
def new_asset(request: HttpRequest) -> HttpResponse:
    """Register one asset."""
    company = request.company  # type: ignore[attr-defined]
    form = AssetForm(request.POST or None, initial={**request.GET.dict(), "provider": company.pk})
    if request.method == "POST" and form.is_valid():
        made = _stored(form, lambda: register_assets(
            assets=[form.facts()], now=timezone.now(), actor=request.user
        )[0])  # fmt: skip
        if made is not None:
            messages.success(request, _("The asset %(name)s is registered.") % {"name": made.name})
            return redirect("asset_detail", made.public_id)
    return _form_page(request, form, None)


@require_http_methods(["GET", "POST"])
@requires("manage_assets")
def edit_asset(request: HttpRequest, asset_id: UUID) -> HttpResponse:
    """Change an asset's passport."""
    own = visible_assets().filter(author=request.company)  # type: ignore[attr-defined]
    asset = get_object_or_404(own, pk=asset_id)
    form = AssetForm(request.POST or None, asset=asset)
    if request.method == "POST" and form.is_valid():
        changed = _stored(form, lambda: change_asset(
            asset=asset, facts=form.facts(), now=timezone.now(), actor=request.user
        ))  # fmt: skip
        if changed is not None:
            messages.success(request, _("The asset %(name)s is changed.") % {"name": changed.name})
            return redirect("asset_detail", changed.public_id)
    return _form_page(request, form, asset)


def _stored(form: AssetForm, write: Callable[[], Asset]) -> Asset | None:
    """What was written; on a refusal nothing is, and the form says why."""
    try:
        with transaction.atomic():
            return write()
    except ValidationError as error:
        known = getattr(error, "error_dict", {})
        whole = not known or set(known) - set(form.fields)
        form.add_error(None, ValidationError(error.messages) if whole else error)
    return None


def _form_page(request: HttpRequest, form: AssetForm, asset: Asset | None) -> HttpResponse:
    context = {
        "form": form,
        "asset": asset,
        "has_types": own_asset_types().exists(),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "assets/asset_form.html", context, status=status)
