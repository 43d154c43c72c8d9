"""Reads of devices."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from apps.telemetry.models import Channel, Device
from apps.telemetry.queries.readings import latest

# Channels by whose codes a device says how it is itself.
HEALTH_CODES = ("battery", "signal")


@dataclass(frozen=True, slots=True)
class HealthLevel:
    """What a device last said of its battery or signal."""

    code: str
    title: str
    unit: str
    value: Decimal
    measured_at: datetime


@dataclass(frozen=True, slots=True)
class DeviceHealth:
    """How an asset's devices are; nothing of what they measure."""

    devices: tuple[tuple[str, datetime | None, str], ...]
    levels: tuple[HealthLevel, ...]


def devices_of(asset_id: UUID) -> list[Device]:
    """The devices of an asset, by name; retired ones are none any more."""
    rows = Device.objects.filter(asset_id=asset_id, retired_at=None)
    return list(rows.order_by("name"))


def device_health(asset_id: UUID) -> DeviceHealth:
    """Name, last seen and firmware of each device; the last battery and signal."""
    devices = tuple((row.name, row.last_seen_at, row.firmware) for row in devices_of(asset_id))
    channels = list(Channel.objects.filter(asset_id=asset_id, code__in=HEALTH_CODES))
    last = latest([row.pk for row in channels])
    levels = (
        HealthLevel(
            row.code, row.title, row.unit, last[row.pk].value, last[row.pk].measured_at
        )
        for row in channels if row.pk in last
    )  # fmt: skip
    return DeviceHealth(devices, tuple(levels))


def devices_registered(since: datetime) -> int:
    """Of the current company, without retired ones: what its plan counts."""
    return Device.objects.filter(retired_at=None).count()
