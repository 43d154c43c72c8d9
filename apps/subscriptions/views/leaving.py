"""Taking the company's data along."""

from uuid import UUID

from django.contrib import messages
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.access import requires
from apps.accounts.confirming import confirmed
from apps.events.operations import record
from apps.subscriptions.operations.leaving import start_leaving_export
from apps.subscriptions.queries import export_of, exports_asked
from apps.tenancy.context import current_company


@require_GET
@requires("manage_plan")
def exports(request: HttpRequest) -> HttpResponse:
    """The files that were written, and a button for a new one."""
    return render(request, "subscriptions/exports.html", {"jobs": list(exports_asked()[:10])})


@require_POST
@requires("manage_plan")
@confirmed
def new_export(request: HttpRequest) -> HttpResponse:
    """Let a worker write one."""
    job = start_leaving_export(now=timezone.now(), actor=request.user)
    if job is None:
        messages.info(request, _("The file is being written already."))
    return redirect("plan_exports")


@require_GET
@requires("manage_plan")
@confirmed
def export_file(request: HttpRequest, job_id: UUID) -> HttpResponseBase:
    """The file, to who manages the plan of the company that asked for it; each download is recorded.

    It streams, for it may be large: a stored file needs neither transaction nor company.
    """
    job = export_of(job_id)
    name = str((job.result or {}).get("file", "")) if job else ""
    if not name or not default_storage.exists(name):
        raise Http404
    record(
        action="subscriptions.export_downloaded", subject=job.public_id if job else "",
        now=timezone.now(), actor=request.user,
    )  # fmt: skip
    file = default_storage.open(name, "rb")
    return FileResponse(file, as_attachment=True, filename=f"{current_company().slug}.zip")
