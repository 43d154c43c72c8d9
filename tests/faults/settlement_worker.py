"""A worker that issues, settles and pays for a company, and can be killed over it.

A command: {company, now, seed, die, careless}. It does all there is to do, its acts in an order of
chance. `die`: the process kills itself when the shares of the first document stand and no transfer does.
`careless` takes the protection off: settling is not one transaction any more.
"""

import os
import random
import signal
from collections.abc import Callable
from contextlib import nullcontext
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from tests.faults.billing_worker import insert_each
from tests.faults.forking import resume_stopped, serve

PAIR = 2


def work(command: dict[str, Any]) -> None:
    from apps.tenancy.context import company_context
    from apps.tenancy.queries import company_by_slug

    if command.get("careless"):
        take_protection_off()
    if command.get("die"):
        die_before_the_ledger()
    company = company_by_slug(command["company"])
    assert company is not None
    acts = list(ACTS)
    # Who dies at the first shares must have issued before it does its jobs.
    if not command.get("die"):
        random.Random(command.get("seed")).shuffle(acts)
    with company_context(company):
        for act in acts:
            act(datetime.fromisoformat(command["now"]))


def go_through(now: datetime) -> None:
    """All acts in their order, in the current company."""
    for act in ACTS:
        act(now)


def do_jobs(now: datetime) -> None:
    from apps.events.operations import run_waiting_jobs

    resume_stopped(now)
    run_waiting_jobs(now=now)


def issue(now: datetime) -> None:
    """Two documents in each transaction."""
    from apps.billing.models import Invoice
    from apps.billing.operations import issue_invoices

    ready = Invoice.objects.filter(state=Invoice.State.APPROVED).order_by("id")
    keys = list(ready.values_list("id", flat=True))
    for start in range(0, len(keys), PAIR):
        issue_invoices(invoices=keys[start : start + PAIR], now=now, issued_by="test")


def note_payments(now: datetime) -> None:
    """Each customer pays each document once, whoever notes it."""
    from apps.billing.models import Receivable
    from apps.billing.operations import SeenPayment, note_payment

    for owed in Receivable.objects.filter(open_minor__gt=0).order_by("id"):
        seen = SeenPayment(uuid5(NAMESPACE_OID, str(owed.pk)), owed.open_minor, now.date())
        note_payment(receivable_id=owed.pk, payment=seen, now=now, person="test")


def self_bill(now: datetime) -> None:
    from apps.settlement.operations import issue_statements

    issue_statements(now=now, actor="test")


def pay_out(now: datetime) -> None:
    """Drafted by one, approved by another, sent, and arrived at the bank."""
    from apps.payments.models import Payout, PayoutBatch
    from apps.payments.operations import Approval, approve_batch, send_batch
    from apps.payments.operations.sending import note_paid_out
    from apps.settlement.operations import draft_payable

    drafter, approver = people()
    draft_payable(method="sepa", currency="EUR", now=now, drafted_by=drafter)
    for batch in PayoutBatch.objects.filter(state=PayoutBatch.State.DRAFTED):
        approve_batch(batch=batch, approval=Approval(approver, now), now=now)
    for batch in PayoutBatch.objects.filter(state=PayoutBatch.State.APPROVED):
        send_batch(batch=batch, now=now, actor=drafter)
    for payout in Payout.objects.filter(state=Payout.State.SENT):
        note_paid_out(payout=payout, provider_ref=payout.public_id, now=now)


def people() -> tuple[Any, Any]:
    from apps.accounts.models import Membership

    found = {row.position: row.user for row in Membership.objects.select_related("user")}
    return found["finance"], found["director"]


ACTS: tuple[Callable[[datetime], None], ...] = (do_jobs, issue, do_jobs, note_payments, do_jobs,
                                                self_bill, pay_out, do_jobs)  # fmt: skip


def take_protection_off() -> None:
    """Every statement commits by itself, as code without transactions would."""
    from apps.events.domain import registry
    from apps.settlement import subscribers
    from apps.settlement.operations import settling

    class Careless:
        atomic = staticmethod(nullcontext)

    settling.transaction = Careless  # type: ignore[assignment]
    subscribers.settle_documents = settling.settle_documents.__wrapped__  # type: ignore[attr-defined]
    settling._locked = unlocked
    settling.insert_all = insert_each  # type: ignore[assignment]
    kind = "settlement.settle"
    registry._handlers[kind] = registry.Handler(kind, subscribers.settle, atomic=False)


def unlocked(contract_ids: Any) -> dict[Any, Any]:
    from apps.contracts.models import Contract

    return {row.id: row for row in Contract.objects.filter(id__in=contract_ids)}


def die_before_the_ledger() -> None:
    from apps.settlement.operations import settling

    settling._Run._post = lambda _run: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[method-assign]


if __name__ == "__main__":
    serve(work)
