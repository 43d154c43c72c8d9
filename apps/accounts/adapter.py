"""How allauth signs people in here: by e-mail, no open sign-up, mails in the person's language."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme

# Being signed in is seen; a note about it on every entry is noise.
_SILENT = ("account/messages/logged_in.txt", "account/messages/logged_out.txt")


class AccountAdapter(DefaultAccountAdapter):
    """People come by invitation or by command; nobody signs up on their own."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def is_safe_url(self, url: str) -> bool:
        """Only pages of the sign-in host; companies' hosts are reached by entry codes alone."""
        return url_has_allowed_host_and_scheme(url, allowed_hosts=None)

    def format_email_subject(self, subject: str) -> str:
        return f"Peruse: {subject}"

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        language = getattr(context.get("user"), "language", "") or translation.get_language()
        with translation.override(language):
            super().send_mail(template_prefix, email, context)

    def add_message(
        self, request: HttpRequest, level: int, message_template: str | None = None,
        *args: Any, **kwargs: Any,
    ) -> None:  # fmt: skip
        if message_template not in _SILENT:
            super().add_message(request, level, message_template, *args, **kwargs)
