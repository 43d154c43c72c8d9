"""One byte form per value, so that a hash or a signature means something.

Canonical JSON: UTF-8, keys sorted by code point, no white space, no floats; decimals are
strings in the form of `quantity.canonical`. Timestamps are written in UTC with a `Z`.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import groupby

from apps.common.quantity import canonical


class NotCanonical(TypeError):
    """A value that has no exact canonical form, such as a float."""


def instant_text(instant: datetime) -> str:
    """`2026-03-01T00:00:00Z`; a fraction of a second only where there is one."""
    if instant.tzinfo is None:
        raise NotCanonical("a time without a zone has no canonical form")
    text = instant.astimezone(UTC).replace(tzinfo=None).isoformat()
    return (text.rstrip("0") if "." in text else text) + "Z"


def exact(value: object, path: str = "") -> object:
    """The value as JSON can hold it exactly. Raises NotCanonical naming the path."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, Decimal):
        return canonical(value)
    if isinstance(value, datetime):
        return instant_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {_key(key, path): exact(item, f"{path}/{key}") for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [exact(item, f"{path}/{index}") for index, item in enumerate(value)]
    raise NotCanonical(f"{path or '/'}: {type(value).__name__} has no canonical form")


def _key(key: object, path: str) -> str:
    if not isinstance(key, str):
        raise NotCanonical(f"{path or '/'}: keys are text, not {type(key).__name__}")
    return key


def canonical_json(value: object) -> bytes:
    """The one byte form of a value. Raises NotCanonical."""
    return json.dumps(
        exact(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def digest(value: object) -> str:
    """SHA-256 over the canonical JSON, as 64 hexadecimal digits."""
    return hashlib.sha256(canonical_json(value)).hexdigest()


def readings_digest(readings: Iterable[tuple[datetime, Decimal]], *, is_delta: bool) -> str:
    """SHA-256 over the UTC days of ordered readings, one line each: `<day>,<digest>` and a line feed.

    A day's digest is `day_digest` of its readings in hexadecimal; a day without readings has no
    line. So the digest of a year is made of days that are digested once.
    """
    days = groupby(readings, key=lambda reading: reading_day(reading[0], is_delta=is_delta))
    return digest_of_days((day, day_digest(found)) for day, found in days)


def digest_of_days(days: Iterable[tuple[date, bytes]]) -> str:
    """The digest of readings from those of their days, in order; as 64 hexadecimal digits."""
    sha = hashlib.sha256()
    for day, found in days:
        sha.update(f"{day.isoformat()},{found.hex()}\n".encode())
    return sha.hexdigest()


def day_digest(readings: Iterable[tuple[datetime, Decimal]]) -> bytes:
    """SHA-256 over ordered readings, one line each: `<instant>,<value>` and a line feed.

    The instant as in `instant_text`, the value as in `quantity.canonical`, in UTF-8.
    """
    lines = [f"{instant_text(instant)},{canonical(value)}\n" for instant, value in readings]
    return hashlib.sha256("".join(lines).encode()).digest()


def reading_day(instant: datetime, *, is_delta: bool) -> date:
    """The UTC day a reading belongs to: a level at exactly midnight to the day that ends there."""
    moment = instant.astimezone(UTC)
    return moment.date() if is_delta else (moment - timedelta(microseconds=1)).date()
