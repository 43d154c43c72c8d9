"""A company's host: leaving for the sign-in host, coming back with a code, signing out.

The browser keeps a random nonce in a host-only cookie; the sign-in host learns its hash only. A code
is therefore worth nothing in another browser, on another company's host, or a second time.
"""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import login, logout
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import HttpResponseClientRedirect

from apps.accounts.access import requires
from apps.accounts.addresses import console_url, local_path, path_of, public_url
from apps.accounts.api import no_key
from apps.accounts.confirming import SESSION_CONFIRMED
from apps.accounts.domain.tokens import hash_of, new_token
from apps.accounts.middleware import SESSION_HELP, SESSION_ROOT, SESSION_SIGN_ON
from apps.accounts.models import EntryCode, User
from apps.accounts.operations import Entry, consume_entry_code, end_impersonation, note_entry
from apps.accounts.operations.invitations import ACCEPTANCE_PATH
from apps.accounts.queries import impersonation_in_force, lacks_factor, members
from apps.events.operations import record

ENTRY_COOKIE = settings.SESSION_COOKIE_NAME.replace("session", "entry")
ENTRY_COOKIE_SECONDS = 3600
BACKEND = settings.AUTHENTICATION_BACKENDS[0]
PROVEN = "proven_person"
PROVEN_FOR = timedelta(minutes=15)


def send_to_sign_in(request: HttpRequest) -> HttpResponse:
    """To the sign-in host, to come back to this page; htmx parts take the whole page along."""
    if request.path.startswith("/api/"):
        return no_key()
    if request.company is None:  # type: ignore[attr-defined]
        return redirect(public_url("/sign-in/", next=request.get_full_path()))
    return leave_for_sign_in(request, wanted(request))


def leave_for_sign_in(request: HttpRequest, path: str, **asking: str) -> HttpResponse:
    """To the sign-in host with the hash of this browser's nonce, to come back to the path.

    `asking` is added to the address: `confirm` when the person shall show anew who they are.
    """
    company = request.company  # type: ignore[attr-defined]
    to = {"company": company.slug} if company else {"console": "1"}
    nonce = request.COOKIES.get(ENTRY_COOKIE, "")
    if len(nonce) != 43:
        nonce = new_token()
    target = public_url("/sign-in/", **to, state=hash_of(nonce), path=path, **asking)
    response: HttpResponse
    if getattr(request, "htmx", False):
        response = HttpResponseClientRedirect(target)
    else:
        response = redirect(target)
    response.set_cookie(
        ENTRY_COOKIE, nonce, max_age=ENTRY_COOKIE_SECONDS, httponly=True, samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )  # fmt: skip
    response.headers["Cache-Control"] = "no-store"
    return response


def wanted(request: HttpRequest) -> str:
    """The page to come back to: this one, or for parts and forms the one they were on."""
    if getattr(request, "htmx", False):
        return path_of(request.headers.get("HX-Current-URL"))
    if request.method == "GET":
        return local_path(request.get_full_path())
    return path_of(request.headers.get("Referer"))


@never_cache
@require_GET
@requires("anybody")
def start(request: HttpRequest) -> HttpResponse:
    """Where the sign-in host sends a person who began there: this browser gets its nonce."""
    path = local_path(request.GET.get("path"))
    if request.membership is not None:  # type: ignore[attr-defined]
        return redirect(path)
    return leave_for_sign_in(request, path)


@never_cache
@require_GET
@requires("anybody")
def enter(request: HttpRequest) -> HttpResponse:
    """Spend the code, begin a fresh session, and go on to the clean address."""
    path = local_path(request.GET.get("path"))
    entry = consume_entry_code(
        code=request.GET.get("code", ""),
        company=request.company,  # type: ignore[attr-defined]
        nonce=request.COOKIES.get(ENTRY_COOKIE, ""),
        now=timezone.now(),
    )
    if entry is None:
        return _no_entry(request, path)
    if entry.way == EntryCode.Way.ACCEPTANCE:
        # Of members too: nobody was asked for the second factor that a page of the company takes.
        _remember_proof(request, entry.user)
        path = ACCEPTANCE_PATH
    elif not _let_in(request, entry):
        return _no_entry(request, path)
    response = redirect(path)
    response.delete_cookie(ENTRY_COOKIE, samesite="Lax")
    # Browsers refuse a __Host- cookie, also an expired one, that is not Secure.
    response.cookies[ENTRY_COOKIE]["secure"] = settings.SESSION_COOKIE_SECURE
    return response


