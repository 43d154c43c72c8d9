"""Secrets the portal must be able to read again, encrypted at rest under the installation's key.

`cryptography` (9 MiB) is loaded by the first of them.
"""

import base64
import hashlib
from collections import Counter
from collections.abc import MutableMapping
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.conf import settings

if TYPE_CHECKING:
    from cryptography.fernet import Fernet, MultiFernet


def seal(purpose: str, secret: bytes) -> str:
    """The secret as text that only `opened` with the same purpose reads."""
    return _cipher(purpose).encrypt(secret).decode()


def opened(purpose: str, text: str) -> bytes:
    """What was sealed; raises cryptography's InvalidToken for anything else."""
    return _cipher(purpose).decrypt(text.encode())


class Standing(StrEnum):
    """Which key a sealed text needs."""

    IN_FORCE = "in force"
    FORMER = "former"
    UNKNOWN = "unknown"


def standing_of(purpose: str, text: str) -> Standing:
    """Whether the key in force opens it, one of the fallbacks, or none that is named."""
    for number, material in enumerate(_materials(purpose)):
        if _opens(material, text):
            return Standing.FORMER if number else Standing.IN_FORCE
    return Standing.UNKNOWN


def sealed_anew(purpose: str, text: str) -> str:
    """The same secret under the key in force. Raises InvalidToken where no key that is named opens it."""
    return seal(purpose, opened(purpose, text))


def seal_anew(purpose: str, holder: MutableMapping[str, Any], *names: str) -> Counter[Standing]:
    """Seal named texts of a holder (a row's `vars`, or its JSON) under the key in force; how many stood how.
    Empty ones are none."""
    found: Counter[Standing] = Counter()
    for name in names:
        if text := holder.get(name):
            found[standing := standing_of(purpose, text)] += 1
            if standing == Standing.FORMER:
                holder[name] = sealed_anew(purpose, text)
    return found


def signing_seeds(purpose: str) -> list[bytes]:
    """32 bytes each for a signing key of the installation: the one in force, then those of SECRET_KEY's fallbacks."""
    return _materials(purpose)


def _opens(material: bytes, text: str) -> bool:
    from cryptography.fernet import InvalidToken

    try:
        _fernet(material).decrypt(text.encode())
    except InvalidToken:
        return False
    return True


def _cipher(purpose: str) -> "MultiFernet":
    """Seals with SECRET_KEY; opens what was sealed with one of its fallbacks too."""
    from cryptography.fernet import MultiFernet

    return MultiFernet([_fernet(one) for one in _materials(purpose)])


def _fernet(material: bytes) -> "Fernet":
    from cryptography.fernet import Fernet

    return Fernet(base64.urlsafe_b64encode(material))


def _materials(purpose: str) -> list[bytes]:
    """Derived under a purpose of its own, so that no other use shares it; newest first."""
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return [hashlib.sha256(f"{purpose}\n".encode() + key.encode()).digest() for key in keys]
