"""Reminders: what is due to be asked for (dry), sent for real, and each letter as a page."""

from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from apps.accounts.access import requires
from apps.billing.models import Receivable, Reminder
from apps.billing.operations import send_reminders
from apps.billing.queries.reminding import reminders_due
from apps.billing.views.receivables import today_here
from apps.common.ids import BadId, decode

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
    """The letter, for both sides; it prints well."""
    rows = Reminder.objects.select_related("receivable__invoice")
    reminder = get_object_or_404(rows, id=reminder_id)
    invoice = reminder.receivable.invoice
    context: dict[str, Any] = {
        "reminder": reminder, "invoice": invoice,
        "is_last": reminder.level == reminder.facts["levels"],
        "days": (reminder.sent_on - reminder.receivable.due_on).days,
        "accruals": [_shown(part) for part in reminder.facts["accruals"]],
    }  # fmt: skip
    return render(request, "billing/reminders/detail.html", context)


def _shown(part: dict[str, Any]) -> dict[str, Any]:
    start, end = date.fromisoformat(part["start"]), date.fromisoformat(part["end"])
    return {**part, "start": start, "last": date.fromordinal(end.toordinal() - 1),
            "days": (end - start).days}  # fmt: skip
