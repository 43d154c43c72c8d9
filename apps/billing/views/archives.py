"""Archives of documents: asked for from the list of invoices, written by a job, downloaded."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from apps.accounts.access import requires
from apps.accounts.confirming import confirmed
from apps.billing.models import DocumentArchive, Invoice
from apps.billing.operations.archives import MOST, ask_archive
from apps.billing.operations.stored import read_stored
from apps.billing.tables import ArchiveTable
from apps.billing.views.invoices import InvoiceList
from apps.common.pages import Empty, ListPage
from apps.events.operations import record
from apps.tenancy.context import current_company


def _own() -> QuerySet[DocumentArchive]:
    rows: QuerySet[DocumentArchive] = DocumentArchive.objects.written_by(current_company())
    return rows


class ArchiveList(ListPage):
    model = DocumentArchive
    table_class = ArchiveTable
    title = gettext_lazy("Archives of documents")
    pretitle = gettext_lazy("Invoices")
    filter_fields = ("state",)
    export_name = "archives"
    empty = Empty(
        "folder-archive", gettext_lazy("No archive yet"),
        gettext_lazy("Narrow the list of invoices, by month or customer, and ask there for its files "
                     "as a ZIP with a manifest."),
        "invoice_list", gettext_lazy("Open the invoices"), "export_evidence",
    )  # fmt: skip

    def get_queryset(self) -> QuerySet[DocumentArchive]:
        return _own().defer("documents")


class ArchiveNew(InvoiceList):
    """POST: the issued documents of the list as it is narrowed in the address."""

    http_method_names = ("post",)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.filters = self._filters()
        found = self._searched(self._filtered()).filter(state=Invoice.State.ISSUED)
        keys = list(found.values_list("id", flat=True)[: MOST + 1])
        try:
            archive = ask_archive(invoices=keys, now=timezone.now(), person=request.user)
        except ValidationError as problem:
            messages.error(request, " ".join(problem.messages))
            return redirect(f"{reverse('invoice_list')}?{request.GET.urlencode()}")
        messages.success(request, _("The archive is being written."))
        return redirect("archive_detail", archive.public_id)


@require_GET
@requires("export_evidence")
def archive_detail(request: HttpRequest, archive_id: UUID) -> HttpResponse:
    """How far it is, what is in it, and the file."""
    archive = get_object_or_404(_own().defer("documents"), id=archive_id)
    htmx = getattr(request, "htmx", None)
    part = "progress" if htmx and htmx.target == "progress" else "detail"
    return render(request, f"billing/archives/{part}.html", {"archive": archive})


@require_GET
@requires("export_evidence")
@confirmed
def archive_file(request: HttpRequest, archive_id: UUID) -> HttpResponse:
    """The ZIP; each download is recorded."""
    archive = get_object_or_404(_own().filter(state=DocumentArchive.State.DONE), id=archive_id)
    try:
        content = read_stored(archive)
    except ValidationError as problem:
        messages.error(request, " ".join(problem.messages))
        return redirect("archive_detail", archive.public_id)
    record(
        action="billing.archive_downloaded", subject=archive.public_id, now=timezone.now(),
        actor=request.user,
    )  # fmt: skip
    headers = {"Content-Disposition": f'attachment; filename="{archive.file_name}"'}
    return HttpResponse(content, content_type="application/zip", headers=headers)
