"""Part of a received document's page: the statements of ours it may be the invoice of."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.access import requires
from apps.billing.domain.einvoice.document import Document
from apps.billing.domain.einvoice.reading import read_document
from apps.billing.domain.einvoice.safe_xml import Unreadable
from apps.billing.models import IncomingDocument
from apps.billing.operations.incoming import read_file
from apps.common.ids import BadId, decode
from apps.settlement.models import Statement
from apps.settlement.operations import match_invoice, unmatch_invoice
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


@require_POST
@requires("receive_documents")
def statement_match(request: HttpRequest, incoming_id: UUID) -> HttpResponse:
    """Tie the document to one of our statements, or take the tie away."""
    found = get_object_or_404(
        IncomingDocument.objects.written_by(current_company()), pk=incoming_id
    )
    now, chosen = timezone.now(), request.POST.get("statement", "")
    try:
        if chosen:
            match_invoice(
                statement=_statement(chosen), incoming=found, document=_read_or_refuse(found),
                now=now, actor=request.user,
            )  # fmt: skip
            messages.success(request, _("The invoice belongs to the statement now."))
        elif unmatch_invoice(incoming=found, now=now, actor=request.user):
            messages.success(request, _("The match is taken away."))
    except ValidationError as problem:
        messages.warning(request, " ".join(problem.messages))
    return redirect("incoming_detail", found.public_id)


def _statement(chosen: str) -> Statement:
    try:
        key = decode(Statement.prefix, chosen)
    except BadId:
        raise Http404 from None
    rows = Statement.objects.written_by(current_company())
    found: Statement = get_object_or_404(rows, pk=key)
    return found


def _read_or_refuse(found: IncomingDocument) -> Document:
    document = _read(found)
    if document is None:
        raise ValidationError(_("The stored file is damaged."))
    return document


def _read(found: IncomingDocument) -> Document | None:
    """None for a file that is damaged or gone; its page says so."""
    try:
        return read_document(read_file(found.xml_path, found.xml_sha256))
    except (ValidationError, Unreadable):
        return None
