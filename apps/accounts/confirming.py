"""When the person of a session last showed who they are: by signing in or by confirming it.

It is shown on the sign-in host; an entry code carries the time to a company's host and to the console's.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

# In a session that began by an entry code, a company's or the console's: seconds since 1970.
SESSION_CONFIRMED = "confirmed_at"

View = Callable[..., HttpResponseBase]


def confirmed_at(request: HttpRequest) -> datetime | None:
    """The time of the latest step by which this session's person showed who they are.

    A signed-in session has passed every step that was asked of it, so the latest counts whatever
    it was.
    """
    person: Any = request.user
    if not person.is_authenticated:
        return None
    at = request.session.get(SESSION_CONFIRMED)
    if at or request.company is not None:  # type: ignore[attr-defined]
        return datetime.fromtimestamp(at, UTC) if at else None
    steps = [float(row["at"]) for row in get_authentication_records(request, person)]
    return datetime.fromtimestamp(max(steps), UTC) if steps else None


def is_recent(at: datetime | None, now: datetime) -> bool:
    """Whether a confirmation of that time counts still: for five minutes."""
    lasting = timedelta(seconds=settings.ACCOUNT_REAUTHENTICATION_TIMEOUT)
    return at is not None and now - lasting < at


def is_confirmed(request: HttpRequest, now: datetime) -> bool:
    """Whether this session's person showed who they are within five minutes."""
    return is_recent(confirmed_at(request), now)


def confirmed(view: View) -> View:
    """Ask who is there before this: bank details, keys, exports, money that leaves, people's data.

    Stands below `requires`.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if is_confirmed(request, timezone.now()):
            return view(request, *args, **kwargs)
        from apps.accounts.views.confirmation import confirm_first

        return confirm_first(request)

    return guarded
