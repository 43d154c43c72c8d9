"""Reads of people: members of the current company, and the companies of a person."""

import hmac
import time
from datetime import datetime
from typing import Any
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet

from apps.accounts.domain.tokens import hash_of, is_key
from apps.accounts.models import (
    ApiKey,
    Impersonation,
    Invitation,
    Membership,
    PersonAct,
    SignOn,
    SignOnLink,
    User,
    VatCheck,
)
from apps.events.models import AuditRow
from apps.tenancy.context import as_platform, current_company, current_company_id, no_company
from apps.tenancy.models import Company

# Whose position needs a second factor, and what is one.
BOUND_POSITIONS = (Membership.Position.DIRECTOR, Membership.Position.FINANCE)
FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
KEY_SECONDS = 10.0
_KEYS_MOST = 10_000
_keys: dict[tuple[int, str], tuple[float, ApiKey]] = {}


def known_people() -> QuerySet[User]:
    """People who belong or belonged to the current company; the only way to other people's rows."""
    company = current_company()
    return User.objects.filter(
        pk__in=Membership.objects.filter(author=company).values("user_id")
    ).order_by("name", "pk")


def members() -> QuerySet[Membership]:
    """Current memberships of the current company with their people, by name.

    The author is named because a person also reads their own rows of other companies.
    """
    company = current_company()
    return (
        Membership.objects.filter(author=company, ended_at=None)
        .select_related("user")
        .order_by("user__name", "joined_at")
    )


def memberships_of(person: Any) -> QuerySet[Membership]:
    """A person's own current memberships in all companies, by the company's name.

    Outside of that company the database shows them to nobody but the person (`set_person`).
    """
    return (
        Membership.all_parties.filter(user_id=person.pk, ended_at=None)
        .select_related("author")
        .order_by("author__name", "author_id")
    )


def changes_of(person: Any) -> QuerySet[PersonAct]:
    """What was changed about the person's ways in, latest first; on the sign-in host or in the console."""
    return PersonAct.objects.filter(person_id=person.pk)


def is_alone() -> bool:
    """Whether the current company has one person, and nobody else was ever asked in."""
    company = current_company()
    people = Membership.objects.filter(author=company).values("user_id").distinct()
    return people.count() < 2 and not Invitation.objects.filter(author=company).exists()


def last_director_of(membership: Membership) -> bool:
    """Whether the current company has no director beside this one. Locks the directors' rows."""
    director = Membership.Position.DIRECTOR
    if membership.position != director:
        return False
    rows = members().filter(position=director).order_by("pk")
    return {row.pk for row in rows.select_for_update(of=("self",))} <= {membership.pk}


def companies_naming(person: Any) -> list[Company]:
    """As the platform: companies the person is a member of, was invited into, or is linked in."""
    with no_company(), as_platform():
        rows = (
            Membership.all_parties.filter(user_id=person.pk, ended_at=None),
            Invitation.all_parties.filter(email=person.email),
            SignOnLink.all_parties.filter(user_id=person.pk),
        )
        keys = {key for found in rows for key in found.values_list("author", flat=True)}
        return list(Company.objects.filter(pk__in=keys).order_by("pk"))


def directed_alone(person: Any) -> list[Company]:
    """As the platform: companies whose only director the person is."""
    director = {"position": Membership.Position.DIRECTOR, "ended_at": None}
    with no_company(), as_platform():
        others = Membership.all_parties.filter(author=OuterRef("pk"), **director)
        own = others.filter(user_id=person.pk)
        alone = Company.objects.filter(Exists(own), ~Exists(others.exclude(user_id=person.pk)))
        return list(alone.order_by("name", "pk"))


def open_invitations(now: datetime) -> QuerySet[Invitation]:
    """Invitations of the current company that can still be accepted, latest first."""
    return Invitation.objects.filter(
        author=current_company(), accepted_at=None, withdrawn_at=None, expires_at__gt=now
    ).select_related("invited_by")


def invitation_by_hash(token_hash: str, now: datetime) -> Invitation | None:
    """The open invitation into the current company whose mail carries this token."""
    return open_invitations(now).filter(token_hash=token_hash).first() if token_hash else None


def person_by_email(email: str) -> User | None:
    """The person with exactly this address; for invitations and command lines, never for pickers."""
    return User.objects.filter(email=email.strip().lower()).first()


def keys() -> QuerySet[ApiKey]:
    """API keys of the current company, latest first, revoked and expired ones included."""
    return ApiKey.objects.filter(author=current_company())


def valid_keys(now: datetime) -> QuerySet[ApiKey]:
    """Keys of the current company that open something now."""
    return keys().filter(Q(expires_at=None) | Q(expires_at__gt=now), revoked_at=None)


