"""From the host name to the current company, and from a lost database or a full disk to a clean 503."""

import json
import sys
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.loader import render_to_string
from django.urls import set_urlconf
from django.utils import translation

from apps.common import tracing
from apps.tenancy.context import set_person
from apps.tenancy.models import Company, Hostname
from apps.tenancy.outages import is_outage

Handler = Callable[[HttpRequest], HttpResponseBase]
CACHE_SECONDS = 30
_cache: dict[str, tuple[float, Company | None]] = {}


def forget_hosts() -> None:
    """Empty the host cache of this process (tests, suspended companies)."""
    _cache.clear()


def company_of_host(host: str) -> Company | None:
    """The company at this host name, remembered for half a minute."""
    found = _cache.get(host)
    if found and found[0] > time.monotonic():
        return found[1]
    name = Hostname.objects.select_related("tenant").filter(domain=host).first()
    company = name.tenant if name and name.tenant.state != Company.State.ERASED else None
    if company is not None:
        _cache[host] = (time.monotonic() + CACHE_SECONDS, company)
    return company


class CompanyMiddleware:
    """Names the current company by the host; an unknown host is a plain 404."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        connection.set_schema_to_public()  # type: ignore[attr-defined]
        set_person(None)
        try:
            return self._answer(request)
        finally:
            connection.set_schema_to_public()  # type: ignore[attr-defined]
            set_person(None)

    def _answer(self, request: HttpRequest) -> HttpResponseBase:
        try:
            host = request.get_host().rsplit(":", 1)[0].lower()
        except DisallowedHost:
            return HttpResponse("No such host.", status=404, content_type="text/plain")
        request.company = None  # type: ignore[attr-defined]
        if host in settings.PERUSE_PUBLIC_HOSTS:
            request.urlconf = settings.PUBLIC_SCHEMA_URLCONF
            set_urlconf(request.urlconf)
            return self.get_response(request)
        company = company_of_host(host)
        if company is None:
            return HttpResponse("No such host.", status=404, content_type="text/plain")
        return self._enter(request, company)

    def _enter(self, request: HttpRequest, company: Company) -> HttpResponseBase:
        connection.set_tenant(company)  # type: ignore[attr-defined]
        request.company = request.tenant = company  # type: ignore[attr-defined]
        tracing.note(company=company.slug)
        set_urlconf(None)
        if company.state != Company.State.ACTIVE and not takes_in(request, company):
            return closed(request, company)
        return self.get_response(request)


def takes_in(request: HttpRequest, company: Company) -> bool:
    """Whether this is usage sent to a suspended company: it is stored, so that none is ever lost."""
    suspended = company.state == Company.State.SUSPENDED
    return suspended and request.method == "POST" and request.path in settings.PERUSE_INTAKE_PATHS


def closed(request: HttpRequest, company: Company) -> HttpResponse:
    """The page of a company that is being set up or suspended, in the browser's language.

    Programs get problem details: 503 soon over, 403 while suspended.
    """
    suspended = company.state == Company.State.SUSPENDED
    headers = {} if suspended else {"Retry-After": "30"}
    status = 403 if suspended else 503
    if request.path.startswith("/api/"):
        title = "The company is suspended" if suspended else "The company is being set up"
        body = json.dumps({"type": "about:blank", "title": title, "status": status})
        kind = "application/problem+json"
    else:
        with translation.override(translation.get_language_from_request(request)):
            shown = {"company": company, "support": settings.PERUSE_SUPPORT_EMAIL}
            body, kind = render_to_string("errors/closed.html", shown), "text/html; charset=utf-8"
    return HttpResponse(body, status=status, content_type=kind, headers=headers)


def unavailable(request: HttpRequest) -> HttpResponse:
    """503: nothing of the request was kept; try again soon."""
    connection.close_if_unusable_or_obsolete()
    if request.path.startswith("/api/"):
        body = '{"type":"about:blank","title":"No data can be read or kept right now","status":503}'
        kind = "application/problem+json"
    else:
        body, kind = render_to_string("errors/503.html"), "text/html; charset=utf-8"
    return HttpResponse(body, status=503, content_type=kind, headers={"Retry-After": "5"})


class DatabaseErrorsMiddleware:
    """Turns a lost database and a full disk into 503, also when COMMIT is what failed."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        return unavailable(request) if is_outage(error) else None


def server_error(request: HttpRequest, *args: Any) -> HttpResponse:
    """handler500: outages met outside of a view (session, company look-up) are a 503 too."""
    if is_outage(sys.exc_info()[1]):
        return unavailable(request)
    return HttpResponse(render_to_string("errors/500.html"), status=500)
