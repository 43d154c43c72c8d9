"""How allauth signs people in here: by e-mail, no open sign-up, mails in the person's language."""

import logging
from collections.abc import Mapping
from io import BytesIO
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context as requests
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone, translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts.clients import client_address, remember_browser
from apps.accounts.confirming import is_confirmed
from apps.accounts.limits import give_back, password_buckets, person_buckets, take
from apps.accounts.models import FACTORS_SEALED_FOR, PersonAct
from apps.accounts.operations.person_acts import note_change
from apps.tenancy.sealing import opened, seal

# Being signed in is seen; a note about it on every entry is noise.
_SILENT = ("account/messages/logged_in.txt", "account/messages/logged_out.txt")
_log = logging.getLogger(__name__)
# What a person is told by mail, by the name allauth has for it.
_CHANGES = {
    f"{app}/email/{change.value}": change
    for app, change in (
        ("account", PersonAct.Change.PASSWORD_CHANGED),
        ("account", PersonAct.Change.PASSWORD_RESET),
        ("account", PersonAct.Change.PASSWORD_SET),
        ("mfa", PersonAct.Change.APP_ADDED),
        ("mfa", PersonAct.Change.APP_REMOVED),
        ("mfa", PersonAct.Change.PASSKEY_ADDED),
        ("mfa", PersonAct.Change.PASSKEY_REMOVED),
        ("mfa", PersonAct.Change.CODES_RENEWED),
    )
}


class AccountAdapter(DefaultAccountAdapter):
    """People come by invitation or by command; nobody signs up on their own."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def is_safe_url(self, url: str) -> bool:
        """Only pages of the sign-in host; companies' hosts are reached by entry codes alone."""
        return url_has_allowed_host_and_scheme(url, allowed_hosts=None)

    def is_reauthentication_required(self, *, app: str, **more: Any) -> bool:
        """A sign-in counts like a confirmation: nobody is asked twice within five minutes."""
        return not is_confirmed(requests.request, timezone.now())

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_address(request)

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        """Raises ValidationError before the password is looked at when too many were tried."""
        buckets = password_buckets(request, str(credentials.get("email", "")))
        take(buckets, timezone.now())
        person = super().authenticate(request, **credentials)
        if person is not None:
            give_back(buckets)
        return person

    def reauthenticate(self, user: Any, password: str) -> bool:
        buckets = person_buckets(user)
        take(buckets, timezone.now())
        right = bool(user.check_password(password))
        if right:
            give_back(buckets)
        return right

    def post_login(self, request: HttpRequest, user: Any, **more: Any) -> HttpResponseBase:
        """The browser is known from now on, and has tries of its own."""
        response: HttpResponseBase = super().post_login(request, user, **more)
        remember_browser(request, response, user.email)
        return response

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """allauth's, in our words."""
        words = {
            "reauthenticate": _("Use your password"),
            "mfa_reauthenticate": _("Use a code"),
            "mfa_reauthenticate:webauthn": _("Use a passkey"),
        }
        ways = super().get_reauthentication_methods(user)
        return [{**way, "description": words[way["id"]]} for way in ways]

    def format_email_subject(self, subject: str) -> str:
        return f"Peruse: {subject}"

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        language = getattr(context.get("user"), "language", "") or translation.get_language()
        with translation.override(language):
            super().send_mail(template_prefix, email, context)

    def send_notification_mail(
        self, template_prefix: str, user: Any, context: Mapping[str, Any] | None = None,
        email: str | None = None,
    ) -> None:  # fmt: skip
        """Keep what was changed about a person's way in, and tell them, from where.

        What was changed counts also when no mail can be sent.
        """
        change, now = _CHANGES.get(template_prefix), timezone.now()
        if change is None:
            return
        address = self.get_client_ip(self.request)
        note_change(person=user, change=change.value, now=now, address=address)
        told = {"user": user, "change": change.label, "at": now, "address": address}
        try:
            self.send_mail("account/email/change", user.email, {**told, **(context or {})})
        except OSError:
            _log.exception("a mail about a changed way in could not be sent")
            text = _("This counts. The mail about it could not be sent just now.")
            messages.warning(self.request, text)

    def add_message(
        self, request: HttpRequest, level: int, message_template: str | None = None,
        *args: Any, **kwargs: Any,
    ) -> None:  # fmt: skip
        said = _CHANGES.get((message_template or "").replace("/messages/", "/email/")[:-4])
        if said is not None:
            super().add_message(request, level, message=str(said.label))
        elif message_template not in _SILENT:
            super().add_message(request, level, message_template, *args, **kwargs)


class FactorAdapter(DefaultMFAAdapter):
    """Second factors: secrets are sealed, and passkeys belong to the sign-in host's name."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": gettext_lazy("This code is not right, or was used already."),
    }

    def encrypt(self, text: str) -> str:
        return seal(FACTORS_SEALED_FOR, text.encode())

    def decrypt(self, encrypted_text: str) -> str:
        return opened(FACTORS_SEALED_FOR, encrypted_text).decode()

    def build_totp_svg(self, url: str) -> str:
        import segno

        drawn = BytesIO()
        segno.make(url, error="m").save(drawn, kind="svg", scale=5, border=2, xmldecl=False)
        return drawn.getvalue().decode()

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {"id": settings.PERUSE_DOMAIN, "name": "Peruse"}

    def generate_authenticator_name(self, user: Any, type: Any) -> str:
        return ""
