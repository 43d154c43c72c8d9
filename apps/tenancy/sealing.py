"""Secrets the portal must be able to read again, encrypted at rest under the installation's key.

`cryptography` (9 MiB) is loaded by the first of them.
"""

import base64
import hashlib
from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet


def seal(purpose: str, secret: bytes) -> str:
    """The secret as text that only `opened` with the same purpose reads."""
    return _cipher(purpose).encrypt(secret).decode()


def opened(purpose: str, text: str) -> bytes:
    """What was sealed; raises cryptography's InvalidToken for anything else."""
    return _cipher(purpose).decrypt(text.encode())


def signing_seeds(purpose: str) -> list[bytes]:
    """32 bytes each for a signing key of the installation: the one in force, then those of SECRET_KEY's fallbacks."""
    return _materials(purpose)


def _cipher(purpose: str) -> "MultiFernet":
    """Seals with SECRET_KEY; opens what was sealed with one of its fallbacks too."""
    from cryptography.fernet import Fernet, MultiFernet

    return MultiFernet([Fernet(base64.urlsafe_b64encode(one)) for one in _materials(purpose)])


def _materials(purpose: str) -> list[bytes]:
    """Derived under a purpose of its own, so that no other use shares it; newest first."""
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return [hashlib.sha256(f"{purpose}\n".encode() + key.encode()).digest() for key in keys]
