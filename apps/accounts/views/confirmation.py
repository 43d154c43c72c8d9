"""A company's host, and the console's: to the sign-in host to show who is there, and back to what was begun."""

import re

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from apps.accounts.access import requires
from apps.accounts.views.entry import leave_for_sign_in, wanted

KEPT_PATH = "/confirmation/kept/"
_KEPT = "kept_form"
_MOST_LETTERS = 50_000
# Not kept: to be typed again.
_SECRET = re.compile("secret|password")


def confirm_first(request: HttpRequest) -> HttpResponse:
    """Away to confirm, and back: to the page, or to a page with what was typed."""
    path = wanted(request)
    if request.method == "POST" and not getattr(request, "htmx", False) and _keep(request):
        path = KEPT_PATH
    return leave_for_sign_in(request, path, confirm="1")


def _keep(request: HttpRequest) -> bool:
    """What was typed, in the session until it is sent again; not what is too much, and no files."""
    fields = [
        (name, value)
        for name, values in request.POST.lists()
        if name != "csrfmiddlewaretoken" and not _SECRET.search(name)
        for value in values
    ]
    if sum(len(name) + len(str(value)) for name, value in fields) > _MOST_LETTERS:
        return False
    request.session[_KEPT] = {"path": request.get_full_path(), "fields": fields}
    return True


@never_cache
@require_GET
@requires("any_person")
def kept_form(request: HttpRequest) -> HttpResponse:
    """What was typed before the confirmation, to be sent by a click; shown once."""
    kept = request.session.pop(_KEPT, None)
    if kept is None:
        return redirect("/")
    layout = "base.html" if request.company else "base_plain.html"  # type: ignore[attr-defined]
    return render(request, "accounts/kept_form.html", {**kept, "layout": layout})
