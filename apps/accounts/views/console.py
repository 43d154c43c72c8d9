"""The console's host: operators come from the sign-in host, like people to their company."""

from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from apps.accounts.access import requires
from apps.accounts.addresses import local_path
from apps.accounts.middleware import SESSION_ROOT
from apps.accounts.operations import Entry, consume_entry_code
from apps.accounts.views.entry import BACKEND, ENTRY_COOKIE, remember_entry

_OVER = "This way in is over. Open the console anew."


@never_cache
@require_GET
@requires("anybody")
def enter(request: HttpRequest) -> HttpResponse:
    """Spend the code, begin a fresh session, and go on to the clean address."""
    entry = consume_entry_code(
        code=request.GET.get("code", ""),
        company=None,
        nonce=request.COOKIES.get(ENTRY_COOKIE, ""),
        now=timezone.now(),
    )
    if entry is None or not entry.user.is_staff:
        return HttpResponse(_OVER, status=400, content_type="text/plain")
    if _is_in_already(request, entry):
        request.session.cycle_key()
    else:
        request.session.flush()
        login(request, entry.user, backend=BACKEND)
    remember_entry(request, entry)
    return redirect(local_path(request.GET.get("path")))


def _is_in_already(request: HttpRequest, entry: Entry) -> bool:
    """Who only confirmed who they are keeps the session, and what was typed before in it."""
    came_by = request.session.get(SESSION_ROOT)
    return request.user.pk == entry.user.pk and came_by == entry.session_key
