"""Jobs that were parked are tried again."""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from apps.console.operations.audit import note_act
from apps.events.models import Job


def retry_jobs(*, jobs: QuerySet[Job], by: Any, now: datetime) -> int:
    """Let parked jobs be tried again from the start; returns how many.

    One of which another of the same key waits already is left out: that one does the work.
    """
    parked = jobs.filter(state=Job.State.PARKED).select_related("company")
    return sum(_retry(job, by, now) for job in list(parked))


def _retry(job: Job, by: Any, now: datetime) -> bool:
    again = Job.all_parties.filter(id=job.id, state=Job.State.PARKED)
    try:
        with transaction.atomic():
            found = again.update(
                state=Job.State.WAITING, attempts=0, run_after=now, finished_at=None, error=""
            )
            if found:
                note_act(
                    action="console.job_retried", by=by, now=now, company=job.company,
                    subject=job.public_id, reason=job.error[:500],
                )  # fmt: skip
    except IntegrityError:
        return False
    return bool(found)
