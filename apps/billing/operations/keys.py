"""The company's Ed25519 key: made on first issue, its private half encrypted at rest.

`cryptography` (9 MiB) is loaded by the first signature.
"""

from datetime import datetime

from django.db import connection, transaction

from apps.billing.models import SigningKey
from apps.tenancy.context import current_company
from apps.tenancy.models import Company
from apps.tenancy.sealing import opened, seal

PURPOSE = "peruse signing keys"


def ensure_signing_key(*, now: datetime) -> SigningKey:
    """The current company's newest key; made when there is none, once however many ask."""
    company = current_company()
    found = newest_key()
    if found is not None:
        return found
    with transaction.atomic():
        _one_at_a_time(company)
        return newest_key() or _make(company, now)


def newest_key() -> SigningKey | None:
    return SigningKey.objects.written_by(current_company()).first()


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
