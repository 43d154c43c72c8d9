"""Files of an invoice: downloads, and a picture of the first page."""

from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from apps.accounts.access import requires
from apps.billing.models import DocumentFile, Invoice
from apps.billing.operations.documents import first_page
from apps.billing.operations.stored import read_stored

MIME = {"pdf": "application/pdf", "xml": "application/xml; charset=utf-8"}
# Stored files never change; a browser may keep them as long as its person is signed in.
KEEP = "private, max-age=86400"


def _file(invoice_id: UUID, form: str) -> DocumentFile:
    issued = Invoice.objects.filter(state=Invoice.State.ISSUED)
    get_object_or_404(issued, id=invoice_id)
    found: DocumentFile = get_object_or_404(DocumentFile, document_id=invoice_id, form=form)
    return found


@require_GET
@requires("view_invoices")
def invoice_file(request: HttpRequest, invoice_id: UUID, form: str) -> HttpResponse:
    """The stored file as it was made; `?show=1` opens a PDF in the browser instead of saving it."""
    return file_answer(request, _file(invoice_id, form))


def file_answer(request: HttpRequest, found: DocumentFile) -> HttpResponse:
    """A stored file that the company may see, to be saved or shown."""
    shown = "inline" if request.GET.get("show") and found.extension == "pdf" else "attachment"
    headers = {
        "Content-Disposition": f'{shown}; filename="{found.file_name}"', "Cache-Control": KEEP,
    }  # fmt: skip
    return HttpResponse(_content(found), content_type=MIME[found.extension], headers=headers)


@require_GET
@requires("view_invoices")
def invoice_picture(request: HttpRequest, invoice_id: UUID) -> HttpResponse:
    """The first page of the PDF as PNG: phones and strict pages show no PDF inside a page."""
    picture = first_page(_content(_file(invoice_id, DocumentFile.Form.PDF)))
    return HttpResponse(picture, content_type="image/png", headers={"Cache-Control": KEEP})


def _content(found: DocumentFile) -> bytes:
    """A file that is gone or damaged is not there; `check_invariants` says which."""
    try:
        return read_stored(found)
    except ValidationError as problem:
        raise Http404(" ".join(problem.messages)) from None
