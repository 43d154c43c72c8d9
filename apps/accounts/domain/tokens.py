"""Random secrets and the hashes that are stored in their place."""

import hashlib
import re
import secrets

KEY_PREFIX = "prk_"
_KEY_FORM = re.compile(r"prk_[A-Za-z0-9_-]{43}")
_HASH_FORM = re.compile(r"[0-9a-f]{64}")


def new_token() -> str:
    """256 random bits as 43 characters that stand in an address as they are."""
    return secrets.token_urlsafe(32)


def new_key() -> str:
    """A new API key."""
    return KEY_PREFIX + new_token()


def is_key(text: str) -> bool:
    """Whether the text has the form of an API key."""
    return _KEY_FORM.fullmatch(text) is not None


def hash_of(token: str) -> str:
    """SHA-256 in hexadecimal; enough, because every token is random and long."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def is_hash(text: str) -> bool:
    """Whether the text has the form of `hash_of`."""
    return _HASH_FORM.fullmatch(text) is not None
