"""The company's Ed25519 key: made on first issue, its private half encrypted at rest.

`cryptography` (9 MiB) is loaded by the first signature.
"""

from collections import Counter
from datetime import datetime

from django.db import connection, transaction

from apps.billing.models import SigningKey
from apps.tenancy.context import current_company
from apps.tenancy.models import Company
from apps.tenancy.sealing import Standing, opened, seal, standing_of

PURPOSE = "peruse signing keys"


def ensure_signing_key(*, now: datetime) -> SigningKey:
    """The current company's newest key that the installation can open; made when there is none."""
    found = newest_key()
    return found if found is not None and _standing(found) != Standing.UNKNOWN else _new(now)


def renew_signing_key(*, now: datetime) -> Counter[Standing]:
    """A new key where the company's newest needs a former secret of the installation: rows of keys are
    never changed, and what was signed with the old one verifies as before. Gives how it stood."""
    found = newest_key()
    if found is None:
        return Counter()
    standing = _standing(found)
    if standing != Standing.IN_FORCE:
        _new(now)
    return Counter([standing])


def newest_key() -> SigningKey | None:
    return SigningKey.objects.written_by(current_company()).first()


def _new(now: datetime) -> SigningKey:
    """Made once, however many ask for one at a time."""
    company = current_company()
    with transaction.atomic():
        _one_at_a_time(company)
        found = newest_key()
        if found is not None and _standing(found) == Standing.IN_FORCE:
            return found
        return _make(company, now)


def _standing(key: SigningKey) -> Standing:
    return standing_of(PURPOSE, key.private_key_encrypted)


def sign(key: SigningKey, message: bytes) -> bytes:
    """The 64-byte Ed25519 signature."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    secret = opened(PURPOSE, key.private_key_encrypted)
    return Ed25519PrivateKey.from_private_bytes(secret).sign(message)


def _make(company: Company, now: datetime) -> SigningKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    private = Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return SigningKey.objects.create(
        author=company,
        parties=[company.pk],
        public_key=public.hex(),
        made_at=now,
        private_key_encrypted=seal(PURPOSE, private.private_bytes_raw()),
    )


def _one_at_a_time(company: Company) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "select pg_advisory_xact_lock(hashtext('billing.signing_key'), %s)", [company.pk]
        )
