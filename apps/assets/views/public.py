"""Where the mark on an asset leads: a page of the sign-in host that knows nothing of the asset."""

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from apps.accounts.access import requires
from apps.accounts.addresses import company_url
from apps.accounts.queries import memberships_of


@never_cache
@require_GET
@requires("anybody")
def identified(request: HttpRequest, thing: str) -> HttpResponse:
    """The ways to the asset's passport in the portals of whoever is signed in.

    It looks nothing up: the same for an asset that is there, that is another's, or that never was.
    Who may see the passport is asked in the company's portal.
    """
    context = {
        "thing": thing, "rows": _ways(request, thing),
        "sign_in_url": f"{reverse('account_login')}?{urlencode({'next': request.path})}",
    }  # fmt: skip
    return render(request, "assets/identified.html", context)


def _ways(request: HttpRequest, thing: str) -> list[tuple[str, str]]:
    if not request.user.is_authenticated:
        return []
    path = f"/assets/{thing}/passport/"
    rows = memberships_of(request.user)
    return [(row.author.name, company_url(row.author, path)) for row in rows]
