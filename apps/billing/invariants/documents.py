"""Invoices: sums, tax per rate, gapless numbers, who sees them, and that they never changed."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError

from apps.billing.domain.numbers import position_of
from apps.billing.invariants.registry import of_company, rows, shared
from apps.billing.models import DocumentFile, EvidenceFile, Invoice
from apps.billing.operations.stored import read_stored
from apps.billing.queries.verifying import verified
from apps.events.models import Job
from apps.metering.domain.corrected import stated_lines
from apps.metering.domain.evidence import parse_evidence
from apps.pricing.tax import tax_on
from apps.tenancy.context import current_company, current_company_id

# Table and the column that names the invoice.
PARTS = (
    ("billing_invoice", "id"), ("billing_invoiceline", "invoice_id"),
    ("billing_invoicetax", "invoice_id"),
)  # fmt: skip


PENDING = (Job.State.WAITING, Job.State.RUNNING)


@shared("lines sum to the invoice's net, taxes to its tax, both to its total")
def invoices_sum(now: datetime) -> Iterator[str]:
    for key, net, tax, lines, taxes in rows(
        """
        select invoice.id, invoice.net_minor, invoice.tax_minor,
            (select coalesce(sum(net_minor), 0) from public.billing_invoiceline
             where invoice_id = invoice.id),
            (select coalesce(sum(tax_minor), 0) from public.billing_invoicetax
             where invoice_id = invoice.id)
        from public.billing_invoice invoice
        """
    ):
        if (net, tax) != (lines, taxes):
            yield f"invoice {key}: net {net} and tax {tax}, parts sum to {lines} and {taxes}"
    for (key,) in rows(
        "select id from public.billing_invoice where gross_minor <> net_minor + tax_minor"
    ):
        yield f"invoice {key}: the total is not net and tax"


@shared("tax is computed on the sum of each category and rate")
def taxes_recomputed(now: datetime) -> Iterator[str]:
    stated = {
        (invoice, category, percent): (net, tax)
        for invoice, category, percent, net, tax in rows(
            "select invoice_id, category, percent, net_minor, tax_minor "
            "from public.billing_invoicetax"
        )
    }
    computed = {
        (invoice, category, percent): (int(net), tax_on(int(net), Decimal(percent)))
        for invoice, category, percent, net in rows(
            "select invoice_id, tax_category, tax_percent, sum(net_minor) "
            "from public.billing_invoiceline group by 1, 2, 3"
        )
    }
    for key in sorted(stated.keys() | computed.keys(), key=str):
        if stated.get(key) != computed.get(key):
            yield f"tax of {key}: stated {stated.get(key)}, computed {computed.get(key)}"


@shared("numbers are gapless per issuer and series, and the counter stands behind the last")
def numbers_gapless(now: datetime) -> Iterator[str]:
    used: dict[tuple[int, str], list[int]] = {}
    for author, series, number in rows(
        "select author_id, series, number from public.billing_invoice where state = 'issued'"
    ):
        used.setdefault((author, series), []).append(position_of(series, number))
    counters = {
        (author, series): following
        for author, series, following in rows(
            "select author_id, series, next_number from public.billing_numberseries "
            "where series not like 'GS-%' and series not like 'MA-%'"
        )
    }
    for key in sorted(used.keys() | counters.keys()):
        positions = sorted(used.get(key, []))
        if positions != list(range(1, counters.get(key, 0))):
            yield f"series {key}: {len(positions)} numbers, counter at {counters.get(key)}"


@shared("a draft is seen by its issuer alone, an issued invoice and its parts by both sides")
def seen_by_the_right_ones(now: datetime) -> Iterator[str]:
    for table, invoice_key in PARTS:
        for (key,) in rows(
            f"""
            select part.id from public.{table} part
            join public.billing_invoice invoice on invoice.id = part.{invoice_key}
            cross join lateral (
                select case when invoice.state = 'issued'
                    then array[invoice.author_id, invoice.customer_id]
                    else array[invoice.author_id] end as parties
            ) wanted
            where not (part.parties @> wanted.parties and part.parties <@ wanted.parties)
            """
        ):
            yield f"{table} {key} is seen by others than it should be"


@of_company("issued invoices are what was signed: file, signature, readings, lines and totals")
def evidence_holds(now: datetime) -> Iterator[str]:
    own = EvidenceFile.objects.written_by(current_company_id()).select_related("invoice")
    for found in own.iterator():
        try:
            content = read_stored(found)
        except ValidationError as problem:
            yield f"evidence of {found.invoice.number}: {' '.join(problem.messages)}"
            continue
        result = verified(content, found.public_key, "en")
        for finding in result.findings[:3]:
            yield f"evidence of {found.invoice.number}: {finding}"
        if result.verified and _signed(content) != _stated(found):
            yield f"invoice {found.invoice.number} is not what was signed"


@of_company("every issued invoice has its files, and each is what was stored")
def files_hold(now: datetime) -> Iterator[str]:
    """One whose job has not run yet is left out; one whose job failed is not."""
    own = current_company().pk
    for found in DocumentFile.objects.written_by(own).iterator():
        try:
            read_stored(found)
        except ValidationError as problem:
            yield f"{found.form} of {found.number}: {' '.join(problem.messages)}"
    rows = Job.objects.filter(company_id=own, kind="billing.store_documents")
    for state, payload in (
        rows.exclude(state__in=PENDING).values_list("state", "payload").iterator()
    ):
        keys = payload["invoices"]
        stored = DocumentFile.objects.filter(document_id__in=keys).values("document_id")
        issued = Invoice.objects.written_by(own).filter(id__in=keys).exclude(id__in=stored)
        for number in issued.values_list("number", flat=True):
            yield f"invoice {number} has no files, its job is {state}"


def _signed(content: bytes) -> dict[str, Any]:
    document: Any = parse_evidence(content)
    lines = [line for contract in document["contracts"] for line in stated_lines(contract)]
    return {
        "number": document["invoice"]["number"], "issued_on": document["invoice"]["issued_on"],
        "currency": document["invoice"]["currency"], **document["totals"],
        "lines": [(line["charge"], line["tier"] or 0, line["net_minor"]) for line in lines],
    }  # fmt: skip


def _stated(found: EvidenceFile) -> dict[str, Any]:
    invoice = found.invoice
    lines = invoice.lines.order_by("position").values_list("charge", "tier", "net_minor")
    return {
        "number": invoice.number, "issued_on": invoice.issued_on and invoice.issued_on.isoformat(),
        "currency": invoice.currency, "net_minor": invoice.net_minor,
        "tax_minor": invoice.tax_minor, "gross_minor": invoice.gross_minor, "lines": list(lines),
    }  # fmt: skip