def _no_entry(request: HttpRequest, path: str) -> HttpResponse:
    """A stale code: whoever is in goes on; others may begin again by a click, never in a loop."""
    if request.membership is not None:  # type: ignore[attr-defined]
        return redirect(path)
    return render(request, "accounts/entry_failed.html", {"path": path}, status=400)


def _let_in(request: HttpRequest, entry: Entry) -> bool:
    membership, now = members().filter(user=entry.user).first(), timezone.now()
    if membership is None:
        return _let_operator_in(request, entry)
    if entry.way != EntryCode.Way.SIGN_ON and lacks_factor(membership):
        return False
    if _is_in_already(request, entry.user):
        request.session.cycle_key()
        remember_entry(request, entry)
        return True
    _begin_session(request, entry)
    record(action="person.entered", subject=membership.public_id, now=now, actor=entry.user)
    return True


def _begin_session(request: HttpRequest, entry: Entry) -> None:
    request.session.flush()
    login(request, entry.user, backend=BACKEND)
    remember_entry(request, entry)


def _let_operator_in(request: HttpRequest, entry: Entry) -> bool:
    """A person of the platform whose half hour runs: no member, and let in to help."""
    now, company = timezone.now(), request.company  # type: ignore[attr-defined]
    found = impersonation_in_force(entry.user, company, now)
    if found is None:
        return False
    _begin_session(request, entry)
    request.session[SESSION_HELP] = company.pk
    note_entry(impersonation=found, now=now)
    return True


def _is_in_already(request: HttpRequest, person: User) -> bool:
    """Who only confirmed who they are keeps the session, and what was typed before in it."""
    return request.membership is not None and request.user.pk == person.pk  # type: ignore[attr-defined]


def remember_entry(request: HttpRequest, entry: Entry) -> None:
    """The sign-in this session came from ends it; when who is there was shown last is kept in it."""
    request.session[SESSION_ROOT] = entry.session_key
    request.session[SESSION_SIGN_ON] = entry.way == EntryCode.Way.SIGN_ON
    if entry.confirmed_at:
        request.session[SESSION_CONFIRMED] = entry.confirmed_at.timestamp()
    request.session.set_expiry(0)


def _remember_proof(request: HttpRequest, user: User) -> None:
    """Somebody who came to accept an invitation: this browser may accept as this person, nothing else."""
    request.session.cycle_key()  # the invitation in it is what this is for
    until = timezone.now() + PROVEN_FOR
    request.session[PROVEN] = {"person": user.pk, "until": until.timestamp()}
    request.session.set_expiry(0)


def proven_person(request: HttpRequest) -> User | None:
    """The person who proved on the sign-in host who they are, to accept an invitation here."""
    proof: dict[str, Any] | None = request.session.get(PROVEN)
    if not proof or proof["until"] < timezone.now().timestamp():
        return None
    return User.objects.filter(pk=proof["person"], is_active=True).first()


@never_cache
@require_POST
@requires("anybody")
def sign_out(request: HttpRequest) -> HttpResponse:
    """End this session and the one on the sign-in host; those of other companies end with it."""
    root = request.session.get(SESSION_ROOT)
    logout(request)
    if root:
        SessionStore(root).delete(root)
    return redirect(public_url("/sign-in/"))


@never_cache
@require_POST
@requires("any_person")
def end_help(request: HttpRequest) -> HttpResponse:
    """The operator's half hour is over before its time; back to the company in the console."""
    company = request.company  # type: ignore[attr-defined]
    if request.impersonation is not None:  # type: ignore[attr-defined]
        end_impersonation(
            impersonation=request.impersonation,  # type: ignore[attr-defined]
            now=timezone.now(),
        )
        logout(request)
        return redirect(f"{console_url()}tenancy/company/{company.pk}/change/")
    return redirect("/")


@requires("any_person")
def profile(request: HttpRequest) -> HttpResponse:
    """The profile, like the password, is changed on the sign-in host."""
    return redirect(public_url("/profile/"))
