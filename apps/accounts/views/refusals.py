"""Answers to what does not exist or may not be done; the same for foreign and absent."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from apps.accounts.access import Lacking
from apps.accounts.api import problem
from apps.accounts.wording import capability_in_words


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404 that tells nothing about why."""
    if _is_api(request):
        return problem(404, "There is nothing at this address.")
    return render(request, "errors/404.html", status=404)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403 that names the missing capability in words."""
    lacking = capability_in_words(exception.capability) if isinstance(exception, Lacking) else ""
    if _is_api(request):
        return problem(403, lacking)
    return render(request, "accounts/lacking.html", {"lacking": lacking}, status=403)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form that was not sent from this portal, or after signing in anew."""
    if _is_api(request):
        return problem(403, "This address takes keys, not forms.")
    return render(request, "errors/csrf.html", status=403)


def _is_api(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")
