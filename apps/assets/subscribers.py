"""What assets do when companies ask for data, and when passports change."""

import uuid
from datetime import datetime
from typing import Any

from apps.assets.models import DataRequest
from apps.assets.operations import refresh_facts, settle_request
from apps.events.domain.registry import subscribes
from apps.events.models import Job


@subscribes("assets.data_requested", kind="assets.settle_request")
def settle(job: Job, now: datetime) -> dict[str, Any]:
    """In the collector's company: what the user of an asset shares by right is granted."""
    return _settled(job, now)


@subscribes("assets.request_answered", kind="assets.settle_answer")
def settle_answer(job: Job, now: datetime) -> dict[str, Any]:
    """In the collector's company: what others said to a request takes effect."""
    return _settled(job, now)


@subscribes("assets.changed", kind="assets.refresh_grants")
def refresh_grants(job: Job, now: datetime) -> dict[str, Any]:
    """Living grants speak of assets and channels by their present names."""
    assets = [uuid.UUID(str(key)) for key in job.payload.get("assets", [])]
    return {"grants": refresh_facts(asset_ids=assets, now=now)}


def _settled(job: Job, now: datetime) -> dict[str, Any]:
    key = uuid.UUID(str(job.payload["request"]))
    try:
        return {"standing": settle_request(request_id=key, now=now)}
    except DataRequest.DoesNotExist:
        return {"standing": "unknown"}
