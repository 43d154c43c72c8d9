"""Secrets the portal must be able to read again, encrypted at rest under the installation's key.

`cryptography` (9 MiB) is loaded by the first of them.
"""

import base64
import hashlib
from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    from cryptography.fernet import Fernet, MultiFernet


def seal(purpose: str, secret: bytes) -> str:
    """The secret as text that only `opened` with the same purpose reads."""
    return _cipher(purpose).encrypt(secret).decode()


def opened(purpose: str, text: str) -> bytes:
    """What was sealed; raises cryptography's InvalidToken for anything else."""
    return _cipher(purpose).decrypt(text.encode())


def signing_seed(purpose: str) -> bytes:
    """32 bytes for a signing key of the installation: the same as long as its key is."""
    return hashlib.sha256(f"{purpose}\n".encode() + settings.SECRET_KEY.encode()).digest()


def _cipher(purpose: str) -> "MultiFernet":
    """Seals with SECRET_KEY; opens what was sealed with one of its fallbacks too."""
    from cryptography.fernet import MultiFernet

    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return MultiFernet([_sealing(purpose, key) for key in keys])


def _sealing(purpose: str, secret_key: str) -> "Fernet":
    """Derived under a purpose of its own, so that no other use shares it."""
    from cryptography.fernet import Fernet

    material = hashlib.sha256(f"{purpose}\n".encode() + secret_key.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(material))
