"""Jobs that take files in."""

from datetime import datetime
from typing import Any

from django.utils import timezone

from apps.events.domain.registry import handles
from apps.events.models import Job
from apps.telemetry.models import ImportRun
from apps.telemetry.operations.import_undo import UNDO_KIND, undo_import
from apps.telemetry.operations.imports import JOB_KIND, run_import


@handles(JOB_KIND, atomic=False)
def take_file_in(job: Job, now: datetime) -> dict[str, Any]:
    """Run one import; the run's row holds the outcome."""
    run = ImportRun.objects.select_related("profile").get(pk=job.payload["run"])
    run = run_import(run=run, now=now, job=job, clock=timezone.now)
    return {"state": run.state, "accepted": run.accepted, "refused": run.refused}


@handles(UNDO_KIND, atomic=False)
def take_file_back(job: Job, now: datetime) -> dict[str, Any]:
    """Undo one import; the run's row holds the outcome."""
    run = ImportRun.objects.select_related("profile").get(pk=job.payload["run"])
    run = undo_import(run=run, now=now, job=job, clock=timezone.now)
    return {"state": run.state, "withdrawn": run.withdrawn}
