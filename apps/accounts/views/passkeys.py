"""Signing in with a passkey. Loaded on demand: `fido2` needs `cryptography`."""

from typing import Any

from allauth.account.models import Login
from allauth.mfa.webauthn.internal.flows import perform_passwordless_login
from allauth.mfa.webauthn.views import LoginWebAuthnView
from django.http import HttpResponse

from apps.accounts.views.public import Destination


class PasskeySignIn(Destination, LoginWebAuthnView):
    """A passkey instead of e-mail and password; it is two factors by itself."""

    def form_valid(self, form: Any) -> HttpResponse:
        passkey = form.cleaned_data["credential"]
        login = Login(user=passkey.user, redirect_url=self.get_success_url())
        return perform_passwordless_login(self.request, passkey, login)


passkey_sign_in = PasskeySignIn.as_view()
