"""Reminders: what is due to be asked for (dry), sent for real, and each letter as a page."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from apps.accounts.access import requires
from apps.billing.models import DocumentFile, Receivable, Reminder
from apps.billing.operations import send_reminders
from apps.billing.operations.documents import letter_context
from apps.billing.queries.owed import owed_of
from apps.billing.queries.reminding import reminders_due
from apps.billing.views.papers import file_answer
from apps.billing.views.receivables import today_here
from apps.common.ids import BadId, decode
from apps.tenancy.context import current_company_id

SHOWN = 200


@require_http_methods(["GET", "POST"])
@requires("settle_receivables")
def reminder_run(request: HttpRequest) -> HttpResponse:
    """What would be asked for today; a POST asks for the ticked ones."""
    if request.method == "POST":
        sent = send_reminders(receivables=_ticked(request), now=timezone.now(), person=request.user)
        if sent:
            text = ngettext("%(n)s reminder sent.", "%(n)s reminders sent.", len(sent))
            messages.success(request, text % {"n": len(sent)})
        else:
            messages.info(request, _("There was nothing to send: none of them is due any more."))
        return redirect("reminder_run")
    today = today_here()
    due = reminders_due(today)
    context = {"due": due[:SHOWN], "more": max(0, len(due) - SHOWN), "today": today}
    return render(request, "billing/reminders/run.html", context)


def _ticked(request: HttpRequest) -> list[UUID]:
    found = []
    for text in request.POST.getlist("receivable"):
        try:
            found.append(decode(Receivable.prefix, text))
        except BadId:
            continue
    return found


@require_GET
@requires("view_invoices")
def reminder_detail(request: HttpRequest, reminder_id: UUID) -> HttpResponse:
    """The letter, for both sides, and what is owed of what it charges."""
    rows = Reminder.objects.select_related("receivable__invoice")
    reminder = get_object_or_404(rows, id=reminder_id)
    context = {
        **letter_context(reminder), "own": reminder.author_id == current_company_id(),
        "owed": owed_of(reminder, today_here()),
        "file": DocumentFile.objects.filter(document_id=reminder.id).first(),
    }  # fmt: skip
    return render(request, "billing/reminders/detail.html", context)


@require_GET
@requires("view_invoices")
def reminder_letter(request: HttpRequest, reminder_id: UUID) -> HttpResponse:
    """The stored PDF; `?show=1` opens it in the browser instead of saving it."""
    get_object_or_404(Reminder, id=reminder_id)
    return file_answer(request, get_object_or_404(DocumentFile, document_id=reminder_id))
