"""Parts that telemetry shows on pages of assets, asked for by their address."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from apps.accounts.access import requires
from apps.assets.models import Asset
from apps.common.ids import BadId, decode, encode
from apps.telemetry.queries import asset_sparklines, channels_of

_MOST_LINES = 100


@require_GET
@requires("view_readings")
def usage_lines(request: HttpRequest) -> HttpResponse:
    """Lines of recent usage for the assets of a list, each for its own place in the page."""
    asked = request.GET.getlist("asset")[:_MOST_LINES]
    keys = [key for text in asked if (key := _key(text)) is not None]
    found = asset_sparklines(keys, timezone.now())
    lines = [(encode(Asset.prefix, key), values) for key, values in found.items()]
    return render(request, "telemetry/usage_lines.html", {"lines": lines})


def _key(text: str) -> UUID | None:
    try:
        return decode(Asset.prefix, text)
    except BadId:
        return None


@require_GET
@requires("view_readings")
def asset_channels(request: HttpRequest, asset_id: UUID) -> HttpResponse:
    """The channels of an own asset with their last values."""
    own = Asset.objects.written_by(request.company)  # type: ignore[attr-defined]
    asset = get_object_or_404(own, pk=asset_id)
    channels = channels_of([asset.pk], timezone.now()).get(asset.pk, [])
    context = {"asset": asset, "channels": channels}
    return render(request, "telemetry/asset_channels.html", context)
