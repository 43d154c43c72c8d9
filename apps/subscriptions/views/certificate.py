"""The certificate of a company that is gone, on the public host, to who has the mailed link."""

import json
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from apps.accounts.access import requires
from apps.accounts.domain.tokens import hash_of
from apps.subscriptions.models import Certificate
from apps.subscriptions.operations.certifying import as_file, certificate_by
from apps.subscriptions.queries import reasons_kept
from apps.subscriptions.wording import customers_in_words

OPENED = "certificate_token"


def _opened(request: HttpRequest) -> Certificate | None:
    """The certificate of this browser."""
    return certificate_by(request.session.get(OPENED, ""))


@never_cache
@require_GET
@requires("anybody")
def certificate(request: HttpRequest) -> HttpResponse:
    """The page. The token leaves the address bar at once."""
    if token := request.GET.get("token"):
        request.session[OPENED] = hash_of(token)
        return redirect("certificate")
    found = _opened(request)
    if found is None:
        return render(request, "public/no_certificate.html", status=404)
    context = {
        "found": found,
        "body": found.body,
        "customers": customers_in_words(found),
        "kept": reasons_kept(found.body["kept"]),
        "asked_at": datetime.fromisoformat(found.body["asked_at"]),
    }
    return render(request, "public/certificate.html", context)


@never_cache
@require_GET
@requires("anybody")
def certificate_file(request: HttpRequest) -> HttpResponse:
    """The signed file."""
    found = _opened(request)
    if found is None:
        return render(request, "public/no_certificate.html", status=404)
    text = json.dumps(as_file(found), indent=2, ensure_ascii=False)
    name = f"certificate-{found.body['company']['address']}.json"
    return HttpResponse(
        text, content_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )  # fmt: skip
