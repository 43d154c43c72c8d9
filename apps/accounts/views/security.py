"""The sign-in host: a person's passkeys, authenticator app and recovery codes."""

from typing import Any
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from apps.accounts.access import requires
from apps.accounts.addresses import local_path
from apps.accounts.confirming import is_confirmed
from apps.accounts.queries import changes_of, owes_second_factor
from apps.accounts.views.sessions import sessions_of

# Where the person was going when they had to set up a second factor first.
_GOING_TO = "going_to"
CHANGES_SHOWN = 10


def asked_first(request: HttpRequest) -> HttpResponse | None:
    """What a person does before they get an entry code: set up a second factor they owe, or show
    who they are when a company asks; from there they go on to where they were going."""
    if owes_second_factor(request.user):
        request.session[_GOING_TO] = request.get_full_path()
        return redirect("mfa_index")
    if request.GET.get("confirm") and not is_confirmed(request, timezone.now()):
        return confirmation_page(request)
    return None


def confirmation_page(request: HttpRequest) -> HttpResponse:
    """Away to show who is there, and back to this address."""
    ways = get_adapter().get_reauthentication_methods(request.user)
    if ways:
        return redirect(f"{ways[0]['url']}?{urlencode({'next': request.get_full_path()})}")
    # Without a password or factor here, only signing in anew shows who is there.
    back = request.get_full_path()
    logout(request)
    return redirect(f"{reverse('account_login')}?{urlencode({'next': back})}")


@never_cache
@require_GET
@requires("any_person")
def security(request: HttpRequest) -> HttpResponse:
    """What the person signs in with beside the password."""
    factors = list(Authenticator.objects.filter(user_id=request.user.pk).order_by("created_at"))
    owed = owes_second_factor(request.user)
    context = {
        "passkeys": [row for row in factors if row.type == Authenticator.Type.WEBAUTHN],
        "app": _of_type(factors, Authenticator.Type.TOTP),
        "codes_left": _codes_left(_of_type(factors, Authenticator.Type.RECOVERY_CODES)),
        "owed": owed,
        "sessions": sessions_of(request),
        "changes": changes_of(request.user)[:CHANGES_SHOWN],
        "going_to": "" if owed else local_path(request.session.get(_GOING_TO)),
    }
    return render(request, "accounts/security.html", context)


def _of_type(factors: list[Authenticator], kind: str) -> Authenticator | None:
    return next((row for row in factors if row.type == kind), None)


def _codes_left(codes: Any) -> int | None:
    """How many recovery codes were not used yet; None without codes."""
    if codes is None:
        return None
    return int(app_settings.RECOVERY_CODE_COUNT) - int(codes.data["used_mask"]).bit_count()
