"""Issuing is data only: parties first, the block of numbers last, all in one transaction."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from apps.billing.domain.numbers import number_text, series_of
from apps.billing.models import Correction, Invoice
from apps.billing.operations.keys import ensure_signing_key
from apps.billing.operations.locks import lock_invoices
from apps.billing.operations.numbering import take_numbers
from apps.billing.operations.receivables.disputes import settle_granted
from apps.billing.operations.receivables.opening import due_on, open_receivables
from apps.common.period import local_date
from apps.events.operations import enqueue_all, publish, record_all
from apps.tenancy.context import current_company

FILES_CHUNK = 20
ISSUE = """
update public.billing_invoice invoice
set series = %s, number = given.number, state = 'issued', issued_at = %s, issued_on = %s,
    due_on = given.due_on, parties = array[invoice.author_id, invoice.customer_id]
from unnest(%s::uuid[], %s::text[], %s::date[]) as given(id, number, due_on)
where invoice.id = given.id and invoice.state = 'approved'
"""


@transaction.atomic
def issue_invoices(
    *, invoices: Iterable[Invoice | UUID], now: datetime, issued_by: Any
) -> list[Invoice]:
    """Issue those that are approved; others stay as they are. Returns the issued ones.

    Numbers are gapless per issuer and series: the counter row is locked last and goes with the
    transaction, so a failure gives its numbers back.
    """
    ready = [item for item in lock_invoices(invoices) if item.state == Invoice.State.APPROVED]
    if not ready:
        return []
    ensure_signing_key(now=now)
    _show_to_customers(ready)
    _close_corrections(ready)
    _tell(ready, now, issued_by)
    issued_on = local_date(now, current_company().time_zone)
    open_receivables(invoices=ready, issued_on=issued_on, now=now)
    settle_granted(
        corrections=[item.correction_id for item in ready if item.correction_id], now=now
    )
    _number(ready, now, issued_on)
    return ready


def _show_to_customers(invoices: Sequence[Invoice]) -> None:
    """Lines and taxes become visible before the invoice is issued and they are frozen."""
    ids = [invoice.id for invoice in invoices]
    with connection.cursor() as cursor:
        for table in ("billing_invoiceline", "billing_invoicetax"):
            cursor.execute(
                f"update public.{table} part "
                "set parties = array[invoice.author_id, invoice.customer_id] "
                "from public.billing_invoice invoice "
                "where invoice.id = part.invoice_id and part.invoice_id = any(%s)",
                [ids],
            )


def _close_corrections(invoices: Sequence[Invoice]) -> None:
    """Corrections are seen by whom their documents are, and frozen with them."""
    for invoice in invoices:
        if invoice.correction_id is not None:
            Correction.objects.filter(id=invoice.correction_id).exclude(
                state=Correction.State.ISSUED
            ).update(
                state=Correction.State.ISSUED,
                parties=sorted([invoice.author_id, invoice.customer_id]),
            )


def _number(invoices: Sequence[Invoice], now: datetime, issued_on: date) -> None:
    """Invoices from one series, credit notes from another; counters in the order of their names."""
    by_series: dict[str, list[Invoice]] = {}
    for invoice in invoices:
        is_credit = invoice.kind == Invoice.Kind.CREDIT_NOTE
        by_series.setdefault(series_of(issued_on, is_credit=is_credit), []).append(invoice)
    for series, chosen in sorted(by_series.items()):
        _number_series(series, chosen, now, issued_on)


def _number_series(
    series: str, invoices: Sequence[Invoice], now: datetime, issued_on: date
) -> None:
    first = take_numbers(series, len(invoices))
    for position, invoice in enumerate(invoices, start=first):
        invoice.series, invoice.number = series, number_text(series, position)
        invoice.state, invoice.issued_at, invoice.issued_on = Invoice.State.ISSUED, now, issued_on
        invoice.due_on = due_on(invoice, issued_on)
        invoice.parties = [invoice.author_id, invoice.customer_id]
    with connection.cursor() as cursor:
        cursor.execute(
            ISSUE,
            [
                series,
                now,
                issued_on,
                [invoice.id for invoice in invoices],
                [invoice.number for invoice in invoices],
                [invoice.due_on for invoice in invoices],
            ],
        )
        if cursor.rowcount != len(invoices):
            raise RuntimeError(f"{len(invoices)} numbers taken, {cursor.rowcount} given")


def _tell(invoices: Sequence[Invoice], now: datetime, issued_by: Any) -> None:
    """Outbox, audit and the jobs that store evidence and files, before the counter is locked."""
    company = current_company()
    by_customer: dict[int, list[str]] = {}
    for invoice in invoices:
        by_customer.setdefault(invoice.customer_id, []).append(str(invoice.id))
    subjects = [(invoice.public_id, [invoice.customer_id]) for invoice in invoices]
    record_all(action="billing.issued", subjects=subjects, now=now, actor=issued_by)
    for customer_id, keys in by_customer.items():
        publish(
            name="billing.issued", payload={"invoices": keys}, now=now, to=[company.pk, customer_id]
        )
    ids = [str(invoice.id) for invoice in invoices]
    chunks = [ids[start : start + FILES_CHUNK] for start in range(0, len(ids), FILES_CHUNK)]
    payloads = [({"invoices": chunk}, len(chunk)) for chunk in chunks]
    for kind in ("billing.store_evidence", "billing.store_documents"):
        enqueue_all(kind=kind, payloads=payloads, now=now)
