"""Celery's side of jobs: a bell that names a row, and the sweeper that rings again."""

from celery import shared_task
from django.utils import timezone

from apps.events.operations import RUN_JOB, enqueue_housekeeping, ring_again, work_on
from apps.tenancy.context import as_platform, company_context
from apps.tenancy.queries import active_companies
from apps.tenancy.tasks import CompanyTask


@shared_task(base=CompanyTask, name=RUN_JOB, ignore_result=True)
def run_job(job_id: str) -> None:
    """Do the job behind this bell, inside its company."""
    work_on(job_id=job_id, now=timezone.now())


@shared_task(name="peruse.sweep", ignore_result=True)
def sweep() -> int:
    """Ring for due jobs nobody works on (platform worker)."""
    with as_platform():
        return ring_again(now=timezone.now())


@shared_task(name="peruse.fan_out", ignore_result=True)
def fan_out() -> int:
    """Enqueue the housekeeping of every company (platform worker), each in its own context."""
    companies = list(active_companies())
    for company in companies:
        with company_context(company):
            enqueue_housekeeping(now=timezone.now())
    return len(companies)
