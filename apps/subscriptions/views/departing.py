"""Leaving the platform: what is unfinished, the day on which all is erased, and staying after all."""

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.access import requires
from apps.accounts.confirming import confirmed
from apps.subscriptions.operations.departing import ask_to_leave, stay_after_all
from apps.subscriptions.queries import (
    export_missing,
    last_export,
    leaving_holds,
    own_departure,
)


@require_GET
@requires("leave_platform")
def leaving(request: HttpRequest) -> HttpResponse:
    """What leaving means, what is still in its way, and how far it is."""
    return _page(request)


def _page(request: HttpRequest, status: int = 200) -> HttpResponse:
    departure, holds = own_departure(), leaving_holds(timezone.now())
    # Once leaving is asked for, only what is taken along from then on is enough.
    export = last_export(departure.asked_at if departure else None)
    if departure is not None and departure.held and not export:
        holds.append(export_missing())
    context = {
        "departure": departure, "holds": holds, "days": settings.PERUSE_LEAVING_DAYS,
        "export": export,
    }  # fmt: skip
    return render(request, "subscriptions/leaving.html", context, status=status)


@require_POST
@requires("leave_platform")
@confirmed
def ask(request: HttpRequest) -> HttpResponse:
    """Have everything erased on the stated day."""
    try:
        ask_to_leave(now=timezone.now(), actor=request.user)
    except ValidationError:
        return _page(request, 422)
    messages.success(request, _("Noted. Until the day below you may take it back."))
    return redirect("plan_leaving")


@require_POST
@requires("leave_platform")
def withdraw(request: HttpRequest) -> HttpResponse:
    """Stay after all."""
    if stay_after_all(now=timezone.now(), actor=request.user):
        messages.success(request, _("Your company stays: nothing is erased."))
    return redirect("plan_leaving")
