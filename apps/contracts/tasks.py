"""Background work of contracts."""

from datetime import datetime
from typing import Any

from apps.contracts.operations import close_ended
from apps.events.domain.registry import housekeeping
from apps.events.models import Job


@housekeeping("contracts.close_ended")
def close(job: Job, now: datetime) -> dict[str, Any]:
    """Contracts whose last day is over are ended."""
    return {"ended": close_ended(now=now)}
