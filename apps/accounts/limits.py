"""How often secrets may be tried, and what is said to who tried too often.

Counts are committed before a secret is looked at: the views are not atomic.
"""

import math
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.accounts.clients import client_network, known_browser
from apps.accounts.operations.attempts import Rate, give_attempt_back, take_attempt

# Of one account by browsers it does not know: five at once, then one a minute.
ACCOUNT = Rate(5, 60)
# Of one account by a browser that signed in there before.
BROWSER = Rate(10, 30)
# Of all accounts by one address; an office shares one.
ADDRESS = Rate(30, 6)
# Codes and passwords of a person who is past the first step already.
PERSON = Rate(5, 60)
# Mails that one address, or for one account, may ask for.
MAILS_OF_ADDRESS = Rate(10, 30)
MAILS_OF_ACCOUNT = Rate(3, 300)

View = Callable[..., HttpResponseBase]
Bucket = tuple[str, str, Rate]


def password_buckets(request: HttpRequest, email: str) -> list[Bucket]:
    """What a try of this account's password counts for."""
    email = email.strip().lower()
    name = known_browser(request, email)
    account = ("browser", f"{email} {name}", BROWSER) if name else ("account", email, ACCOUNT)
    return [("address", client_network(request), ADDRESS), account]


def person_buckets(person: Any) -> list[Bucket]:
    """What a try of a code or password counts for, of a person whose first step was right."""
    return [("person", str(person.pk), PERSON)]


def take(buckets: list[Bucket], now: datetime) -> None:
    """Take a try of each. Raises ValidationError with how long to wait."""
    for kind, subject, rate in buckets:
        wait = take_attempt(kind=kind, subject=subject, rate=rate, now=now)
        if wait is not None:
            raise ValidationError(too_often(wait), code="too_often")


def give_back(buckets: list[Bucket]) -> None:
    """It was right; the address's tries stay: one right password among many wrong ones is no proof."""
    for kind, subject, rate in buckets:
        if kind != "address":
            give_attempt_back(kind=kind, subject=subject, rate=rate)


def too_often(wait: timedelta) -> str:
    """What is said to who must wait."""
    seconds = math.ceil(wait.total_seconds())
    if seconds < 100:
        long = ngettext("%(count)s second", "%(count)s seconds", seconds) % {"count": seconds}
    else:
        minutes = math.ceil(seconds / 60)
        long = ngettext("%(count)s minute", "%(count)s minutes", minutes) % {"count": minutes}
    return _("Too many attempts. Wait %(long)s and try again.") % {"long": long}


def counted(view: View) -> View:
    """Not atomic: what was counted stays counted, whatever becomes of the request."""
    return transaction.non_atomic_requests(view)


def by_address(kind: str, rate: Rate) -> Callable[[View], View]:
    """Let one address POST there so often; more gets the page that says so."""

    def limit(view: View) -> View:
        @wraps(view)
        def limited(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.method == "POST":
                try:
                    take([(kind, client_network(request), rate)], timezone.now())
                except ValidationError as error:
                    return refused(request, error)
            return view(request, *args, **kwargs)

        return counted(limited)

    return limit


def refused(request: HttpRequest, error: ValidationError) -> HttpResponseBase:
    """429 with how long to wait."""
    return render(request, "429.html", {"why": error.messages[0]}, status=429)
