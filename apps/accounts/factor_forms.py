"""Codes that people type: of an authenticator app, or one of their recovery codes."""

from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.accounts.limits import give_back, person_buckets, take
from apps.accounts.operations.factors import spend_code

_CODE = {"autocomplete": "one-time-code", "autocapitalize": "off", "spellcheck": "false"}


def _code_field(label: Any, help_text: Any = "") -> forms.CharField:
    widget = forms.TextInput(attrs={**_CODE, "autofocus": True})
    return forms.CharField(label=label, max_length=40, widget=widget, help_text=help_text)


class OnceForm(forms.Form):
    """A code that counts once."""

    user: Any

    def clean_code(self) -> str:
        buckets = person_buckets(self.user)
        take(buckets, timezone.now())
        code = str(self.cleaned_data["code"])
        found: Authenticator | None = spend_code(person=self.user, code=code, now=timezone.now())
        if found is None:
            raise get_adapter().validation_error("incorrect_code")
        found.user = self.user
        self.authenticator = found
        give_back(buckets)
        return code


class SecondStepForm(OnceForm, AuthenticateForm):
    """After the password."""

    code = _code_field(_("Code"), _("Of your authenticator app, or one of your recovery codes."))


class CodeForm(OnceForm, ReauthenticateForm):
    """To confirm who one is."""

    code = _code_field(_("Code"), _("Of your authenticator app, or one of your recovery codes."))


class AppForm(ActivateTOTPForm):
    """The first code of a new authenticator app."""

    code = _code_field(_("Code"), _("The six digits that the app shows now."))
