"""The password once more, kept in the session for as long as it counts."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from apps.payments.domain.accounts import is_confirmed
from apps.payments.forms import PasswordForm
from apps.payments.operations import confirm_person

CONFIRMED_AT = "payments_confirmed_at"


def confirmed_at(request: HttpRequest) -> datetime | None:
    """When this session's person last gave the password, as far as it still counts."""
    found = parse_datetime(str(request.session.get(CONFIRMED_AT, "")))
    return found if is_confirmed(found, timezone.now()) else None


def confirm(request: HttpRequest, form: PasswordForm) -> datetime | None:
    """The time that counts: of before, or of the password in the form.

    Raises ValidationError for a wrong one.
    """
    found = confirmed_at(request)
    if found is None and form.is_valid():
        password = form.cleaned_data["password"]
        found = confirm_person(person=request.user, password=password, now=timezone.now())
        request.session[CONFIRMED_AT] = found.isoformat()
    return found


def refused(form: PasswordForm, error: ValidationError) -> None:
    """The refusal in the form, instead of what it missed itself."""
    form.full_clean()
    form.errors.clear()
    form.add_error(None, error)
