"""Reads of devices."""

from uuid import UUID

from apps.telemetry.models import Device


def devices_of(asset_id: UUID) -> list[Device]:
    """The devices of an asset, by name."""
    return list(Device.objects.filter(asset_id=asset_id).order_by("name"))
