"""Each company's own job writes its health."""

from datetime import datetime
from typing import Any

from apps.console.operations.health import note_health
from apps.events.domain.registry import housekeeping
from apps.events.models import Job


@housekeeping("console.note_health", every=10)
def work_on_health(job: Job, now: datetime) -> dict[str, Any]:
    """Six times an hour; the console says when it was."""
    return {"readings": sum(count for _day, count in note_health(now=now).readings_by_day)}
