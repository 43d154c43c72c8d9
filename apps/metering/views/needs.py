"""What of usage waits for a person: a part of the home page, and the list behind it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from apps.accounts.access import requires
from apps.metering.queries.declared import declarations_missing
from apps.metering.queries.warned import records_to_check

MOST = 100


@require_GET
@requires("view_contracts")
def usage_needs(request: HttpRequest) -> HttpResponse:
    """Part of the home page; nothing where nothing waits."""
    now = timezone.now()
    to_check = records_to_check(now)[: MOST + 1].count()
    context = {"to_check": to_check, "to_declare": declarations_missing(now)}
    return render(request, "metering/needs.html", context)


@require_GET
@requires("view_contracts")
def usage_to_check(request: HttpRequest) -> HttpResponse:
    """Usage records with a warning that nothing has replaced."""
    rows = list(records_to_check(timezone.now())[:MOST])
    return render(request, "metering/to_check.html", {"records": rows})
