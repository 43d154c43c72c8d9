"""What companies do when a transfer is answered, sold, paid, or its title passes."""

from datetime import datetime
from typing import Any
from uuid import UUID

from apps.events.domain.registry import subscribes
from apps.events.models import Job
from apps.subscriptions.domain.registry import holds_leaving
from apps.supply.events import TitlePassed
from apps.supply.models import AssetTransfer
from apps.supply.operations import (
    note_bought,
    note_owner_noted,
    note_title,
    settle_answer,
    settle_payments,
    sign_sale,
)
from apps.supply.queries import open_transfers

holds_leaving(open_transfers)


@subscribes("supply.answered", kind="supply.settle_answer")
def settle(job: Job, now: datetime) -> dict[str, Any]:
    """In the seller's company: refused, or accepted and sold."""
    try:
        return {"state": settle_answer(transfer_id=_transfer(job), now=now)}
    except AssetTransfer.DoesNotExist:
        return {"state": "unknown"}


@subscribes("supply.sale_drawn_up", kind="supply.sign_sale")
def sign(job: Job, now: datetime) -> dict[str, Any]:
    """In the buyer's company: the contract of what it accepted."""
    try:
        return {"signed": sign_sale(transfer_id=_transfer(job), now=now)}
    except AssetTransfer.DoesNotExist:
        return {"signed": False}


@subscribes("billing.receivable_moved", kind="supply.follow_payment")
def follow_payment(job: Job, now: datetime) -> dict[str, Any]:
    """In the seller's company: titles that pass when the invoice is paid."""
    keys = [UUID(text) for text in job.payload["receivables"]]
    return {"titles": settle_payments(document_ids=keys, now=now)}


@subscribes("supply.title_passed", kind="supply.change_owner")
def change_owner(job: Job, now: datetime) -> dict[str, Any]:
    """In the company that keeps the passport: the buyer is the owner."""
    passed = TitlePassed.from_payload(job.payload)
    return {"changed": note_title(passed=passed, said_by=job.author_id, now=now)}


@subscribes("supply.title_passed", kind="supply.note_purchase")
def note_purchase(job: Job, now: datetime) -> dict[str, Any]:
    """In the buyer's company: price and day, for its books."""
    return {"noted": note_bought(transfer_id=_transfer(job), now=now)}


@subscribes("supply.owner_noted", kind="supply.release_ownership")
def release(job: Job, now: datetime) -> dict[str, Any]:
    """In the seller's company: the transfer is over."""
    return {"released": note_owner_noted(transfer_id=_transfer(job))}


def _transfer(job: Job) -> UUID:
    return UUID(str(job.payload["transfer"]))
