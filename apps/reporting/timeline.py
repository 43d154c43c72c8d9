"""The part of an asset's page that tells its life: what happened, and who held which role when."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from apps.assets.domain.timeline import Entry
from apps.assets.models import Holding
from apps.assets.queries import holdings_of, visible_assets
from apps.reporting.queries.timeline import timeline_of

# By kind of entry: icon and words.
KINDS: Mapping[str, tuple[str, str | Promise]] = {
    "manufactured": ("hammer", _("Manufactured")), "sold": ("banknote", _("Sold")),
    "installed": ("plug", _("Installed")), "handed_over": ("handshake", _("Handed over")),
    "serviced": ("wrench", _("Serviced")), "moved": ("truck", _("Moved")),
    "retired": ("archive", _("Retired")), "in_service": ("play", _("In service")),
    "warranty": ("shield-check", _("Warranty")), "mounted": ("link", _("Mounted on")),
    "carried": ("link", _("Carried")), "life": ("refresh-cw", _("New life")),
    "covered": ("file-text", _("Covered by a contract")),
    "holds_manufacturer": ("user", _("Manufacturer")), "holds_owner": ("user", _("Owner")),
    "holds_provider": ("user", _("Service provider")), "holds_customer": ("user", _("Customer")),
}  # fmt: skip
_PAGES = {"mounted": "asset_detail", "carried": "asset_detail", "covered": "contract_detail"}
SHOWN = 100


@dataclass(frozen=True, slots=True)
class Line:
    """An entry as the page shows it."""

    entry: Entry
    icon: str
    words: str | Promise
    url: str


@require_GET
def asset_timeline(request: HttpRequest, asset_id: UUID) -> HttpResponse:
    """The life of an asset that the company sees, latest first."""
    asset = get_object_or_404(visible_assets(), pk=asset_id)
    entries = timeline_of(asset, timezone.get_current_timezone_name())
    context = {
        "asset": asset, "lines": [_line(entry) for entry in entries[:SHOWN]],
        "left_out": max(0, len(entries) - SHOWN), "holdings": _by_role(asset_id),
    }  # fmt: skip
    return render(request, "reporting/timeline.html", context)


def _line(entry: Entry) -> Line:
    icon, words = KINDS[entry.kind]
    page = _PAGES.get(entry.kind) if entry.target else None
    return Line(entry, icon, words, reverse(page, args=[entry.target]) if page else "")


def _by_role(asset_id: UUID) -> list[Holding]:
    """Roles in the passport's order, each from its first holder on."""
    order = list(Holding._meta.get_field("role").choices or [])
    places = {value: place for place, (value, _label) in enumerate(order)}
    return sorted(holdings_of(asset_id), key=lambda row: (places[row.role], row.held_from))
