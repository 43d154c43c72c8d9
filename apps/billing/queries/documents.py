"""An invoice as a document: what its page and its print show."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Case, Count, F, Q, QuerySet, Sum, Value, When

from apps.billing.models import Correction, Invoice, InvoiceLine, InvoiceTax
from apps.billing.wording import tax_text
from apps.common.period import local_date, midnight
from apps.tenancy.context import current_company


@dataclass(frozen=True, slots=True)
class Document:
    """Lines and taxes in order; the service period as local days, both included."""

    first_day: Any
    last_day: Any
    lines: list[InvoiceLine]
    taxes: list[InvoiceTax]
    tax_notes: list[str]
    payment_reference: str
    corrections: list[Correction]


def document_of(invoice: Invoice) -> Document:
    """Three queries, and one more where the invoice was corrected."""
    lines = list(invoice.lines.order_by("position"))
    first, after = service_of(invoice, lines)
    taxes = list(invoice.taxes.order_by("category", "percent"))
    for tax in taxes:
        tax.text = tax_text(tax.category)  # type: ignore[attr-defined]
    return Document(
        first_day=local_date(first, invoice.time_zone),
        last_day=local_date(after - timedelta(microseconds=1), invoice.time_zone),
        lines=lines,
        taxes=taxes,
        tax_notes=[tax_text(tax.category) for tax in taxes if tax.category != "S"],
        payment_reference="" if invoice.sign < 0 else invoice.number or "",
        corrections=_corrections_of(invoice),
    )


def service_of(invoice: Invoice, lines: Sequence[InvoiceLine]) -> tuple[datetime, datetime]:
    """What of the billed period the contract covers; of an invoice with nothing but fees in advance the
    period they are for."""
    first = lines[0] if lines else None
    alone = all(line.service_start for line in lines)
    if alone and first and first.service_start and first.service_end:
        return first.service_start, first.service_end
    served = [date.fromisoformat(day) for day in invoice.facts["terms"].get("served", ())]
    if served:
        return midnight(served[0], invoice.time_zone), midnight(served[1], invoice.time_zone)
    return invoice.period_start, invoice.period_end


def _corrections_of(invoice: Invoice) -> list[Correction]:
    """Of an invoice those of its periods, oldest first; of a correcting document its own."""
    rows: QuerySet[Correction] = Correction.objects.prefetch_related("documents")
    if invoice.correction_id is not None:
        return list(rows.filter(id=invoice.correction_id))
    return list(
        rows.filter(contract=invoice.contract_id, billed_period__start=invoice.period_start)
        .order_by("generation")
    )  # fmt: skip


def sums_of(invoices: QuerySet[Invoice]) -> list[dict[str, Any]]:
    """Count, net, tax and total by currency and side (`ours`: the company wrote them), in minor units, less
    credit notes; `drafts`: what of the total is not issued. One query."""
    sign = Case(When(kind=Invoice.Kind.CREDIT_NOTE, then=Value(-1)), default=Value(1))
    ours = Case(When(author=current_company(), then=Value(True)), default=Value(False))
    waiting = ~Q(state=Invoice.State.ISSUED)
    rows = (
        invoices.annotate(ours=ours)
        .order_by("currency", "-ours")
        .values("currency", "ours")
        .annotate(
            count=Count("id"),
            net=Sum(F("net_minor") * sign),
            tax=Sum(F("tax_minor") * sign),
            gross=Sum(F("gross_minor") * sign),
            drafts=Sum(F("gross_minor") * sign, filter=waiting, default=0),
        )
    )
    return [dict(row) for row in rows]
