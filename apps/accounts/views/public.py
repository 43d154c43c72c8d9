"""The sign-in host: signing in and out, the person's companies, profile."""

from typing import Any
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from allauth.account.views import LoginView
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout, update_session_auth_hash
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.access import requires
from apps.accounts.addresses import company_url, console_url, local_path, safe_path
from apps.accounts.confirming import confirmed_at
from apps.accounts.domain.tokens import is_hash
from apps.accounts.door import sign_on_offer
from apps.accounts.forms import PasswordForm, ProfileForm
from apps.accounts.models import EntryCode, User
from apps.accounts.operations import issue_entry_code, set_language
from apps.accounts.operations.invitations import ACCEPTANCE_PATH
from apps.accounts.queries import impersonation_in_force, memberships_of
from apps.accounts.views.security import asked_first
from apps.tenancy.models import ADDRESS_NAME, Company
from apps.tenancy.queries import company_by_slug


class Destination:
    """Where signing in leads: to the company that sent the person, a page of this host, or their
    companies."""

    request: HttpRequest

    def get_success_url(self) -> str:
        company = self._asked("company")
        if company and ADDRESS_NAME.regex.match(company):  # type: ignore[union-attr]
            return f"{reverse('entry', args=[company])}?{self._back()}"
        if self._asked("console"):
            return f"{reverse('console_entry')}?{self._back()}"
        wanted = local_path(self._asked("next"))
        return wanted if wanted != "/" else f"{reverse('companies')}?straight=1"

    def _back(self) -> str:
        """What brings the person back to where they came from."""
        query = {"state": self._asked("state"), "path": local_path(self._asked("path"))}
        if self._asked("confirm"):
            query["confirm"] = "1"
        return urlencode(query)

    def _asked(self, name: str) -> str:
        return str(self.request.POST.get(name) or self.request.GET.get(name) or "")


class SignIn(Destination, LoginView):
    """Sign in; with a company as target, go straight on to it."""

    template_name = "account/login.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        company = company_by_slug(self._asked("company"))
        return super().get_context_data(**kwargs, sign_on=company and sign_on_offer(company))

    def get_initial(self) -> dict[str, Any]:
        return {**super().get_initial(), "login": self._asked("email")}


@never_cache
@require_POST
@requires("anybody")
def sign_out(request: HttpRequest) -> HttpResponse:
    """End this session; sessions in companies that came from it end with their next request."""
    logout(request)
    return redirect("account_login")


@never_cache
@require_GET
@requires("any_person")
def companies(request: HttpRequest) -> HttpResponse:
    """The person's companies; right after signing in, the only one is entered at once."""
    memberships = list(memberships_of(request.user))
    if request.GET.get("straight") and len(memberships) == 1:
        return redirect(company_url(memberships[0].author))
    rows = [(membership, company_url(membership.author)) for membership in memberships]
    staff = getattr(request.user, "is_staff", False)
    context = {"rows": rows, "console_url": console_url() if staff else ""}
    return render(request, "accounts/companies.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
@requires("any_person")
def entry(request: HttpRequest, slug: str) -> HttpResponse:
    """Hand the person over to a company's host.

    A GET is right: the code is bound to the browser whose nonce hash stands in `state`, so another
    site that opens this address gains nothing.
    """
    company = company_by_slug(slug)
    path = local_path(request.GET.get("path"))
    if company is None or not _may_enter(request, company, path):
        return render(request, "accounts/no_company.html", {"slug": slug}, status=404)
    way = EntryCode.Way.ACCEPTANCE if path == ACCEPTANCE_PATH else EntryCode.Way.SIGNED_IN
    # Whoever only accepts an invitation owes no second factor yet; their code opens no page.
    if way != EntryCode.Way.ACCEPTANCE and (first := asked_first(request)) is not None:
        return first
    state = request.GET.get("state", "")
    if not is_hash(state):
        return redirect(company_url(company, "/enter/start/", path=path))
    code = _code(request, company, way)
    return redirect(company_url(company, "/enter/", code=code, path=path))


@never_cache
@require_GET
@requires("any_person")
def console_entry(request: HttpRequest) -> HttpResponse:
    """Hand an operator over to the console, as `entry` does to a company."""
    if not getattr(request.user, "is_staff", False):
        raise Http404
    if (first := asked_first(request)) is not None:
        return first
    path = local_path(request.GET.get("path"))
    if not is_hash(request.GET.get("state", "")):
        return redirect(console_url(path))
    return redirect(console_url("/enter/", code=_code(request, None), path=path))


def _code(request: HttpRequest, company: Company | None, way: str = EntryCode.Way.SIGNED_IN) -> str:
    return issue_entry_code(
        user=request.user,  # type: ignore[arg-type]
        company=company,
        browser_hash=request.GET.get("state", ""),
        session_key=request.session.session_key or "",
        confirmed_at=confirmed_at(request),
        way=way,
        now=timezone.now(),
    )


def _may_enter(request: HttpRequest, company: Company, path: str) -> bool:
    """Members enter, and operators who help; others only prove who they are, to accept an invitation."""
    if path == ACCEPTANCE_PATH or memberships_of(request.user).filter(author=company).exists():
        return True
    return impersonation_in_force(request.user, company, timezone.now()) is not None


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@requires("any_person")
def profile(request: HttpRequest) -> HttpResponse:
    """Name, language, time zone, and in a form of its own the password."""
    person = User.objects.get(pk=request.user.pk or 0)
    changing = "old_password" in request.POST
    details = ProfileForm(None if changing else request.POST or None, instance=person)
    password = PasswordForm(person, request.POST if changing else None)
    if not changing and request.method == "POST" and details.is_valid():
        return _save_details(request, details)
    if changing and password.is_valid():
        password.save()
        update_session_auth_hash(request, person)
        get_adapter(request).send_notification_mail("account/email/password_changed", person)
        messages.success(request, _("Your password is changed. Other devices must sign in again."))
        return redirect("profile")
    return render(request, "accounts/profile.html", {"details": details, "password": password})


def _save_details(request: HttpRequest, details: ProfileForm) -> HttpResponse:
    changed = details.save()
    with override(changed.language):
        messages.success(request, _("Your profile is saved."))
    return redirect("profile")


@require_POST
@requires("anybody")
def language(request: HttpRequest) -> HttpResponse:
    """Change the language of the pages: in a cookie, and for a signed-in person for good."""
    chosen = request.POST.get("language", "")
    if chosen not in dict(settings.LANGUAGES):
        raise Http404
    if request.user.is_authenticated:
        set_language(person=request.user, language=chosen)
    response = redirect(safe_path(request.POST.get("next")))
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME, chosen, max_age=365 * 24 * 3600, samesite="Lax",
        secure=settings.LANGUAGE_COOKIE_SECURE,
    )  # fmt: skip
    return response
