"""The sign-in host: to a company's own identity provider, and back from it.

Whoever comes back gets an entry code for that company and nothing else: no session on the sign-in
host. A company's provider says who somebody is in that company, not who they are elsewhere.
"""

from datetime import datetime, timedelta
from typing import Any

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from apps.accounts.access import requires
from apps.accounts.addresses import company_url, local_path, public_url
from apps.accounts.clients import client_address, client_network
from apps.accounts.confirming import is_recent
from apps.accounts.domain.sign_on import BadToken, Shown
from apps.accounts.domain.tokens import is_hash, new_token
from apps.accounts.door import before_signing_in
from apps.accounts.limits import ADDRESS, take
from apps.accounts.models import EntryCode, SignOn, User
from apps.accounts.operations import issue_entry_code
from apps.accounts.operations.provider import Asked, authorization_url, shown_by_code
from apps.accounts.operations.sign_on import link, shown_member
from apps.accounts.queries import own_sign_on
from apps.accounts.views.entry import BACKEND
from apps.tenancy.models import Company
from apps.tenancy.queries import company_by_slug

_ASKED = "sign_on"
_LIFE = timedelta(minutes=10)
_AGENT_LONGEST = 200


@never_cache
@require_GET
@requires("anybody")
def begin(request: HttpRequest) -> HttpResponse:
    """To the provider of the company, with what its answer will be held against."""
    company = company_by_slug(request.GET.get("company", ""))
    sign_on = _of(company)
    if company is None or sign_on is None:
        return _failed(request, _("There is no such way to sign in."), 404)
    path, back = local_path(request.GET.get("path")), request.GET.get("state", "")
    token = request.GET.get("link", "")
    if not token and not is_hash(back):
        return redirect(company_url(company, "/enter/start/", path=path))
    asked = Asked(_redirect_uri(), new_token(), new_token(), new_token())
    anew = bool(request.GET.get("confirm"))
    try:
        take([("sign-on", client_network(request), ADDRESS)], timezone.now())
        address = authorization_url(sign_on=sign_on, asked=asked, anew=anew)
    except ValidationError as error:
        return _failed(request, error.messages[0], 502)
    request.session[_ASKED] = {
        "company": company.slug, "back": back, "path": path, "link": token, "anew": anew,
        "state": asked.state, "nonce": asked.nonce, "verifier": asked.verifier,
        "until": (timezone.now() + _LIFE).timestamp(),
    }  # fmt: skip
    return redirect(address)


@never_cache
@require_GET
@requires("anybody")
def callback(request: HttpRequest) -> HttpResponse:
    """Back from the provider: one answer to one question of this browser."""
    kept: dict[str, Any] = request.session.pop(_ASKED, None) or {}
    now = timezone.now()
    if kept.get("until", 0) < now.timestamp() or not _is_answer(request, kept):
        return _failed(request, _("This way in is over. Begin again."), 400)
    company = company_by_slug(kept["company"])
    sign_on = _of(company)
    if company is None or sign_on is None:
        return _failed(request, _("There is no such way to sign in."), 404)
    if request.GET.get("iss", sign_on.issuer) != sign_on.issuer:
        return _failed(request, _("The answer is another provider's."), 400)
    try:
        shown = _shown(request, sign_on, kept)
        return _arrived(request, company, sign_on, shown, kept, now)
    except BadToken:
        return _failed(request, _("The provider's answer does not hold."), 400)
    except ValidationError as error:
        return _failed(request, error.messages[0], 400)


def _of(company: Company | None) -> SignOn | None:
    if company is None:
        return None
    with before_signing_in(company):
        row = own_sign_on()
    return row if row is not None and row.switched_on_at else None


def _redirect_uri() -> str:
    return public_url(reverse("sign_on_callback"))


def _is_answer(request: HttpRequest, kept: dict[str, Any]) -> bool:
    """Whether it answers the question that this browser was sent with."""
    state = request.GET.get("state", "")
    return bool(state) and constant_time_compare(state, kept.get("state", ""))


def _shown(request: HttpRequest, sign_on: SignOn, kept: dict[str, Any]) -> Shown:
    if "code" not in request.GET:
        raise ValidationError(_("The provider did not sign you in."))
    asked = Asked(_redirect_uri(), kept["state"], kept["nonce"], kept["verifier"])
    return shown_by_code(sign_on=sign_on, code=request.GET["code"], asked=asked)


def _arrived(
    request: HttpRequest, company: Company, sign_on: SignOn, shown: Shown, kept: dict[str, Any],
    now: datetime,
) -> HttpResponse:  # fmt: skip
    if kept["anew"] and not is_recent(shown.authenticated_at, now):
        raise ValidationError(_("The provider did not ask anew who you are."))
    with before_signing_in(company):
        if kept["link"]:
            link(sign_on=sign_on, token=kept["link"], shown=shown, now=now)
            return redirect(company_url(company, "/company/sign-on/"))
        person = shown_member(sign_on=sign_on, shown=shown)
    if person is None:
        text = _("Nobody in %(company)s is linked to your account there.")
        raise ValidationError(text % {"company": company.name})
    code = issue_entry_code(
        user=person, company=company, browser_hash=kept["back"],
        session_key=_root_session(request, person), confirmed_at=shown.authenticated_at, now=now,
        way=EntryCode.Way.SIGN_ON,
    )  # fmt: skip
    return redirect(company_url(company, "/enter/", code=code, path=kept["path"]))


def _root_session(request: HttpRequest, person: User) -> str:
    """A sign-in that no browser holds: it stands in the person's list, and ending it ends the entry."""
    session = SessionStore()
    session[SESSION_KEY] = str(person.pk)
    session[BACKEND_SESSION_KEY] = BACKEND
    session[HASH_SESSION_KEY] = person.get_session_auth_hash()
    session.set_expiry(settings.SESSION_COOKIE_AGE)
    session.create()
    key = str(session.session_key)
    agent = request.headers.get("User-Agent", "")[:_AGENT_LONGEST]
    UserSession.objects.create(
        user=person, session_key=key, ip=client_address(request), user_agent=agent
    )
    return key


def _failed(request: HttpRequest, why: str, status: int) -> HttpResponse:
    return render(request, "accounts/sign_on_failed.html", {"why": why}, status=status)
