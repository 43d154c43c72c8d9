"""When the person of a session last showed who they are: by signing in or by confirming it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from django.conf import settings
from django.http import HttpRequest


def confirmed_at(request: HttpRequest) -> datetime | None:
    """The time of the latest step by which this session's person showed who they are.

    On the sign-in host. A signed-in session has passed every step that was asked of it, so the
    latest counts whatever it was.
    """
    person: Any = request.user
    if not person.is_authenticated:
        return None
    steps = [float(row["at"]) for row in get_authentication_records(request, person)]
    return datetime.fromtimestamp(max(steps), UTC) if steps else None


def is_recent(at: datetime | None, now: datetime) -> bool:
    """Whether a confirmation of that time counts still: for five minutes."""
    lasting = timedelta(seconds=settings.ACCOUNT_REAUTHENTICATION_TIMEOUT)
    return at is not None and now - lasting < at <= now


def is_confirmed(request: HttpRequest, now: datetime) -> bool:
    """Whether this session's person on the sign-in host showed who they are within five minutes."""
    return is_recent(confirmed_at(request), now)
