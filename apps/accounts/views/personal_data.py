"""The sign-in host: what is stored of the signed-in person, as a file, and what erasing means."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from apps.accounts.access import requires
from apps.accounts.confirming import is_confirmed
from apps.accounts.personal import as_json, told_to_themselves
from apps.accounts.queries import memberships_of
from apps.accounts.views.security import confirmation_page


@never_cache
@require_http_methods(["GET", "POST"])
@requires("any_person")
def personal_data(request: HttpRequest) -> HttpResponse:
    """What there is and what goes; posted, the person's own data as a JSON file."""
    if not is_confirmed(request, timezone.now()):
        return confirmation_page(request)
    if request.method == "POST":
        return _file(request.user)
    context = {
        "memberships": memberships_of(request.user),
        "support": settings.PERUSE_SUPPORT_EMAIL,
    }
    return render(request, "accounts/personal_data.html", context)


def _file(person: Any) -> HttpResponse:
    name = f"personal-data-{timezone.now():%Y-%m-%d}.json"
    return HttpResponse(
        as_json(told_to_themselves(person)), content_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )  # fmt: skip
