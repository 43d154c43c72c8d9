"""Files of an issued document: rendered by a job after issue, stored once, with their hash."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.billing.domain.einvoice.document import Document
from apps.billing.models import DocumentFile, Invoice
from apps.billing.operations.documents.rendering import Files, render_files
from apps.billing.operations.stored import write_once
from apps.billing.queries.composing import document_of_invoice, ways_to_pay
from apps.tenancy.context import current_company, current_company_id


def store_invoice_files(*, invoice_id: UUID, now: datetime) -> list[DocumentFile]:
    """Render and store the files of one of our issued invoices. Done twice is done once.

    Raises NoRenderer where the machine cannot make a PDF.
    """
    own = Invoice.objects.written_by(current_company_id()).filter(state=Invoice.State.ISSUED)
    invoice = own.filter(id=invoice_id).first()
    if invoice is None:
        return []
    if found := list(DocumentFile.objects.filter(document_id=invoice_id)):
        return found
    return store_document_files(
        document=document_of_invoice(invoice, ways=ways_to_pay()), document_id=invoice_id,
        parties=invoice.parties, now=now,
    )  # fmt: skip


def store_document_files(
    *, document: Document, document_id: UUID, parties: Sequence[int], now: datetime
) -> list[DocumentFile]:
    """Every form of a document as a stored file; `parties` may download it.

    Rendered outside the transaction: it takes longer than anything else. What is stored stays.
    """
    files = render_files(document)
    with transaction.atomic():
        rows = list(_rows(document, document_id, parties, files, now))
        DocumentFile.objects.bulk_create(rows, ignore_conflicts=True)
    return list(DocumentFile.objects.filter(document_id=document_id))


def _rows(
    document: Document, document_id: UUID, parties: Sequence[int], files: Files, now: datetime
) -> Iterator[DocumentFile]:
    company = current_company()
    for form in DocumentFile.Form:
        content: bytes = getattr(files, form.value)
        if content:
            row = DocumentFile(
                author=company, parties=list(parties), document_id=document_id,
                number=document.number, form=form, size=len(content), made_at=now,
            )  # fmt: skip
            place = f"documents/{company.pk}/{document_id}-{form.value}"
            row.path, row.sha256 = write_once(place, row.extension, content)
            yield row
