"""Pages of asset types."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from apps.accounts.access import requires
from apps.assets.domain.facts import ChannelFacts
from apps.assets.domain.positions import PositionRule
from apps.assets.forms.things import AssetTypeForm, ChannelForm, ChannelFormSet, channel_initial
from apps.assets.models import AssetType, ChannelKind, TypeChannel
from apps.assets.operations import change_asset_type, register_asset_type
from apps.assets.queries import own_asset_types, visible_assets
from apps.assets.tables import AssetTypeTable
from apps.assets.views.history import history_lines
from apps.common.pages import Action, Empty, ListPage

_SHOWN_ASSETS = 20
_MOST_ROWS = 100
PREFIX = "channels"


class AssetTypeList(ListPage):
    """The company's own types."""

    model = AssetType
    table_class = AssetTypeTable
    title = gettext_lazy("Asset types")
    pretitle = gettext_lazy("Equipment")
    search_fields = ("name", "manufacturer")
    export_name = "asset-types"
    actions = (Action("asset_type_new", gettext_lazy("New type"), capability="manage_assets"),)
    empty = Empty(
        "shapes",
        gettext_lazy("No asset types yet"),
        gettext_lazy("A type says what its assets measure: kilometres, hours, cycles, energy."),
        "asset_type_new",
        gettext_lazy("Register a type"),
        "manage_assets",
    )

    def get_queryset(self) -> Any:
        return own_asset_types()


@require_GET
@requires("view_assets")
def type_detail(request: HttpRequest, type_id: UUID) -> HttpResponse:
    """A type, its channels and its assets."""
    asset_type = get_object_or_404(AssetType.objects.all(), pk=type_id)
    assets = visible_assets().filter(asset_type=asset_type)
    context = {
        "asset_type": asset_type,
        "channels": TypeChannel.objects.filter(asset_type=asset_type).order_by("code"),
        "positions": [PositionRule.from_dict(row) for row in asset_type.positions],
        "assets": assets[:_SHOWN_ASSETS],
        "asset_count": assets.count(),
        "history": history_lines(asset_type.public_id),
        "is_author": asset_type.author_id == request.company.pk,  # type: ignore[attr-defined]
    }
    return render(request, "assets/type_detail.html", context)


@require_http_methods(["GET", "POST"])
@requires("manage_assets")
def new_type(request: HttpRequest) -> HttpResponse:
    """Register a type with its channels."""
    form = AssetTypeForm(request.POST or None)
    channels: Any = ChannelFormSet(request.POST or None, prefix=PREFIX)
    if request.method == "GET":
        channels.extra = 1
    if request.method == "POST" and form.is_valid() & channels.is_valid():
        stored = _stored(form, lambda: register_asset_type(
            **_facts(form, channels.facts()), now=timezone.now(), actor=request.user
        ))  # fmt: skip
        if stored is not None:
            messages.success(request, _("The type %(name)s is registered.") % {"name": stored.name})
            return redirect("asset_type_detail", stored.public_id)
    return _form_page(request, form, channels, None)


@require_http_methods(["GET", "POST"])
@requires("manage_assets")
def edit_type(request: HttpRequest, type_id: UUID) -> HttpResponse:
    """Change a type and its channels."""
    own = AssetType.objects.written_by(request.company)  # type: ignore[attr-defined]
    asset_type = get_object_or_404(own, pk=type_id)
    names = ("name", "manufacturer", "description", "is_component")
    initial = {name: getattr(asset_type, name) for name in names}
    rules = [PositionRule.from_dict(row) for row in asset_type.positions]
    initial["positions"] = "\n".join(rule.line() for rule in rules)
    form = AssetTypeForm(request.POST or None, initial=initial)
    channels: Any = ChannelFormSet(
        request.POST or None, prefix=PREFIX, initial=channel_initial(asset_type)
    )
    if request.method == "POST" and form.is_valid() & channels.is_valid():
        stored = _stored(form, lambda: change_asset_type(
            asset_type=asset_type, **_facts(form, channels.facts()), now=timezone.now(),
            actor=request.user,
        ))  # fmt: skip
        if stored is not None:
            messages.success(request, _("The type %(name)s is changed.") % {"name": stored.name})
            return redirect("asset_type_detail", stored.public_id)
    return _form_page(request, form, channels, asset_type)


def _facts(form: AssetTypeForm, channels: Sequence[ChannelFacts]) -> dict[str, Any]:
    """What both forms say together. Raises ValidationError on `positions`."""
    states = [facts.code for facts in channels if facts.kind == ChannelKind.STATE]
    return {**form.cleaned_data, "channels": channels, "positions": form.rules(states)}


def _stored(form: AssetTypeForm, write: Callable[[], AssetType]) -> AssetType | None:
    """What was written; on a refusal nothing is, and the form says why."""
    try:
        with transaction.atomic():
            return write()
    except ValidationError as error:
        known = set(getattr(error, "error_dict", {"": 0})) <= set(form.fields)
        form.add_error(None, error if known else ValidationError(error.messages))
    return None


def _form_page(
    request: HttpRequest, form: AssetTypeForm, channels: Any, asset_type: AssetType | None
) -> HttpResponse:
    context = {"form": form, "channels": channels, "asset_type": asset_type}
    status = 422 if request.method == "POST" else 200
    return render(request, "assets/type_form.html", context, status=status)


@require_GET
@requires("manage_assets")
def channel_row(request: HttpRequest) -> HttpResponse:
    """One more empty row of channels for the form."""
    try:
        index = min(max(int(request.GET.get(f"{PREFIX}-TOTAL_FORMS", "0")), 0), _MOST_ROWS)
    except ValueError:
        index = 0
    form = ChannelForm(prefix=f"{PREFIX}-{index}")
    ChannelFormSet(prefix=PREFIX).add_fields(form, index)
    context = {"form": form, "next": index + 1, "prefix": PREFIX, "full": index >= _MOST_ROWS}
    return render(request, "assets/channel_row_added.html", context)
