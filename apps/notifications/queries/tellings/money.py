"""Statements of shares, objections, payouts and payments."""

from collections.abc import Sequence
from functools import partial
from typing import Any
from uuid import UUID

from django.db.models import Manager

from apps.events.models import OutboxEvent
from apps.notifications.domain.told import Told
from apps.notifications.queries.tellings.registry import Teller, from_others, keys, one_or_many
from apps.payments.models import DebitRun, Payment, Payout, PayoutBatch, RefundRequest
from apps.settlement.models import ObjectionAnswer, Statement


def _statements(event: OutboxEvent) -> list[Told]:
    found = list(Statement.objects.filter(id__in=keys(event.payload["statements"])))
    facts: dict[str, Any] = {}
    if len(found) == 1:
        [row] = found
        facts = {"title": row.contract_title, "amount": [row.gross_minor, row.currency]}
    subjects = [row.public_id for row in found]
    return one_or_many("statements", "statements_issued", subjects, event.author.name, facts)


def _statement(event: OutboxEvent) -> Statement | None:
    found: Statement | None = Statement.objects.filter(id=UUID(event.payload["statement"])).first()
    return found


def _of_statement(event: OutboxEvent, message: str) -> list[Told]:
    row = _statement(event)
    if row is None:
        return []
    facts = {"company": event.author.name, "number": row.number or ""}
    return [Told("objections", message, row.public_id, facts)]


def _objected(event: OutboxEvent) -> list[Told]:
    return _of_statement(event, "objected")


def _objection_answered(event: OutboxEvent) -> list[Told]:
    answers = ObjectionAnswer.objects.filter(objection__statement=UUID(event.payload["statement"]))
    answer = answers.first()
    if answer is None:
        return []
    return _of_statement(event, "objection_upheld" if answer.upheld else "objection_rejected")


def _drafted(event: OutboxEvent) -> list[Told]:
    batch = PayoutBatch.objects.filter(id=UUID(event.payload["batch"])).first()
    return [] if batch is None else _to_approve(batch, "payouts_drafted", batch.payouts)


def _debits_drafted(event: OutboxEvent) -> list[Told]:
    run = DebitRun.objects.filter(id=UUID(event.payload["run"])).first()
    return [] if run is None else _to_approve(run, "debits_drafted", run.debits)


def _to_approve(drafted: PayoutBatch | DebitRun, message: str, parts: Manager[Any]) -> list[Told]:
    """Not who drafted it, for they cannot approve it; nobody once it is approved or discarded."""
    if drafted.state != drafted.State.DRAFTED:
        return []
    amounts = list(parts.values_list("amount_minor", flat=True))
    facts = {
        "actor": _name(drafted.drafted_by), "count": len(amounts),
        "amount": [sum(amounts), drafted.currency],
    }  # fmt: skip
    return [
        Told("approvals", message, drafted.public_id, facts,
             without=frozenset([drafted.drafted_by_id]))
    ]  # fmt: skip


def _refund_asked(event: OutboxEvent) -> list[Told]:
    """Not who asked for it, and nobody once it is approved or discarded."""
    rows = RefundRequest.objects.select_related("payment")
    request = rows.filter(id=UUID(event.payload["request"])).first()
    if request is None or request.state != RefundRequest.State.ASKED:
        return []
    facts = {
        "actor": _name(request.asked_by), "company": request.payment.payer_name,
        "amount": [request.amount_minor, request.currency],
    }  # fmt: skip
    return [
        Told("approvals", "refund_asked", request.payment.public_id, facts,
             without=frozenset([request.asked_by_id]))
    ]  # fmt: skip


def _name(written: str) -> str:
    """A person as recorded, without the address behind the name."""
    return written.split(" <")[0]


def _payout_failed(event: OutboxEvent) -> list[Told]:
    rows = Payout.objects.filter(id__in=keys(event.payload["payouts"])).select_related("batch")
    found: Sequence[Payout] = list(rows)
    if not found:
        return []
    first = found[0]
    facts = {
        "company": first.payee_name, "count": len(found),
        "amount": [first.amount_minor, first.currency],
    }  # fmt: skip
    return [Told("failures", "payouts_failed", first.batch.public_id, facts)]


def _paid(event: OutboxEvent, *, topic: str, message: str) -> list[Told]:
    found = list(Payment.objects.filter(id__in=keys(event.payload["payments"])))
    facts: dict[str, Any] = {}
    if len(found) == 1:
        facts = {"amount": [found[0].amount_minor, found[0].currency]}
    subjects = [row.public_id for row in found]
    payer = found[0].payer_name if len(found) == 1 else ""
    return one_or_many(topic, message, subjects, payer, facts)


TELLERS: dict[str, Teller] = {
    "settlement.statements_issued": from_others(_statements),
    "settlement.objected": from_others(_objected),
    "settlement.objection_answered": from_others(_objection_answered),
    "payments.payouts_drafted": _drafted,
    "payments.debits_drafted": _debits_drafted,
    "payments.refund_asked": _refund_asked,
    "payments.payout_failed": _payout_failed,
    "payments.received": partial(_paid, topic="payments", message="payments_received"),
    "payments.failed": partial(_paid, topic="failures", message="payments_failed"),
}
