"""The second person's step on every page, and the password once more, kept in the session for as
long as it counts."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from apps.payments.domain.accounts import is_confirmed
from apps.payments.forms import PasswordForm
from apps.payments.models.approving import TwoPeople
from apps.payments.operations import Approval, confirm_person

CONFIRMED_AT = "payments_confirmed_at"


@dataclass(frozen=True, slots=True)
class SecondLook:
    """What the page part `payments/second_look.html` shows of a row that waits."""

    row: TwoPeople
    action: str
    form: PasswordForm
    is_asker: bool
    is_confirmed: bool


def second_look(
    request: HttpRequest, row: TwoPeople, route: str, form: PasswordForm | None = None,
    prefix: str | None = None,
) -> SecondLook:  # fmt: skip
    """`route` takes the approval; `form` is the one that was refused, shown where its prefix says.

    A page with several rows that wait gives each a prefix.
    """
    given = form if form is not None and form.prefix == prefix else PasswordForm(prefix=prefix)
    return SecondLook(
        row, reverse(route, args=[row.public_id]), given, row.is_asked_by(request.user),
        confirmed_at(request) is not None,
    )  # fmt: skip


def refused_approval(
    request: HttpRequest, act: Callable[[Approval], Any], prefix: str | None = None
) -> PasswordForm | None:
    """Have `act` approve with what the person gave. None when it did; else the form that says why
    not, for the page."""
    form = PasswordForm(request.POST, prefix=prefix)
    try:
        act(Approval(request.user, _confirm(request, form)))
    except ValidationError as error:
        _refuse(form, error)
        return form
    return None


def confirmed_at(request: HttpRequest) -> datetime | None:
    """When this session's person last gave the password, as far as it still counts."""
    found = parse_datetime(str(request.session.get(CONFIRMED_AT, "")))
    return found if is_confirmed(found, timezone.now()) else None


def _confirm(request: HttpRequest, form: PasswordForm) -> datetime | None:
    """The time that counts: of before, or of the password in the form.

    Raises ValidationError for a wrong one.
    """
    found = confirmed_at(request)
    if found is None and form.is_valid():
        password = form.cleaned_data["password"]
        found = confirm_person(person=request.user, password=password, now=timezone.now())
        request.session[CONFIRMED_AT] = found.isoformat()
    return found


def _refuse(form: PasswordForm, error: ValidationError) -> None:
    """The refusal in the form, instead of what it missed itself."""
    form.full_clean()
    form.errors.clear()
    form.add_error(None, error)
