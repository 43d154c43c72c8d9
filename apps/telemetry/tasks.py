"""Background work of telemetry: rolling up, and draining what a lost bell left."""

import time
from datetime import datetime
from typing import Any

from apps.events.domain.registry import handles, housekeeping
from apps.events.models import Job
from apps.events.operations import note_progress
from apps.telemetry import tasks_imports  # noqa: F401 (registers its jobs)
from apps.telemetry.operations.rollup import recompute_dirty

LONGEST_SECONDS = 30.0


@handles("telemetry.roll_up", atomic=False)
def roll_up(job: Job, now: datetime) -> dict[str, Any]:
    """Work in what is marked, until nothing is or half a lease has passed."""
    return {"days": _drain(job, now)}


@housekeeping("telemetry.drain", atomic=False)
def drain(job: Job, now: datetime) -> dict[str, Any]:
    """The same for marks whose bell was lost."""
    return {"days": _drain(job, now)}


def _drain(job: Job, now: datetime) -> int:
    until, total = time.monotonic() + LONGEST_SECONDS, 0
    while time.monotonic() < until:
        days = recompute_dirty(
            now=now, limit=1000,
            after_chunk=lambda done, before=total: note_progress(  # type: ignore[misc]
                job=job, done=before + done, now=now
            ),
        )  # fmt: skip
        if not days:
            break
        total += days
    return total
