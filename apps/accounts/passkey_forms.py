"""Passkeys: the browser must have spoken from a page of the sign-in host itself.

The name they belong to is the sign-in host's, and a browser lets every company's host under it ask
for them too; what was signed there is refused here. Loaded on demand: `fido2` needs `cryptography`.
"""

import json
from typing import Any

from allauth.core import context
from allauth.mfa.adapter import get_adapter
from allauth.mfa.webauthn import forms as allauth
from django import forms
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from fido2.utils import websafe_decode

from apps.accounts.addresses import public_origin
from apps.accounts.clients import client_address
from apps.accounts.models import PersonAct
from apps.accounts.operations.person_acts import note_change

_LONGEST_NAME = 60


def _said_here(credential: Any) -> None:
    """Raises ValidationError for what was signed for another origin, or inside of a frame."""
    try:
        said = json.loads(websafe_decode(credential["response"]["clientDataJSON"]))
        right = said["origin"] == public_origin() and not said.get("crossOrigin", False)
    except (KeyError, TypeError, ValueError):
        right = False
    if not right:
        raise get_adapter().validation_error("incorrect_code")


class _SignedHere(allauth.AuthenticateWebAuthnForm):
    def clean_credential(self) -> Any:
        _said_here(self.cleaned_data["credential"])
        return super().clean_credential()


class PasskeySignInForm(_SignedHere, allauth.LoginWebAuthnForm):
    """Instead of a password."""


class PasskeyStepForm(_SignedHere):
    """After the password."""


class PasskeyConfirmationForm(_SignedHere, allauth.ReauthenticateWebAuthnForm):
    """To confirm who one is."""


class NewPasskeyForm(allauth.AddWebAuthnForm):
    """A new passkey. It can stand for the password, so the device must ask for a PIN or a finger."""

    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=_LONGEST_NAME, required=False,
        help_text=gettext_lazy("Such as “work laptop”, to tell it from others."),
    )  # fmt: skip
    passwordless = forms.BooleanField(initial=True, widget=forms.HiddenInput)

    def clean_name(self) -> str:
        return str(self.cleaned_data["name"]).strip() or _("Passkey")

    def clean(self) -> dict[str, Any]:
        _said_here((self.cleaned_data or {}).get("credential"))
        cleaned: dict[str, Any] = super().clean()
        return cleaned


class PasskeyNameForm(allauth.EditWebAuthnForm):
    """Another name, which leaves a row: by its name a passkey is told from others when one is removed."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=_LONGEST_NAME)

    @transaction.atomic
    def save(self) -> Any:
        before = self.instance.wrap().name
        renamed = super().save()
        after = renamed.wrap().name
        if after != before:
            note_change(
                person=renamed.user, change=PersonAct.Change.PASSKEY_RENAMED, now=timezone.now(),
                what=f"{before} → {after}", address=client_address(context.request),
            )  # fmt: skip
        return renamed
