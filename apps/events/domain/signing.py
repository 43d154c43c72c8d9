"""Signatures of outgoing webhooks, as Standard Webhooks says (https://www.standardwebhooks.com).

Five lines of `hmac` rather than the library of that name: it signs with one secret only, where a
rotation needs two, and brings an HTTP client that nothing here uses.
"""

import base64
import binascii
import hmac
import secrets
from collections.abc import Sequence
from hashlib import sha256

SECRET_PREFIX = "whsec_"  # noqa: S105 (what a secret begins with)
SECRET_BYTES = 32


def new_secret() -> str:
    """`whsec_` and 256 random bits in base 64."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def key_of(secret: str) -> bytes:
    """The bytes a secret stands for. Raises ValueError for what is none."""
    text = secret.removeprefix(SECRET_PREFIX)
    try:
        # Some write it without the padding.
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        raise ValueError("not a webhook secret") from None


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """`v1,` and the HMAC-SHA256 of `id.timestamp.body` in base 64."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key_of(secret), signed, sha256)).decode()


def headers_of(
    secrets_in_force: Sequence[str], message_id: str, timestamp: int, body: bytes
) -> dict[str, str]:
    """The three headers of one try; one signature for each secret, so a receiver may change over."""
    signatures = [sign(secret, message_id, timestamp, body) for secret in secrets_in_force]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signatures),
    }
