"""What telemetry does when assets appear, change, or carry something."""

import uuid
from datetime import datetime
from typing import Any

from apps.events.domain.registry import subscribes
from apps.events.models import Job
from apps.telemetry.operations import disown_counter_values, take_counter_values
from apps.telemetry.operations.channels import sync_channels


@subscribes("assets.registered", kind="telemetry.make_channels")
def make_channels(job: Job, now: datetime) -> None:
    """Channels for new assets this company collects the data of."""
    sync_channels(asset_ids=[uuid.UUID(str(key)) for key in job.payload.get("assets", [])])


@subscribes("assets.changed", kind="telemetry.refresh_channels")
def refresh_channels(job: Job, now: datetime) -> None:
    """New names and rules for known assets."""
    sync_channels(asset_ids=[uuid.UUID(str(key)) for key in job.payload.get("assets", [])])


@subscribes("assets.mounted", kind="telemetry.counter_when_mounted")
def counter_when_mounted(job: Job, now: datetime) -> dict[str, Any]:
    """In the collector's company: what the host's counter showed is a reading of that instant."""
    return {"values": take_counter_values(mounting_ids=_mountings(job), now=now)}


@subscribes("assets.dismounted", kind="telemetry.counter_when_dismounted")
def counter_when_dismounted(job: Job, now: datetime) -> dict[str, Any]:
    """The same at the end of a mounting."""
    return {"values": take_counter_values(mounting_ids=_mountings(job), now=now)}


@subscribes("assets.mounting_withdrawn", kind="telemetry.disown_counter")
def disown_counter(job: Job, now: datetime) -> dict[str, Any]:
    """In the collector's company: a value that was never read off is not believed."""
    return {"values": disown_counter_values(mounting_ids=_mountings(job), now=now)}


def _mountings(job: Job) -> list[uuid.UUID]:
    return [uuid.UUID(str(key)) for key in job.payload["mountings"]]
