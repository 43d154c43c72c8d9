"""Background work of telemetry: rolling up, and draining what a lost bell left."""

import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from apps.assets.operations import drop_ended_series
from apps.events.domain.public import DELIVERED
from apps.events.domain.registry import (
    after_taken,
    handles,
    housekeeping,
    sent_while,
    subscribes,
)
from apps.events.models import Job
from apps.events.operations import note_progress
from apps.subscriptions.domain.limits import Counted
from apps.subscriptions.domain.registry import counts
from apps.telemetry import tasks_imports  # noqa: F401 (registers its jobs)
from apps.telemetry.operations.delivering import deliver_for, since_day
from apps.telemetry.operations.exporting import JOB_KIND, run_export
from apps.telemetry.operations.pushing import (
    PUSH,
    log_push,
    may_be_sent,
    push_delivery,
    stop_ended_pushes,
)
from apps.telemetry.operations.quarantine import tell_refused
from apps.telemetry.operations.received import fold_received
from apps.telemetry.operations.rollup import recompute_dirty
from apps.telemetry.queries.devices import devices_registered
from apps.telemetry.queries.received import readings_received
from apps.tenancy.context import current_company

LONGEST_SECONDS = 30.0

counts(Counted.DEVICES)(devices_registered)
counts(Counted.READINGS)(readings_received)


@handles("telemetry.roll_up", atomic=False)
def roll_up(job: Job, now: datetime) -> dict[str, Any]:
    """Work in what is marked, until nothing is or half a lease has passed."""
    return {"days": _drain(job, now)}


@housekeeping("telemetry.drain", atomic=False)
def drain(job: Job, now: datetime) -> dict[str, Any]:
    """The same for marks whose bell was lost; and what was delivered follows the time."""
    days = _drain(job, now)
    _keep_delivered(now, _signs(job))
    return {"days": days}


@housekeeping("telemetry.tell_refused", daily=True)
def tell_of_refused(job: Job, now: datetime) -> dict[str, Any]:
    """Intake tells nobody: a device that errs sends thousands. Once a day is enough."""
    return {"items": tell_refused(now=now)}


@handles(JOB_KIND, atomic=False)
def export(job: Job, now: datetime) -> dict[str, Any]:
    """Write an asset's data into a file."""
    return run_export(job=job, now=now, clock=timezone.now)


@handles("telemetry.deliver", atomic=False)
def deliver(job: Job, now: datetime) -> dict[str, Any]:
    """Deliver under hourly and daily grants what a roll-up changed."""
    assets = [UUID(str(key)) for key in job.payload["assets"]]
    since = since_day(date.fromisoformat(str(job.payload["since"])))
    return {"rows": deliver_for(now=now, since=since, assets=assets, after_each=_signs(job))}


@subscribes("assets.data_granted", kind="telemetry.deliver_new", atomic=False)
def deliver_new(job: Job, now: datetime) -> dict[str, Any]:
    """Deliver under new or changed grants all that they cover."""
    grants = [UUID(str(key)) for key in job.payload["grants"]]
    return {"rows": deliver_for(now=now, since=None, grants=grants, after_each=_signs(job))}


@handles(PUSH)
def push(job: Job, now: datetime) -> dict[str, Any]:
    """In the company of who holds a grant: send on what was delivered under it."""
    payload = job.payload
    gone = [(str(code), datetime.fromisoformat(start)) for code, start in payload["gone"]]
    count = push_delivery(
        grant_id=UUID(str(payload["grant"])), gone=gone, now=now,
        delivered_at=datetime.fromisoformat(str(payload["delivered_at"])),
    )  # fmt: skip
    return {"events": count}


sent_while(DELIVERED)(may_be_sent)
after_taken(DELIVERED)(log_push)


def _signs(job: Job) -> Callable[[], None]:
    """What tells that the job is alive, as far as it is."""
    return lambda: note_progress(job=job, now=timezone.now())


def _keep_delivered(now: datetime, after_each: Callable[[], None]) -> None:
    """What time has ended goes; once an hour come hours and days that ended without a reading."""
    drop_ended_series(now=now)
    stop_ended_pushes(now=now)
    if now.minute == current_company().pk % 60:
        deliver_for(now=now, since=now - timedelta(days=2), after_each=after_each)


def _drain(job: Job, now: datetime) -> int:
    fold_received()
    until, total = time.monotonic() + LONGEST_SECONDS, 0
    while time.monotonic() < until:
        days = recompute_dirty(
            now=now, limit=1000,
            after_chunk=lambda done, before=total: note_progress(  # type: ignore[misc]
                job=job, done=before + done, now=timezone.now()
            ),
        )  # fmt: skip
        if not days:
            break
        total += days
    return total
