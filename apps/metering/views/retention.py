"""How long the company keeps its readings, and what holds the older ones."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from apps.accounts.access import requires
from apps.metering.queries import readings_needed_from
from apps.telemetry.operations import keep_readings_for
from apps.telemetry.operations.retention import LONGEST, SHORTEST, retention_edge
from apps.telemetry.queries.retention import kept_months, months_of_readings


class RetentionForm(forms.Form):
    """Months for which readings are kept."""

    months = forms.IntegerField(
        label=gettext_lazy("Keep readings for (months)"), min_value=SHORTEST, max_value=LONGEST
    )


@require_GET
@requires("view_readings")
def retention(request: HttpRequest) -> HttpResponse:
    """What is kept, month by month, and from when on readings are still needed."""
    return render(request, "metering/retention.html", _context(RetentionForm(initial=_initial())))


def _initial() -> dict[str, int]:
    return {"months": kept_months()}


def _context(form: RetentionForm) -> dict[str, Any]:
    now = timezone.now()
    stored = months_of_readings()
    return {
        "form": form, "months": stored, "kept": kept_months(), "edge": retention_edge(now),
        "needed_from": readings_needed_from(now), "size": sum(month.size for month in stored),
    }  # fmt: skip


@require_http_methods(["POST"])
@requires("set_retention")
def retention_term(request: HttpRequest) -> HttpResponse:
    """Set for how long readings are kept."""
    form = RetentionForm(request.POST)
    if form.is_valid():
        try:
            months = form.cleaned_data["months"]
            keep_readings_for(months=months, now=timezone.now(), by=request.user)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(
                request, _("Readings are kept for %(months)s months.") % {"months": months}
            )
            return redirect("retention")
    return render(request, "metering/retention.html", _context(form), status=422)
