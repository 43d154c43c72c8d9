"""When a sign-in was last used."""

from datetime import datetime

from allauth.usersessions.models import UserSession


def note_seen(*, root_session: str, now: datetime) -> None:
    """The person of that sign-in is at work in a company."""
    UserSession.objects.filter(session_key=root_session).update(last_seen_at=now)
