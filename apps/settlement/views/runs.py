"""The way of a month's money: settled, put on statements, paid out; with its progress."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.accounts.access import requires
from apps.settlement.operations import settle_waiting
from apps.settlement.queries.pages import standings
from apps.settlement.queries.progress import settling_progress


@require_http_methods(["GET", "POST"])
@requires("issue_invoices")
def settlement_run(request: HttpRequest) -> HttpResponse:
    """Three steps, each with what waits; sent, documents that are not settled yet are."""
    now = timezone.now()
    if request.method == "POST":
        if settle_waiting(now=now):
            messages.success(request, _("The documents are being settled."))
        else:
            messages.info(request, _("Every issued document is settled, or about to be."))
        return redirect("settlement_run")
    partners = [row for row in standings(mine=True) if row.payable or row.owed or row.due_back]
    context = {"progress": settling_progress(now), "partners": partners}
    htmx = getattr(request, "htmx", None)
    part = bool(htmx and htmx.target == "settling")
    name = "settlement/run_progress.html" if part else "settlement/run.html"
    return render(request, name, context)
