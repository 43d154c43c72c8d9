"""Addresses of second factors and confirmations on the sign-in host. allauth asks for the names."""

from typing import Any

from allauth.account import views as allauth
from django.http import HttpRequest, HttpResponseBase
from django.urls import path
from django.utils.module_loading import import_string

from apps.accounts.access import requires
from apps.accounts.limits import ADDRESS, by_address, counted
from apps.accounts.views import personal_data, security, sessions


def later(capability: str, view: str) -> Any:
    """A view by its dotted name, loaded when it is first asked: passkeys need `cryptography`."""

    @requires(capability)
    def loaded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        answer: HttpResponseBase = import_string(view)(request, *args, **kwargs)
        return answer

    return loaded


def factor(view: str) -> Any:
    """A page of allauth's about the signed-in person's own factors."""
    return later("any_person", f"allauth.mfa.{view}")


confirmation = counted(requires("any_person")(allauth.reauthenticate))
code_confirmation = counted(factor("base.views.reauthenticate"))
passkey_sign_in = by_address("passkey", ADDRESS)(
    later("anybody", "apps.accounts.views.passkeys.passkey_sign_in")
)
second_step = counted(later("anybody", "allauth.mfa.base.views.authenticate"))

urlpatterns = [
    path("sign-in/passkey/", passkey_sign_in, name="mfa_login_webauthn"),
    path("sign-in/code/", second_step, name="mfa_authenticate"),
    path("security/", security.security, name="mfa_index"),
    path("security/app/", factor("totp.views.activate_totp"), name="mfa_activate_totp"),
    path("security/app/removal/", factor("totp.views.deactivate_totp"), name="mfa_deactivate_totp"),
    path("security/passkeys/", security.security, name="mfa_list_webauthn"),
    path("security/passkeys/new/", factor("webauthn.views.add_webauthn"), name="mfa_add_webauthn"),
    path(
        "security/passkeys/<int:pk>/name/", factor("webauthn.views.edit_webauthn"),
        name="mfa_edit_webauthn",
    ),
    path(
        "security/passkeys/<int:pk>/removal/", factor("webauthn.views.remove_webauthn"),
        name="mfa_remove_webauthn",
    ),
    path(
        "security/codes/", factor("recovery_codes.views.view_recovery_codes"),
        name="mfa_view_recovery_codes",
    ),
    path(
        "security/codes/new/", factor("recovery_codes.views.generate_recovery_codes"),
        name="mfa_generate_recovery_codes",
    ),
    path("security/data/", counted(personal_data.personal_data), name="personal_data"),
    path("security/sessions/ending/", sessions.end_others, name="sessions_ending"),
    path("security/sessions/<int:pk>/ending/", sessions.end_one, name="session_ending"),
    path("confirmation/", confirmation, name="account_reauthenticate"),
    path("confirmation/code/", code_confirmation, name="mfa_reauthenticate"),
    path(
        "confirmation/passkey/", factor("webauthn.views.reauthenticate_webauthn"),
        name="mfa_reauthenticate_webauthn",
    ),
]  # fmt: skip
