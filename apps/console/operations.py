"""Acts of the platform operator; each leaves an audit row with the company it concerns."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from apps.events.models import AuditRow, Job
from apps.tenancy.models import Company


def set_company_state(*, company: Company, state: str, by: Any, now: datetime) -> None:
    """Suspend or resume a company; its data stay and its machines go on sending."""
    with transaction.atomic():
        Company.objects.filter(pk=company.pk).update(state=state)
        _audit(company, f"console.company_{state}", "", by, now)


def retry_jobs(*, jobs: QuerySet[Job], by: Any, now: datetime) -> int:
    """Let parked jobs be tried again from the start; returns how many."""
    parked = list(jobs.filter(state=Job.State.PARKED))
    with transaction.atomic():
        for job in parked:
            Job.all_parties.filter(id=job.id).update(
                state=Job.State.WAITING, attempts=0, run_after=now, finished_at=None, error=""
            )
            _audit(job.company, "console.job_retried", job.public_id, by, now)
    return len(parked)


def _audit(company: Company, action: str, subject: str, by: Any, now: datetime) -> None:
    AuditRow.all_parties.bulk_create(
        [
            AuditRow(
                author=company,
                parties=[company.pk],
                at=now,
                actor_id=by.pk,
                actor=str(by),
                action=action,
                subject=subject,
                details={},
            )
        ]
    )
