"""The tax of a partner's document, in the books: whoever supplies with tax is owed the gross."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.billing.models import IncomingDocument
from apps.settlement.domain.ledger import taxed
from apps.settlement.models import Statement, StatementInvoice, StatementLine, Transfer
from apps.settlement.operations.ledger import Pair, Posting, locked_books, post
from apps.settlement.operations.paying import make_payable
from apps.tenancy.context import current_company


def post_taxes(taxes: Sequence[tuple[Statement, int]], now: datetime) -> int:
    """Statements with their tax in minor units; what is below zero is taken back. The transfers."""
    names = {row.partner_id: row.partner_name for row, _minor in taxes}
    books = locked_books({Pair(row.partner_id, row.currency) for row, _minor in taxes}, names)
    postings = [
        Posting(Pair(row.partner_id, row.currency), entry, Transfer.Cause.TAX, row.id)
        for row, minor in taxes
        for entry in taxed(minor)
    ]
    return post(books=books, postings=postings, now=now)


@transaction.atomic
def post_invoice_taxes(*, incoming_ids: Iterable[UUID], now: datetime) -> int:
    """The tax of partners' own invoices that are accepted and tied to a statement. Twice is once.

    It becomes payable as the net of its statement does. Returns the transfers written.
    """
    found = StatementInvoice.objects.written_by(current_company()).select_related("statement")
    rows = list(
        found.filter(
            incoming__in=list(incoming_ids), incoming__state=IncomingDocument.State.ACCEPTED,
            tax_posted_at=None,
        ).exclude(tax_minor=0).select_for_update(of=("self",)).order_by("id")
    )  # fmt: skip
    if not rows:
        return 0
    post_taxes([(row.statement, row.tax_minor) for row in rows], now)
    StatementInvoice.objects.filter(id__in=[row.id for row in rows]).update(tax_posted_at=now)
    lines = StatementLine.objects.filter(statement__in=[row.statement_id for row in rows])
    documents = set(lines.values_list("share__document_id", flat=True))
    return len(rows) + make_payable(document_ids=documents, now=now)
