"""The passport of an asset: its nameplate, as a page, as a file, and as a mark to print."""

import json
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_GET

from apps.accounts.access import requires
from apps.accounts.addresses import public_url
from apps.assets.domain.mark import mark_of
from apps.assets.domain.nameplate import Nameplate, environment
from apps.assets.models import Asset
from apps.assets.queries import passport, visible_assets
from apps.assets.views.assets import ROLE_NAMES


def nameplate_of(asset: Asset) -> Nameplate:
    """What the asset's plate says, to whoever sees the asset the same."""
    return Nameplate(
        public_url(f"/id/{asset.public_id}/"),
        "" if asset.manufacturer is None else asset.manufacturer.name,
        asset.type_name, asset.serial, asset.manufactured_on,
    )  # fmt: skip


def _asset(asset_id: UUID) -> Asset:
    found: Asset = get_object_or_404(visible_assets(), pk=asset_id)
    return found


@require_GET
@requires("view_assets")
def passport_page(request: HttpRequest, asset_id: UUID) -> HttpResponse:
    """Nameplate, holders and mark, for the companies that the passport names."""
    asset = _asset(asset_id)
    plate = nameplate_of(asset)
    context = {
        "asset": asset, "plate": plate.fields,
        # Drawn here from the link alone.
        "mark": mark_safe(mark_of(plate.uri)),  # noqa: S308
        "holders": [(ROLE_NAMES[role], company) for role, company in passport(asset)],
    }  # fmt: skip
    return render(request, "assets/passport.html", context)


@require_GET
@requires("view_assets")
def nameplate_file(request: HttpRequest, asset_id: UUID) -> HttpResponse:
    """The nameplate as an Asset Administration Shell."""
    asset = _asset(asset_id)
    text = json.dumps(environment(nameplate_of(asset)), ensure_ascii=False, indent=2)
    return _download(text, "application/json", f"{asset.public_id}.aas.json")


@require_GET
@requires("view_assets")
def mark_file(request: HttpRequest, asset_id: UUID) -> HttpResponse:
    """The mark to print."""
    asset = _asset(asset_id)
    return _download(mark_of(nameplate_of(asset).uri), "image/svg+xml", f"{asset.public_id}.svg")


def _download(text: str, kind: str, name: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(text, content_type=kind, headers=headers)
