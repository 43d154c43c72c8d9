"""Jobs that were parked, or that nobody works on any more, are tried again."""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from apps.console.operations.audit import note_act
from apps.console.queries import stuck_jobs
from apps.events.models import Job

PARKED = Q(state=Job.State.PARKED)


def retry_jobs(*, jobs: QuerySet[Job], by: Any, now: datetime) -> int:
    """Let parked jobs be tried again from the start, and stuck ones be taken up; returns how many.

    One of which another of the same key waits already is left out: that one does the work.
    """
    failed = jobs.filter(PARKED | stuck_jobs(now)).select_related("company")
    return sum(_retry(job, by, now) for job in list(failed))


def _retry(job: Job, by: Any, now: datetime) -> bool:
    fields: dict[str, Any] = {"state": Job.State.WAITING, "run_after": now, "lease_until": None}
    if job.state == Job.State.PARKED:
        again = Job.all_parties.filter(PARKED, id=job.id)
        fields |= {"attempts": 0, "finished_at": None, "error": ""}
    else:
        # Its tries go on counting: the number tells a worker that comes back that the job is not its own.
        again = Job.all_parties.filter(stuck_jobs(now), id=job.id)
    try:
        with transaction.atomic():
            found = again.update(**fields)
            if found:
                note_act(
                    action="console.job_retried", by=by, now=now, company=job.company,
                    subject=job.public_id, reason=job.error[:500],
                )  # fmt: skip
    except IntegrityError:
        return False
    return bool(found)
