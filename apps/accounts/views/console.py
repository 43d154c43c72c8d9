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
from apps.accounts.operations import consume_entry_code
from apps.accounts.views.entry import BACKEND, ENTRY_COOKIE

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
    request.session.flush()
    login(request, entry.user, backend=BACKEND)
    request.session[SESSION_ROOT] = entry.session_key
    request.session.set_expiry(0)
    return redirect(local_path(request.GET.get("path")))
