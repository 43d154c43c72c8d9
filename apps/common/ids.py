"""Time-ordered keys and the prefixed form people copy: `inv_01jd…`.

UUID version 7 as in RFC 9562 section 5.7; the text is Crockford's base 32, in lower case.
"""

import os
import re
import uuid
from datetime import datetime

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_VALUES = {character: value for value, character in enumerate(ALPHABET)}
_LENGTH = 26
# The first character carries the top three of 128 bits.
_FORM = re.compile(f"([a-z]{{2,4}})_([0-7][{ALPHABET}]{{25}})")
_RANDOM_BITS_B = (1 << 62) - 1


class BadId(ValueError):
    """The text is not an id of this kind."""


def new_id(now: datetime | int, random: bytes | None = None) -> uuid.UUID:
    """A UUIDv7 from an aware time (or Unix milliseconds) and 10 random bytes."""
    milliseconds = now if isinstance(now, int) else int(now.timestamp() * 1000)
    if not 0 <= milliseconds < 1 << 48:
        raise BadId(f"time out of range: {milliseconds}")
    bits = int.from_bytes(os.urandom(10) if random is None else random[:10], "big")
    high = milliseconds << 16 | 0x7000 | (bits >> 62) & 0xFFF
    return uuid.UUID(int=high << 64 | 0b10 << 62 | bits & _RANDOM_BITS_B)


def least_id(instant: datetime) -> uuid.UUID:
    """No key made at this time or later is less."""
    return uuid.UUID(int=int(instant.timestamp() * 1000) << 80)


def encode(prefix: str, key: uuid.UUID) -> str:
    """`encode('inv', key)` gives `inv_` and 26 characters."""
    number, characters = key.int, []
    for _ in range(_LENGTH):
        characters.append(ALPHABET[number & 31])
        number >>= 5
    return f"{prefix}_{''.join(reversed(characters))}"


def decode(prefix: str, text: str) -> uuid.UUID:
    """The key of a prefixed id. Raises BadId for another prefix or form."""
    found, key = _decoded(text)
    if found != prefix:
        raise BadId(f"expected an id that begins with {prefix}_")
    return key


def decode_any(text: str) -> uuid.UUID:
    """The key of a prefixed id, whatever its prefix. Raises BadId (a ValueError)."""
    return _decoded(text)[1]


def _decoded(text: str) -> tuple[str, uuid.UUID]:
    match = _FORM.fullmatch(text)
    if match is None:
        raise BadId("not a prefixed id")
    number = 0
    for character in match[2]:
        number = number << 5 | _VALUES[character]
    return match[1], uuid.UUID(int=number)
