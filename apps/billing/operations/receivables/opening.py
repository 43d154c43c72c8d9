"""An issued document opens a receivable; a credit note settles what it corrects."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction

from apps.billing.models import Allocation, CustomerCredit, Invoice, Receivable
from apps.billing.operations.receivables.steps import Steps, lock_receivables
from apps.events.operations import enqueue_all
from apps.tenancy.bulk import insert_all
from apps.tenancy.context import current_company

CHUNK = 200


def due_on(invoice: Invoice, issued_on: date) -> date:
    """The day of issue plus the contract's payment days."""
    return issued_on + timedelta(days=int(invoice.facts["terms"]["payment_days"]))


def open_receivables(*, invoices: Sequence[Invoice], issued_on: date, now: datetime) -> None:
    """For documents that are issued in the caller's transaction, locked by it."""
    credits = [invoice for invoice in invoices if _credited(invoice)]
    opened = {
        invoice.id: _receivable(invoice, issued_on, now)
        for invoice in invoices
        if invoice.kind != Invoice.Kind.CREDIT_NOTE
    }
    insert_all(Receivable, list(opened.values()))
    expect_later([str(key) for key in opened], now)
    if credits:
        _settle_with(credits, opened, now)


def expect_later(keys: Sequence[str], now: datetime) -> None:
    """A job tells the payments app; issuing does not wait for it."""
    chunks = [keys[start : start + CHUNK] for start in range(0, len(keys), CHUNK)]
    payloads = [({"receivables": chunk}, len(chunk)) for chunk in chunks]
    enqueue_all(kind="billing.expect", payloads=payloads, now=now)


def _credited(invoice: Invoice) -> int:
    """What the document gives the customer: a credit note, or an invoice below zero."""
    return max(0, -invoice.gross_minor * invoice.sign)


def _receivable(invoice: Invoice, issued_on: date, now: datetime) -> Receivable:
    gross = max(0, invoice.gross_minor)
    return Receivable(
        id=invoice.id, author_id=invoice.author_id,
        parties=sorted([invoice.author_id, invoice.customer_id]), invoice=invoice,
        customer_id=invoice.customer_id, currency=invoice.currency, gross_minor=gross,
        open_minor=gross, state=Receivable.State.OPEN if gross else Receivable.State.PAID,
        issued_on=issued_on, due_on=due_on(invoice, issued_on), moved_at=now,
    )  # fmt: skip


def _settle_with(credits: Sequence[Invoice], opened: dict[UUID, Receivable], now: datetime) -> None:
    """Each credit note on what it corrects as far as that is open; the rest is the customer's."""
    keys = {note.corrects_id for note in credits if note.corrects_id}
    receivables = lock_receivables(keys - set(opened)) | opened
    steps, over = Steps(now), []
    for note in sorted(credits, key=lambda item: item.id):
        amount = _credited(note)
        target = receivables.get(note.corrects_id) if note.corrects_id else None
        applied = min(amount, target.open_minor) if target is not None else 0
        if target is not None and applied:
            steps.add(target, Allocation.Source.CREDIT_NOTE, note.id, applied)
        if amount > applied:
            over.append(_credit(note, amount - applied, now))
    insert_all(CustomerCredit, over)
    steps.keep()


def _credit(note: Invoice, amount_minor: int, now: datetime) -> CustomerCredit:
    return CustomerCredit(
        author_id=note.author_id, parties=sorted([note.author_id, note.customer_id]),
        customer_id=note.customer_id, source=CustomerCredit.Source.CREDIT_NOTE, source_id=note.id,
        currency=note.currency, amount_minor=amount_minor, left_minor=amount_minor, made_at=now,
    )  # fmt: skip


@transaction.atomic
def open_missing(*, now: datetime, most: int = 1_000) -> int:
    """Documents that were issued before there were receivables, in the order of issue.

    Returns how many; twice is once. Credit notes come after what they correct.
    """
    company = current_company()
    issued = Invoice.objects.written_by(company).filter(state=Invoice.State.ISSUED)
    missing = issued.filter(receivables=None).exclude(kind=Invoice.Kind.CREDIT_NOTE)
    rows = list(missing.order_by("issued_at", "id").select_for_update(of=("self",))[:most])
    notes = issued.filter(corrects__in=rows, kind=Invoice.Kind.CREDIT_NOTE)
    for invoice in [*rows, *notes.order_by("issued_at", "id")]:
        assert invoice.issued_on is not None
        open_receivables(invoices=[invoice], issued_on=invoice.issued_on, now=now)
    return len(rows)