def key_by_secret(secret: str, now: datetime) -> ApiKey | None:
    """The valid key of the current company with this secret.

    Remembered in this process for ten seconds, so a revocation takes at most as long everywhere.
    """
    company_id = current_company_id()
    if company_id is None or not is_key(secret):
        return None
    secret_hash = hash_of(secret)
    key = _remembered(company_id, secret_hash) or _stored(company_id, secret_hash)
    if key is None or not hmac.compare_digest(key.secret_hash, secret_hash):
        return None
    expired = key.expires_at is not None and key.expires_at <= now
    return None if expired or key.revoked_at is not None else key


def _remembered(company_id: int, secret_hash: str) -> ApiKey | None:
    found = _keys.get((company_id, secret_hash))
    return found[1] if found and found[0] > time.monotonic() else None


def _stored(company_id: int, secret_hash: str) -> ApiKey | None:
    key = ApiKey.objects.filter(author_id=company_id, secret_hash=secret_hash).first()
    if key is not None:
        if len(_keys) >= _KEYS_MOST:
            _keys.clear()
        _keys[company_id, secret_hash] = (time.monotonic() + KEY_SECONDS, key)
    return key


def forget_key(key: ApiKey) -> None:
    """Let this process look the key up again at its next use."""
    _keys.pop((key.author_id, key.secret_hash), None)


def history_of(public_id: str) -> QuerySet[AuditRow]:
    """What the current company did with a membership, an invitation or a key, latest first."""
    return AuditRow.objects.filter(author=current_company(), subject=public_id).order_by(
        "-at", "-id"
    )


def memberships_in_force(
    person: Any, root_session: str | None, now: datetime
) -> QuerySet[Membership]:
    """A person's current memberships in all companies, while the sign-in they came by stands.

    Each with `has_factor`, whether the person has a second one, so that `lacks_factor` asks nothing more.
    """
    found = memberships_of(person).annotate(has_factor=Exists(_factors_of(OuterRef("user_id"))))
    return found.filter(Exists(_standing(root_session, now))) if root_session else found


def root_stands(root_session: str, now: datetime) -> bool:
    """Whether a sign-in on the sign-in host was neither ended nor ran out."""
    return bool(root_session) and _standing(root_session, now).exists()


def _standing(root_session: str, now: datetime) -> QuerySet[Any]:
    from django.contrib.sessions.models import Session

    return Session.objects.filter(session_key=root_session, expire_date__gt=now)


def impersonation_in_force(
    person: Any, company: Any, now: datetime, root_session: str | None = None
) -> Impersonation | None:
    """What lets this person of the platform into the company now; None when nothing does.

    Outside of the company the database shows it to that person alone. With `root_session` only while
    the sign-in they came by stands.
    """
    found = Impersonation.all_parties.filter(
        author=company, operator_id=person.pk, operator__is_active=True, operator__is_staff=True,
        ended_at=None, expires_at__gt=now,
    )  # fmt: skip
    if root_session:
        found = found.filter(Exists(_standing(root_session, now)))
    return found.select_related("operator").first()


def impersonations() -> QuerySet[Impersonation]:
    """Who of the platform looked into the current company's portal, and why; latest first."""
    return Impersonation.objects.filter(author=current_company())


def device_keys(device_id: UUID) -> QuerySet[ApiKey]:
    """Keys of the current company bound to one device."""
    return keys().filter(device_id=device_id)


def owes_second_factor(person: Any) -> bool:
    """Whether the person must set up a second factor before they go on.

    Whoever directs a company, works in its finance or operates the platform needs one.
    """
    if not settings.PERUSE_MFA or has_second_factor(person):
        return False
    bound = memberships_of(person).filter(position__in=BOUND_POSITIONS)
    return bool(person.is_staff) or bound.exists()


def has_second_factor(person: Any) -> bool:
    """An authenticator app or a passkey; recovery codes alone are none."""
    return _factors_of(person.pk).exists()


def _factors_of(person: Any) -> QuerySet[Authenticator]:
    return Authenticator.objects.filter(user_id=person, type__in=FACTORS)


def lacks_factor(membership: Membership) -> bool:
    """Whether this position asks for a second factor that its person has not set up."""
    if not settings.PERUSE_MFA or membership.position not in BOUND_POSITIONS:
        return False
    known = getattr(membership, "has_factor", None)
    return not (has_second_factor(membership.user) if known is None else known)


def own_sign_on() -> SignOn | None:
    """The current company's identity provider."""
    return SignOn.objects.filter(author=current_company()).first()


def own_link(person: Any) -> SignOnLink | None:
    """Who the person is at the current company's provider, once they are linked."""
    links = SignOnLink.objects.filter(author=current_company(), user=person)
    return links.exclude(subject=None).first()


def own_vat_check() -> VatCheck | None:
    """What the EU's register said of the current company's VAT id."""
    found: VatCheck | None = VatCheck.objects.filter(author=current_company()).first()
    return found
