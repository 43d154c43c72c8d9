"""Which of our statements a received document may be the invoice of."""

from dataclasses import dataclass

from django.db.models import QuerySet

from apps.billing.domain.einvoice.document import Document
from apps.billing.models import IncomingDocument
from apps.common.period import local_date
from apps.settlement.models import Statement
from apps.tenancy.context import current_company

MOST = 200


@dataclass(frozen=True, slots=True)
class Likely:
    """A statement, and what speaks for it. Amounts in minor units of the document's currency."""

    statement: Statement
    same_amount: bool
    same_period: bool
    is_named: bool

    @property
    def is_self_billed(self) -> bool:
        """Then the supply is invoiced already, and the partner's own invoice would be a second."""
        return self.statement.agreement_id is not None

    @property
    def weight(self) -> int:
        return 4 * self.is_named + 2 * self.same_amount + self.same_period


def likely_statements(
    incoming: IncomingDocument, document: Document, most: int = 3
) -> list[Likely]:
    """Our statements to its sender in its currency for which something speaks, the likeliest first:
    it is named, of the same net, of the same period."""
    told = " ".join([document.buyer_reference, document.order_number, *document.notes])
    found = [_likely(row, document, told) for row in _to(incoming)[:MOST]]
    return sorted((one for one in found if one.weight), key=lambda one: -one.weight)[:most]


def _likely(row: Statement, document: Document, told: str) -> Likely:
    first, last = (local_date(at, row.time_zone) for at in (row.period_start, row.last_moment))
    return Likely(
        row, abs(row.net_minor) == abs(document.sums.net_minor),
        (document.first_day, document.last_day) == (first, last),
        bool(row.number) and str(row.number) in told,
    )  # fmt: skip


def _to(incoming: IncomingDocument) -> QuerySet[Statement]:
    rows: QuerySet[Statement] = Statement.objects.written_by(current_company()).filter(
        partner=incoming.sender_id, currency=incoming.currency
    )
    return rows.order_by("-issued_at", "-id")
