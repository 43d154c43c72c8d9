"""The sign-in host: a person's passkeys, authenticator app and recovery codes."""

from typing import Any

from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from apps.accounts.access import requires
from apps.accounts.addresses import local_path
from apps.accounts.queries import owes_second_factor

# Where the person was going when they had to set up a second factor first.
_GOING_TO = "going_to"


def set_up_first(request: HttpRequest) -> HttpResponse:
    """To the page of second factors; from there the person goes on to where they were going."""
    request.session[_GOING_TO] = request.get_full_path()
    return redirect("mfa_index")


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
