"""What writes of types and assets share."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import connection
from django.utils.translation import gettext as _

from apps.assets.events import AssetsChanged
from apps.assets.models import Asset, AssetType, ChannelKind, TypeChannel
from apps.events.operations import publish
from apps.tenancy.context import current_company


def publish_changed(asset_ids: Iterable[UUID], now: datetime) -> None:
    event = AssetsChanged(tuple(asset_ids))
    if event.assets:
        publish(name=event.name, payload=event.payload, now=now)


def must_be_own(row: AssetType | Asset) -> None:
    if row.author_id != current_company().pk:
        raise ValidationError(_("Only the company that registered this may change it."))


# Any number that no other lock of the product uses.
_COUPLINGS = 7_340_021


def lock_couplings() -> None:
    """One coupling at a time, until the transaction ends: two at once could close a circle."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [_COUPLINGS])


def layouts_of(types: Iterable[AssetType]) -> dict[UUID, dict[str, Any]]:
    """By type: its positions and channels, as its assets show them to their parties; `expected_interval`:
    the shortest of the channels, in seconds."""
    layouts: dict[UUID, dict[str, Any]] = {
        row.pk: {"positions": list(row.positions), "counters": [], "channels": []} for row in types
    }
    for row in TypeChannel.objects.filter(asset_type__in=list(layouts)).order_by("code"):
        layout = layouts[row.asset_type_id]
        shown = {"code": row.code, "title": row.title, "kind": row.kind}
        if row.expected_interval_seconds is not None:
            known = layout.get("expected_interval", row.expected_interval_seconds)
            layout["expected_interval"] = min(known, row.expected_interval_seconds)
        layout["channels"].append({**shown, "unit": row.unit, "mark": row.mark})
        if row.kind in (ChannelKind.COUNTER, ChannelKind.DELTA):
            layout["counters"].append({**shown, "unit": row.billed_unit})
    return layouts
