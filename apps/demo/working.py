"""What every part of the demo does with companies: their waiting jobs, their drafts, a month's run."""

from datetime import datetime
from typing import Any

from django.utils import timezone

from apps.billing.models import Invoice
from apps.billing.operations import approve_invoices, issue_invoices, start_run
from apps.events.operations import run_waiting_jobs
from apps.tenancy.context import as_app, company_context
from apps.tenancy.queries import active_companies

ACTOR = "demo"


def drain_jobs() -> None:
    """Do what waits in every company, until nothing does; jobs of one make jobs of another."""
    for _round in range(5):
        done = 0
        for company in active_companies():
            with as_app(), company_context(company):
                done += run_waiting_jobs(now=timezone.now())
        if not done:
            return


def bill_month(label: str, now: datetime) -> None:
    """The current company's run of a month such as 2026-10, up to its drafts."""
    start_run(label=label, now=now, started_by=ACTOR)
    run_waiting_jobs(now=timezone.now())


def issue_drafts(now: datetime, **which: Any) -> None:
    drafts = list(Invoice.objects.filter(state=Invoice.State.DRAFT, **which))
    approve_invoices(invoices=drafts, now=now, approved_by=ACTOR)
    issue_invoices(invoices=drafts, now=now, issued_by=ACTOR)
    run_waiting_jobs(now=timezone.now())
