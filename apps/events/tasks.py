"""Celery's side of jobs: a bell that names a row, and the sweeper that rings again; jobs of webhooks."""

from datetime import datetime
from typing import Any
from uuid import UUID

from celery import shared_task
from django.utils import timezone

from apps.events.domain.registry import handles, housekeeping
from apps.events.models import Job, Webhook
from apps.events.operations import (
    REPLAY_WEBHOOK,
    RUN_JOB,
    enqueue_housekeeping,
    replay_message,
    ring_again,
    seal_audit,
    send_message,
    tell_webhooks,
    tidy_webhooks,
    verify_audit,
    work_on,
)
from apps.events.queries import messages
from apps.tenancy.context import as_platform
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
    """Enqueue the housekeeping that is due of every company (platform worker)."""
    with as_platform():
        return enqueue_housekeeping(now=timezone.now(), companies=active_companies())


@shared_task(name="peruse.seal_audit", ignore_result=True)
def seal() -> int:
    """Chain the audit rows that came since (platform worker)."""
    with as_platform():
        return seal_audit(now=timezone.now())


@shared_task(name="peruse.verify_audit", ignore_result=True)
def verify() -> int:
    """Look each night whether the chains of audit rows hold (platform worker)."""
    with as_platform():
        return verify_audit(now=timezone.now())


@handles("events.tell_webhooks")
def tell(job: Job, now: datetime) -> dict[str, Any]:
    """In a company an event reached: messages to its endpoints."""
    return {"messages": tell_webhooks(outbox_id=UUID(str(job.payload["event"])), now=now)}


@handles("events.send_webhook", atomic=False)
def send(job: Job, now: datetime) -> dict[str, Any]:
    """One try of one message. A failed one writes the job of its next try: this one is done."""
    message = send_message(message_id=UUID(str(job.payload["message"])), now=now)
    return {"state": message.state if message is not None else "not due"}


@handles(REPLAY_WEBHOOK)
def send_again(job: Job, now: datetime) -> dict[str, Any]:
    """What the platform's people let be sent again, unless its endpoint is paused or removed by now."""
    message = messages().filter(pk=UUID(str(job.payload["message"]))).first()
    if message is None or message.webhook.state != Webhook.State.ACTIVE or not message.body:
        return {"state": "not sent"}
    return {"state": replay_message(message=message, now=now).state}


@housekeeping("events.tidy_webhooks", daily=True)
def tidy(job: Job, now: datetime) -> dict[str, Any]:
    """Send what was left behind, drop what is old."""
    return tidy_webhooks(now=now)
