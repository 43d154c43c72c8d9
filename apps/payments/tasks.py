"""Jobs of payments, and the platform's hand-over of the provider's messages."""

from datetime import datetime
from typing import Any
from uuid import UUID

from celery import shared_task
from django.utils import timezone

from apps.events.domain.registry import handles, housekeeping
from apps.events.models import Job
from apps.events.operations import enqueue
from apps.payments.operations.asking_again import ASK_AGAIN, ask_again
from apps.payments.operations.closing_pages import CLOSE, close_pages_of_run
from apps.payments.operations.inbox import apply_webhook, route_webhooks
from apps.payments.operations.online_debits import SEND, send_online
from apps.payments.operations.received import APPLY
from apps.payments.operations.refunding import REFUND, send_refund
from apps.payments.operations.saving import DETACH, detach_method
from apps.payments.operations.sending import TRANSFER, send_transfer
from apps.tenancy.context import as_app, as_platform, company_context
from apps.tenancy.models import Company

ROUTE = "peruse.route_webhooks"


@handles(APPLY)
def work_on_webhook(job: Job, now: datetime) -> dict[str, Any]:
    """Effect and “done” commit together."""
    return {"state": apply_webhook(event_id=UUID(str(job.payload["event"])), now=now)}


@handles(TRANSFER)
def work_on_transfer(job: Job, now: datetime) -> dict[str, Any]:
    """A killed worker leaves the payout as it was; the next try finds the transfer it made."""
    return {"state": send_transfer(payout_id=UUID(str(job.payload["payout"])), now=now)}


@handles(REFUND)
def work_on_refund(job: Job, now: datetime) -> dict[str, Any]:
    """A killed worker leaves the request as it was; the next try gets the same refund."""
    return {"state": send_refund(request_id=UUID(str(job.payload["request"])), now=now)}


@handles(SEND)
def work_on_debit(job: Job, now: datetime) -> dict[str, Any]:
    """A killed worker leaves the debit as it was; the next try gets the same payment."""
    return {"state": send_online(debit_id=UUID(str(job.payload["debit"])), now=now)}


@housekeeping(ASK_AGAIN, atomic=False, every=60)
def work_on_silence(job: Job, now: datetime) -> dict[str, Any]:
    """What the provider never answered; each commits for itself."""
    return ask_again(now=now)


@handles(CLOSE)
def work_on_pages(job: Job, now: datetime) -> dict[str, Any]:
    """What a bank file collects is not paid online as well."""
    return {"paid": close_pages_of_run(run_id=UUID(str(job.payload["run"])))}


@handles(DETACH)
def work_on_detaching(job: Job, now: datetime) -> dict[str, Any]:
    """The provider forgets the account of a revoked mandate."""
    return {"state": detach_method(mandate_id=UUID(str(job.payload["mandate"])))}


@shared_task(name=ROUTE, ignore_result=True)
def route() -> int:
    """Hand every received message to its company (platform worker); rung by each, and by beat."""
    with as_platform():
        return route_webhooks(hand_over=_hand_over)


def _hand_over(company_id: int, event_id: UUID) -> None:
    with as_app(), company_context(Company.objects.get(pk=company_id)):
        enqueue(kind=APPLY, payload={"event": str(event_id)}, now=timezone.now())
