"""What billing does when others report something."""

from datetime import datetime
from typing import Any
from uuid import UUID

from apps.billing.operations import (
    allocate_received,
    continue_runs,
    correct_periods,
    expect_receivables,
    hold_back,
    park_refused,
    return_refunded,
)
from apps.billing.queries.due import parked_periods
from apps.billing.queries.years import ended_later, priced_before_agreed
from apps.events.domain.registry import subscribes
from apps.events.models import Job


@subscribes("metering.recorded", kind="billing.continue_runs")
def go_on(job: Job, now: datetime) -> dict[str, Any]:
    """Contracts that waited for another collector are billed as soon as it has written; what was
    billed without its record before is corrected."""
    ids = [UUID(text) for text in job.payload["contracts"]]
    billed = correct_periods(periods=map(UUID, job.payload.get("periods", ())), now=now)
    return {"contracts": continue_runs(contract_ids=ids, now=now), **billed}


@subscribes("metering.refused", kind="billing.park_refused")
def park(job: Job, now: datetime) -> dict[str, Any]:
    """Contracts whose collector writes no usage are put aside with its reason, and so are periods
    that were billed without its record before."""
    rows = job.payload["contracts"]
    said = [(str(row["reason"]), dict(row["params"])) for row in rows]
    refusals = {UUID(row["contract"]): why for row, why in zip(rows, said, strict=True)}
    periods = {UUID(row["period"]): why for row, why in zip(rows, said, strict=True)}
    corrected = correct_periods(periods=periods, refusals=periods, now=now)
    return {"waiting": park_refused(refusals=refusals, now=now), **corrected}


@subscribes("contracts.end_set", kind="billing.end")
def end(job: Job, now: datetime) -> dict[str, Any]:
    """In the provider's company: a billed period may be the last one of its contract year now."""
    return correct_periods(periods=ended_later(UUID(str(job.payload["contract"]))), now=now)


@subscribes("contracts.plan_adopted", kind="billing.new_prices")
def price_again(job: Job, now: datetime) -> dict[str, Any]:
    """In the provider's company: prices signed in time hold, also where billing was quicker."""
    periods = priced_before_agreed(UUID(str(job.payload["contract"])))
    return correct_periods(periods=periods, now=now)


@subscribes("metering.corrected", kind="billing.correct")
def correct(job: Job, now: datetime) -> dict[str, Any]:
    """Billed periods whose usage is another now are rated again, and parked ones that can be again."""
    rows = [(UUID(row["period"]), row) for row in job.payload["periods"]]
    refusals = {
        key: (str(row["reason"]), dict(row["params"])) for key, row in rows if row["reason"]
    }
    again = parked_periods(UUID(key) for key in job.payload.get("unchanged", ()))
    keys = [*(key for key, _ in rows), *again]
    return correct_periods(periods=keys, refusals=refusals, now=now)


@subscribes("billing.disputed", kind="billing.hold_back")
def hold(job: Job, now: datetime) -> dict[str, Any]:
    """In the issuer's company: how much of what is open is disputed. The customer has none."""
    return _hold_back(job, now)


@subscribes("billing.dispute_settled", kind="billing.hold_back_less")
def hold_less(job: Job, now: datetime) -> dict[str, Any]:
    return _hold_back(job, now)


def _hold_back(job: Job, now: datetime) -> dict[str, Any]:
    keys = [UUID(text) for text in job.payload["documents"]]
    hold_back(receivable_ids=keys, now=now)
    return {"documents": len(keys)}


@subscribes("payments.received", kind="billing.allocate")
def allocate(job: Job, now: datetime) -> dict[str, Any]:
    """In the payee's company: payments settle the documents they name."""
    keys = [UUID(text) for text in job.payload["payments"]]
    return {"applied_minor": allocate_received(payment_ids=keys, now=now)}


@subscribes("payments.refunded", kind="billing.take_back")
def take_back(job: Job, now: datetime) -> dict[str, Any]:
    """In the payee's company: what went back is open again."""
    keys = [UUID(text) for text in job.payload["refunds"]]
    return {"open_minor": return_refunded(refund_ids=keys, now=now)}


@subscribes("billing.receivable_moved", kind="billing.expect_again")
def expect_again(job: Job, now: datetime) -> dict[str, Any]:
    """In the issuer's company: what is open now is expected, without what is disputed.

    A payment that came back opens a disputed sum again that it had covered.
    """
    keys = [UUID(text) for text in job.payload["receivables"]]
    hold_back(receivable_ids=keys, now=now)
    return {"expected": expect_receivables(document_ids=keys)}
