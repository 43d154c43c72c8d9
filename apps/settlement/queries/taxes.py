"""The tax of partners' documents by the shares they stand for."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from uuid import UUID

from django.db.models import QuerySet

from apps.settlement.domain.statements import Kind, invoice_taxes, line_minor
from apps.settlement.models import StatementInvoice, StatementLine


def taxes_of_shares(document_ids: Iterable[UUID]) -> Mapping[UUID, int]:
    """By share the tax in the books, minor units; of a credit note below zero.

    It stands on self-billed documents, or comes with the partner's own invoice once accepted.
    """
    lines = StatementLine.objects.filter(share__document_id__in=list(document_ids))
    found: dict[UUID, int] = defaultdict(int)
    rows = lines.filter(tax_minor__gt=0).values_list("share", "tax_minor", "statement__kind")
    for share, minor, kind in rows:
        found[share] += line_minor(Kind(kind), minor)
    for statement, minor in _invoiced(lines.filter(statement__kind=Kind.ADVICE.value)):
        of_statement = StatementLine.objects.filter(statement=statement).order_by("position")
        pairs = list(of_statement.values_list("share", "net_minor"))
        parts = invoice_taxes([net for _share, net in pairs], minor)
        for (share, _net), part in zip(pairs, parts, strict=True):
            found[share] += part
    return found


def _invoiced(lines: QuerySet[StatementLine]) -> QuerySet[StatementInvoice, tuple[UUID, int]]:
    """Statement and tax of the invoices in the books."""
    rows = StatementInvoice.objects.filter(
        statement__in=lines.order_by().values("statement"), tax_posted_at__isnull=False
    )
    return rows.order_by("id").values_list("statement", "tax_minor")
