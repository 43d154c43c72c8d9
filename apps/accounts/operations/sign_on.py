"""A company's identity provider, and which of its people is whom there."""

import re
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.accounts.domain.sign_on import Shown, lies_in
from apps.accounts.domain.tokens import hash_of, new_token
from apps.accounts.models import PersonAct, SignOn, SignOnLink, User
from apps.accounts.operations.provider import SEALED_FOR, check_provider
from apps.accounts.queries import members, own_link, own_sign_on
from apps.events.domain.targets import BadTarget
from apps.events.operations import record
from apps.events.operations.posting import judged_target
from apps.tenancy.context import current_company
from apps.tenancy.sealing import Standing, seal, seal_anew

LINK_LIFE = timedelta(minutes=10)
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")


def set_sign_on(
    *, issuer: str, client_id: str, secret: str, domains: Sequence[str], now: datetime, actor: User
) -> SignOn:
    """Name the provider and switch it on; an empty secret keeps the one there is.

    Another issuer ends all links. Raises ValidationError by field for what cannot be right, and when
    the provider cannot be reached.
    """
    found = own_sign_on()
    wanted = _domains(domains)
    if not secret and (found is None or found.issuer != issuer):
        raise ValidationError({"secret": _("Enter the secret of the client.")})
    _check_issuer(issuer)
    company = current_company()
    with transaction.atomic():
        row = found or SignOn(author=company, parties=[company.pk])
        if found is not None and found.issuer != issuer:
            SignOnLink.objects.filter(author=company).delete()
        row.issuer, row.client_id, row.domains = issuer, client_id, wanted
        row.switched_on_at = now
        if secret:
            row.client_secret = seal(SEALED_FOR, secret.encode())
        row.save()
        record(
            action="sign_on.set", subject=row.public_id, now=now, actor=actor,
            details={"issuer": issuer, "domains": " ".join(wanted)},
        )  # fmt: skip
    return row


@transaction.atomic
def reseal_sign_on() -> Counter[Standing]:
    """The company's secret at its provider under the installation's key in force."""
    found: Counter[Standing] = Counter()
    for row in SignOn.objects.written_by(current_company()).select_for_update():
        found += seal_anew(SEALED_FOR, vars(row), "client_secret")
        row.save(update_fields=["client_secret"])
    return found


def end_sign_on(*, now: datetime, actor: User) -> None:
    """Forget the provider, its secret and all links."""
    with transaction.atomic():
        company = current_company()
        SignOnLink.objects.filter(author=company).delete()
        row = own_sign_on()
        if row is not None:
            record(action="sign_on.ended", subject=row.public_id, now=now, actor=actor)
            row.delete()


def open_link(*, person: User, now: datetime) -> str:
    """A way for the person to be linked at the provider within ten minutes; its token."""
    sign_on, company, token = own_sign_on(), current_company(), new_token()
    if sign_on is None or not lies_in(person.email, sign_on.domains):
        raise ValidationError(_("Your address is none of the provider's domains."))
    if own_link(person) is not None:
        raise ValidationError(_("Your account is linked already."))
    with transaction.atomic():
        SignOnLink.objects.filter(author=company, user=person).delete()
        SignOnLink.objects.create(
            author=company, parties=[company.pk], user=person, issuer=sign_on.issuer,
            token_hash=hash_of(token), expires_at=now + LINK_LIFE,
        )  # fmt: skip
    return token


def end_link(*, person: User, now: datetime) -> None:
    """The person signs in at the provider no more."""
    with transaction.atomic():
        row = own_link(person)
        if row is not None:
            record(action="sign_on.unlinked", subject=row.public_id, now=now, actor=person)
            _note(person, PersonAct.Change.UNLINKED, now)
            row.delete()


def link(*, sign_on: SignOn, token: str, shown: Shown, now: datetime) -> User:
    """Link whom the token shows to the person of the open way. Raises ValidationError."""
    with transaction.atomic():
        row = (
            SignOnLink.objects.select_for_update(of=("self",))
            .filter(author=current_company(), token_hash=hash_of(token), subject=None)
            .select_related("user").first()
        )  # fmt: skip
        if row is None or row.expires_at <= now or row.issuer != shown.issuer:
            raise ValidationError(_("This way to link is over. Begin again."))
        if shown.email != row.user.email or not lies_in(shown.email, sign_on.domains):
            raise ValidationError(_("The provider shows another address than yours."))
        row.subject, row.linked_at = shown.subject, now
        try:
            row.save()
        except IntegrityError:
            raise ValidationError(
                _("The provider's account is linked to somebody else already.")
            ) from None
        person: User = row.user
        record(action="sign_on.linked", subject=row.public_id, now=now, actor=person)
        _note(person, PersonAct.Change.LINKED, now)
    return person


def _note(person: User, change: str, now: datetime) -> None:
    """Among the person's own changes; the company's audit has a row of its own for it."""
    PersonAct.objects.create(
        person_id=person.pk, at=now, change=change, what=current_company().name
    )


def shown_member(*, sign_on: SignOn, shown: Shown) -> User | None:
    """The member who is linked to exactly this subject of this issuer; never by address.

    The address must still lie in the company's domains, where the provider names one.
    """
    row = (
        SignOnLink.objects.filter(
            author=current_company(), issuer=shown.issuer, subject=shown.subject
        )
        .select_related("user").first()
    )  # fmt: skip
    if row is None or shown.issuer != sign_on.issuer or not row.user.is_active:
        return None
    if shown.email and not lies_in(shown.email, sign_on.domains):
        return None
    person: User = row.user
    return person if members().filter(user=person).exists() else None


def _domains(domains: Sequence[str]) -> list[str]:
    wanted = sorted({domain.strip().lower().lstrip("@") for domain in domains if domain.strip()})
    wrong = [domain for domain in wanted if not _DOMAIN.fullmatch(domain)]
    if wrong or not wanted:
        text = _("Name at least one domain such as company.example; “%(wrong)s” is none.")
        raise ValidationError({"domains": text % {"wrong": ", ".join(wrong)}})
    return wanted


def _check_issuer(issuer: str) -> None:
    try:
        judged_target(issuer)
    except BadTarget:
        text = _("This cannot be an issuer: https, and the name of a host in the public Internet.")
        raise ValidationError({"issuer": text}) from None
    try:
        check_provider(issuer)
    except ValidationError as error:
        raise ValidationError({"issuer": error.messages}) from None
