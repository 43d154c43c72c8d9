"""Invoices, reminders, disputes, corrections and billing runs."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from apps.billing.models import BillingRun, Correction, Invoice, Reminder
from apps.events.models import OutboxEvent
from apps.notifications.domain.told import Told
from apps.notifications.queries.tellings.registry import Teller, from_others, keys, one_or_many


def _issued(event: OutboxEvent) -> list[Told]:
    found = list(Invoice.objects.filter(id__among=keys(event.payload["invoices"])))
    message = "invoices_issued"
    if len(found) == 1 and found[0].kind == Invoice.Kind.CREDIT_NOTE:
        message = "credit_issued"
    return one_or_many(
        "invoices", message, [row.public_id for row in found], event.author.name,
        _amounts_of(found),
    )  # fmt: skip


def _amounts_of(found: Sequence[Invoice]) -> dict[str, Any]:
    if len(found) != 1:
        return {}
    [row] = found
    due = row.due_on.isoformat() if row.due_on else ""
    return {"number": row.number, "amount": [row.gross_minor, row.currency], "due_on": due}


def _reminded(event: OutboxEvent) -> list[Told]:
    rows = Reminder.objects.filter(id__in=keys(event.payload["reminders"]))
    found = list(rows.select_related("receivable__invoice"))
    subjects = [row.receivable.invoice.public_id for row in found]
    facts: dict[str, Any] = {}
    if len(found) == 1:
        [row] = found
        facts = {
            "number": row.receivable.invoice.number, "pay_by_on": row.pay_by.isoformat(),
            "amount": [row.total_minor, row.currency],
        }  # fmt: skip
    return one_or_many("reminders", "reminded", subjects, event.author.name, facts)


def _of_document(event: OutboxEvent, message: str) -> list[Told]:
    rows = Invoice.objects.filter(id__in=keys(event.payload["documents"]))
    return [
        Told("disputes", message, row.public_id,
             {"company": event.author.name, "number": row.number})
        for row in rows[:1]
    ]  # fmt: skip


def _disputed(event: OutboxEvent) -> list[Told]:
    return _of_document(event, "disputed")


def _dispute_settled(event: OutboxEvent) -> list[Told]:
    return _of_document(event, "dispute_settled")


def _corrections(event: OutboxEvent) -> list[Told]:
    """Readings trickle in, and each rates a period again: of one contract it is said once."""
    rows = Correction.objects.filter(id__in=keys(event.payload["corrections"]))
    found = list(rows.select_related("contract").order_by("state", "id"))
    if not found:
        return []
    parked = [row for row in found if row.state == Correction.State.PARKED]
    chosen = parked or found
    message = "corrections_parked" if parked else "corrections_found"
    contracts = {row.contract_id: row.contract for row in chosen}
    first = next(iter(contracts.values()))
    facts = {"title": first.title, "count": len(contracts)}
    subject = first.public_id if len(contracts) == 1 else ""
    return [Told("corrections", message, subject, facts, stands=True)]


def _parked(event: OutboxEvent) -> list[Told]:
    run = BillingRun.objects.filter(id=UUID(event.payload["run"])).first()
    if run is None:
        return []
    facts = {"label": run.label, "count": event.payload["count"]}
    return [Told("parked", "periods_parked", run.public_id, facts, stands=True)]


TELLERS: dict[str, Teller] = {
    "billing.issued": from_others(_issued),
    "billing.reminded": from_others(_reminded),
    "billing.disputed": from_others(_disputed),
    "billing.dispute_settled": from_others(_dispute_settled),
    "billing.corrections_found": _corrections,
    "billing.periods_parked": _parked,
}
