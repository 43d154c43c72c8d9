"""Who is at the browser: the person, their membership here, language and time zone."""

import zoneinfo
from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone, translation

from apps.accounts.domain.capabilities import ANYBODY, capabilities_of, operators_capabilities
from apps.accounts.models import Membership
from apps.accounts.operations.sessions import note_seen
from apps.accounts.queries import impersonation_in_force, lacks_factor, memberships_in_force
from apps.common import tracing
from apps.tenancy.context import set_person

# Where a session was begun: the key of a company, SIGN_IN_HOST or CONSOLE_HOST. It is one nowhere else.
SESSION_HOST = "host"
SIGN_IN_HOST, CONSOLE_HOST = "sign-in", "console"
# The key of the session on the sign-in host that this one came from: signing out there ends it.
SESSION_ROOT = "root_session"
# The person came by the company's own identity provider, which asks for what it asks for.
SESSION_SIGN_ON = "by_sign_on"
# What somebody does in a company is noted at their sign-in this often.
SESSION_SEEN = "seen_at"
SEEN_EACH = timedelta(minutes=5)
# The company this person of the platform was let into, to help.
SESSION_HELP = "helps_company_id"


class HostSessionMiddleware(SessionMiddleware):
    """A session is one on the host that began it; shown at any other it ends, whoever is in it.

    All hosts share one table and one cookie name, and the browser's owner may carry a cookie over. Who was
    let into a company by its own identity provider is nobody on the sign-in host, nor in the console.
    """

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        kept = request.session
        if kept.keys() and kept.get(SESSION_HOST) != host_kind(request):
            kept.flush()

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        kept = getattr(request, "session", None)
        if kept is not None and kept.modified and kept.keys():
            kept[SESSION_HOST] = host_kind(request)
        return super().process_response(request, response)


def host_kind(request: HttpRequest) -> int | str:
    """What sessions begun at this host are marked with. Of the two hosts without a company the process decides."""
    company = request.company  # type: ignore[attr-defined]
    if company is not None:
        return int(company.pk)
    return CONSOLE_HOST if settings.CONSOLE else SIGN_IN_HOST


class PersonMiddleware:
    """Sets request.membership, capabilities and other_companies; who is none of the company is signed out."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.membership, request.capabilities = None, ANYBODY  # type: ignore[attr-defined]
        request.other_companies, request.impersonation = [], None  # type: ignore[attr-defined]
        self._recognise(request)
        language, zone = language_of(request), zone_of(request)
        with translation.override(language), timezone.override(zone):
            request.LANGUAGE_CODE = language
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        return response

    def _recognise(self, request: HttpRequest) -> None:
        if not request.user.is_authenticated:
            return
        set_person(request.user.pk)
        tracing.note(person=str(request.user.pk))
        company = request.company  # type: ignore[attr-defined]
        if company is None:
            request.capabilities = capabilities_of(None)  # type: ignore[attr-defined]
            return
        self._enter(request, company.pk)

    def _enter(self, request: HttpRequest, company_id: int) -> None:
        root = request.session.get(SESSION_ROOT)
        # All at once: every page of the portal names the person's other companies.
        found = {
            row.author_id: row for row in memberships_in_force(request.user, root, timezone.now())
        }
        own = found.pop(company_id, None)
        # Asked each time: positions change, and factors go, while somebody is in.
        if own is not None and not request.session.get(SESSION_SIGN_ON) and lacks_factor(own):
            self._end(request)
            return
        if own is None:
            if not self._help(request, company_id):
                self._end(request)
            return
        self._note_seen(request)
        own.user = request.user  # type: ignore[assignment]
        tracing.note(member=own.public_id)
        request.membership = own  # type: ignore[attr-defined]
        request.capabilities = capabilities_of(own.position)  # type: ignore[attr-defined]
        request.other_companies = [row.author for row in found.values()]  # type: ignore[attr-defined]

    def _end(self, request: HttpRequest) -> None:
        set_person(None)
        logout(request)

    def _note_seen(self, request: HttpRequest) -> None:
        now, root = timezone.now(), request.session.get(SESSION_ROOT)
        before = request.session.get(SESSION_SEEN, 0)
        if root and before + SEEN_EACH.total_seconds() <= now.timestamp():
            request.session[SESSION_SEEN] = now.timestamp()
            note_seen(root_session=root, now=now)

    def _help(self, request: HttpRequest, company_id: int) -> bool:
        """Whether a person of the platform is let in for now; they see, and change hardly anything."""
        if request.session.get(SESSION_HELP) != company_id:
            return False
        root = request.session.get(SESSION_ROOT)
        found = impersonation_in_force(request.user, company_id, timezone.now(), root)
        if found is None:
            return False
        request.impersonation = found  # type: ignore[attr-defined]
        request.user.helping = True  # type: ignore[union-attr]
        request.membership = Membership(  # type: ignore[attr-defined]
            author_id=company_id, parties=[company_id], user_id=found.operator_id, position="viewer"
        )
        request.capabilities = operators_capabilities()  # type: ignore[attr-defined]
        return True


def language_of(request: HttpRequest) -> str:
    """The signed-in person's language, else the browser's."""
    if request.user.is_authenticated and request.user.language:
        return request.user.language
    return translation.get_language_from_request(request)


def zone_of(request: HttpRequest) -> zoneinfo.ZoneInfo:
    """The viewer's zone: the person's own, else the company's, else UTC."""
    named = getattr(request.user, "time_zone", "") if request.user.is_authenticated else ""
    company = request.company  # type: ignore[attr-defined]
    named = named or (company.time_zone if company else "UTC")
    try:
        return zoneinfo.ZoneInfo(named)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return zoneinfo.ZoneInfo("UTC")
