"""Hashes of audit rows and of the seals that chain them.

A row's hash covers all of it. A seal's digest covers the digest before it, its number and the hashes of
its rows in the order of their keys: what comes later cannot be kept when anything before it changes.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.common.canonical import instant_text

BEGINNING = "0" * 64
HASH_BYTES = 32


@dataclass(frozen=True, slots=True)
class Head:
    """The latest seal of a company: its number and its digest (hex)."""

    number: int
    digest: str


def row_hash(row: Mapping[str, Any]) -> bytes:
    """The SHA-256 of a row's columns."""
    text = json.dumps(
        {name: _plain(value) for name, value in row.items()},
        sort_keys=True, ensure_ascii=False, separators=(",", ":"),
    )  # fmt: skip
    return hashlib.sha256(text.encode()).digest()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return instant_text(value)
    return str(value) if isinstance(value, UUID) else value


def seal_digest(previous: str, number: int, hashes: Iterable[bytes]) -> str:
    """The digest of a seal, in hex; `previous` is that of the seal before, BEGINNING at the first."""
    digest = hashlib.sha256(f"{previous} {number} ".encode())
    for one in hashes:
        digest.update(one)
    return digest.hexdigest()


def hashes_in(joined: bytes) -> list[bytes]:
    """The row hashes a seal keeps one after the other."""
    return [joined[at : at + HASH_BYTES] for at in range(0, len(joined), HASH_BYTES)]


def head_fault(kept: Head | None, digests: Mapping[int, str]) -> str:
    """What is wrong between the head kept outside and the chain's digests by number; empty: nothing."""
    if kept is None:
        return "no head of this chain is kept outside the database" if digests else ""
    found = digests.get(kept.number)
    if found is None:
        return (
            f"the chain ends before seal {kept.number}, whose digest is kept outside the database"
        )
    if found != kept.digest:
        return f"seal {kept.number} is not the one whose digest is kept outside the database"
    return ""
