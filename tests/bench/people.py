"""Who asks: signed-in people and API keys, made by the portal's own models."""

from typing import Any

from tests.bench import scene
from tests.bench.stage import Stage


def company_of(own: scene.Party) -> Any:
    from apps.tenancy.models import Company

    return Company.objects.get(pk=own.id)


def session_of(stage: Stage, own: scene.Party, position: str = "director") -> str:
    """The session cookie's value of a person of that company."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    from apps.accounts.middleware import SESSION_HOST

    user = person_of(stage, own, position)
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session[SESSION_HOST] = own.id
    session.create()
    return session.session_key or ""


def person_of(stage: Stage, own: scene.Party, position: str) -> Any:
    from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

    from apps.accounts.models import Membership, User
    from apps.tenancy.context import company_context

    user = User.objects.create(
        email=f"{position}@{own.slug}.example", name=f"{position} {own.slug}",
        joined_at=stage.now, language="en", password="!unusable",
    )  # fmt: skip
    company = company_of(own)
    with company_context(company):
        Membership.objects.create(
            author=company, parties=[own.id], user=user, position=position, joined_at=stage.now
        )
    # Directors are signed out without a second factor, at every request.
    TOTP.activate(user, generate_totp_secret())
    return user


def intake_key(stage: Stage, own: scene.Party) -> str:
    """The secret of a new API key that may send readings of any of the company's assets."""
    from apps.accounts.operations import make_key
    from apps.tenancy.context import company_context

    with company_context(company_of(own)):
        _, secret = make_key(name="bench", scope="intake", now=stage.now)
    return secret
