"""What settlement does when documents are issued, paid or disputed, or a split is agreed."""

from datetime import datetime
from typing import Any
from uuid import UUID

from apps.contracts.operations import note_credit_use
from apps.events.domain.registry import handles, housekeeping, subscribes
from apps.events.models import Job
from apps.events.operations import enqueue, enqueue_all
from apps.settlement.operations import (
    issue_statements,
    make_payable,
    note_payouts,
    post_invoice_taxes,
    settle_contract,
    settle_documents,
    store_statement_files,
)
from apps.settlement.queries.counting import statements_since
from apps.settlement.queries.credit import credit_counted
from apps.settlement.queries.leaving import open_balances
from apps.subscriptions.domain.limits import Counted
from apps.subscriptions.domain.registry import counts, holds_leaving

counts(Counted.STATEMENTS)(statements_since)
holds_leaving(open_balances)

CHUNK = 500


@subscribes("billing.issued", kind="settlement.settle")
def settle(job: Job, now: datetime) -> dict[str, Any]:
    """In the issuer's company: everybody's share of the documents; many of them in jobs of their own.

    In the customer's company there is nothing to settle.
    """
    keys = list(job.payload["invoices"])
    if job.author_id != job.company_id:
        return {"shares": 0}
    _recount(now)
    if len(keys) <= CHUNK:
        return {"shares": settle_documents(document_ids=map(UUID, keys), now=now)}
    chunks = [keys[start : start + CHUNK] for start in range(0, len(keys), CHUNK)]
    payloads = [({"invoices": chunk}, len(chunk)) for chunk in chunks]
    return {"jobs": enqueue_all(kind="settlement.settle_chunk", payloads=payloads, now=now)}


@handles("settlement.settle_chunk")
def settle_chunk(job: Job, now: datetime) -> dict[str, Any]:
    """Shares of some hundred documents in one transaction."""
    return {"shares": settle_documents(document_ids=map(UUID, job.payload["invoices"]), now=now)}


@subscribes("contracts.split_agreed", kind="settlement.catch_up")
def catch_up(job: Job, now: datetime) -> dict[str, Any]:
    """What was issued before the split was agreed is settled by it."""
    key = UUID(str(job.payload["contract"]))
    return {"shares": settle_contract(contract_id=key, now=now)}


@subscribes("billing.receivable_moved", kind="settlement.pay_on")
def pay_on(job: Job, now: datetime) -> dict[str, Any]:
    """A customer paid, or took back: shares become payable, or are not any more."""
    keys = [UUID(text) for text in job.payload["receivables"]]
    _recount(now)
    return {"transfers": make_payable(document_ids=keys, now=now)}


@subscribes("billing.disputed", kind="settlement.hold")
def hold(job: Job, now: datetime) -> dict[str, Any]:
    """Disputed lines are held back from whose share is subject to it."""
    return _follow_dispute(job, now)


@subscribes("billing.dispute_settled", kind="settlement.release")
def release(job: Job, now: datetime) -> dict[str, Any]:
    """A settled dispute holds nothing back any more."""
    return _follow_dispute(job, now)


def _follow_dispute(job: Job, now: datetime) -> dict[str, Any]:
    keys = [UUID(text) for text in job.payload["documents"]]
    return {"transfers": make_payable(document_ids=keys, now=now)}


@subscribes("payments.paid_out", kind="settlement.arrived")
def arrived(job: Job, now: datetime) -> dict[str, Any]:
    """Payouts reached their partners."""
    return {"moved": note_payouts(payout_ids=_payouts(job), arrived=True, now=now)}


@subscribes("payments.payout_failed", kind="settlement.came_back")
def came_back(job: Job, now: datetime) -> dict[str, Any]:
    """Payouts came back; their sums are payable again."""
    return {"moved": note_payouts(payout_ids=_payouts(job), arrived=False, now=now)}


@subscribes("payments.payout_discarded", kind="settlement.given_up")
def given_up(job: Job, now: datetime) -> dict[str, Any]:
    """Payouts were never sent; their sums are payable again."""
    return {"moved": note_payouts(payout_ids=_payouts(job), arrived=False, now=now)}


@subscribes("billing.incoming_accepted", kind="settlement.owe_tax")
def owe_tax(job: Job, now: datetime) -> dict[str, Any]:
    """The tax of a partner's own invoice is owed with its statement."""
    keys = [UUID(text) for text in job.payload["documents"]]
    return {"transfers": post_invoice_taxes(incoming_ids=keys, now=now)}


def _payouts(job: Job) -> list[UUID]:
    return [UUID(text) for text in job.payload["payouts"]]


@handles("settlement.issue_statements")
def write_statements(job: Job, now: datetime) -> dict[str, Any]:
    """Statements of the next settled periods; more of them in a job of its own."""
    after = job.payload.get("after")
    by = job.payload.get("by", "")
    issued = issue_statements(now=now, actor=by, after=UUID(after) if after else None)
    if issued.last is not None:
        payload = {"after": str(issued.last), "by": by}
        enqueue(kind="settlement.issue_statements", payload=payload, now=now)
    return {"statements": issued.count}


@handles("settlement.store_statements")
def store_statements(job: Job, now: datetime) -> dict[str, Any]:
    """PDF and XML of self-billed documents."""
    keys = [UUID(text) for text in job.payload["statements"]]
    return {"documents": store_statement_files(statement_ids=keys, now=now)}


@housekeeping("settlement.count_credit", daily=True)
def count_credit(job: Job, now: datetime) -> dict[str, Any]:
    """How much of their credit limits customers have used; each day, and when what they owe moves."""
    return {"customers": note_credit_use(counted=credit_counted(now), now=now)}


def _recount(now: datetime) -> None:
    enqueue(kind="settlement.count_credit", payload={}, now=now, dedupe="housekeeping")
