"""Part of a received document's page: the statements of ours it may be the invoice of."""

from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from apps.accounts.access import requires
from apps.billing.domain.einvoice.document import Document
from apps.billing.domain.einvoice.reading import read_document
from apps.billing.domain.einvoice.safe_xml import Unreadable
from apps.billing.models import IncomingDocument
from apps.billing.operations.incoming import read_file
from apps.settlement.queries.received import likely_statements
from apps.tenancy.context import current_company


@require_GET
@requires("view_money")
def incoming_statement(request: HttpRequest, incoming_id: UUID) -> HttpResponse:
    """Side by side: its net and period, and those of each likely statement."""
    rows = IncomingDocument.objects.written_by(current_company())
    found = get_object_or_404(rows, pk=incoming_id)
    document = _read(found)
    likely = likely_statements(found, document) if document and found.sender_id else []
    context = {"incoming": found, "document": document, "likely": likely}
    return render(request, "settlement/incoming_statement.html", context)


def _read(found: IncomingDocument) -> Document | None:
    """None for a file that is damaged or gone; its page says so."""
    try:
        return read_document(read_file(found.xml_path, found.xml_sha256))
    except (ValidationError, Unreadable):
        return None
