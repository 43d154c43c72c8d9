"""Each company's own job writes its health; the platform's worker seals the operator's acts."""

from datetime import datetime
from typing import Any

from celery import shared_task
from django.utils import timezone

from apps.console.operations.health import note_health
from apps.console.operations.sealing import seal_acts, verify_acts
from apps.events.domain.registry import housekeeping
from apps.events.models import Job
from apps.tenancy.context import as_platform


@housekeeping("console.note_health", every=10)
def work_on_health(job: Job, now: datetime) -> dict[str, Any]:
    """Six times an hour; the console says when it was."""
    return {"readings": sum(count for _day, count in note_health(now=now).readings_by_day)}


@shared_task(name="peruse.seal_operator", ignore_result=True)
def seal() -> int:
    """Chain the operator's acts that came since (platform worker)."""
    with as_platform():
        return seal_acts(now=timezone.now())


@shared_task(name="peruse.verify_operator", ignore_result=True)
def verify() -> int:
    """Look each night whether their chain holds (platform worker)."""
    with as_platform():
        return len(verify_acts(now=timezone.now()))
