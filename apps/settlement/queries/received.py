"""Which of our statements a received document may be the invoice of."""

from dataclasses import dataclass

from django.db.models import QuerySet

from apps.billing.domain.einvoice.document import Document
from apps.billing.models import IncomingDocument
from apps.common.period import local_date
from apps.settlement.models import Statement, StatementInvoice
from apps.tenancy.context import current_company

MOST = 200


@dataclass(frozen=True, slots=True)
class Likely:
    """A statement, and what speaks for it. Amounts in minor units of the document's currency."""

    statement: Statement
    same_amount: bool
    same_period: bool
    is_named: bool
    # Its partner's own invoice, if one is tied to it, and whether that is the document looked at.
    invoice: StatementInvoice | None
    is_matched: bool

    @property
    def is_free(self) -> bool:
        """Whether the document may become the invoice of it."""
        return self.statement.kind == Statement.Kind.ADVICE and (
            self.invoice is None or self.invoice.incoming.state == IncomingDocument.State.REFUSED
        )

    @property
    def is_self_billed(self) -> bool:
        """Then the supply is invoiced already, and the partner's own invoice would be a second."""
        return self.statement.agreement_id is not None

    @property
    def weight(self) -> int:
        return 8 * self.is_matched + 4 * self.is_named + 2 * self.same_amount + self.same_period


def likely_statements(
    incoming: IncomingDocument, document: Document, most: int = 3
) -> list[Likely]:
    """Our statements to its sender in its currency for which something speaks, the likeliest first:
    it is tied to it, is named, of the same net, of the same period."""
    if document.is_self_billed or incoming.invoice_id is not None:
        return []
    told = " ".join([document.buyer_reference, document.order_number, *document.notes])
    found = [_likely(row, incoming, document, told) for row in _to(incoming)[:MOST]]
    return sorted((one for one in found if one.weight), key=lambda one: -one.weight)[:most]


def _likely(
    row: Statement, incoming: IncomingDocument, document: Document, told: str
) -> Likely:  # fmt: skip
    first, last = (local_date(at, row.time_zone) for at in (row.period_start, row.last_moment))
    invoice: StatementInvoice | None = getattr(row, "invoice", None)
    return Likely(
        row, abs(row.net_minor) == abs(document.sums.net_minor),
        (document.first_day, document.last_day) == (first, last),
        bool(row.number) and str(row.number) in told, invoice,
        invoice is not None and invoice.incoming_id == incoming.pk,
    )  # fmt: skip


def _to(incoming: IncomingDocument) -> QuerySet[Statement]:
    rows: QuerySet[Statement] = Statement.objects.written_by(current_company()).filter(
        partner=incoming.sender_id, currency=incoming.currency
    )
    return rows.select_related("invoice__incoming").order_by("-issued_at", "-id")
