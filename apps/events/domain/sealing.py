"""Hashes of audit rows and of the seals that chain them: those of companies, and those of the operator's acts.

A row's hash covers all of it. A seal's digest covers the digest before it, its number and the hashes of
its rows in the order of their keys: what comes later cannot be kept when anything before it changes.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.common.canonical import instant_text
from apps.common.ids import encode

Row = Mapping[str, Any]
BEGINNING = "0" * 64
HASH_BYTES = 32


@dataclass(frozen=True, slots=True)
class Head:
    """The latest seal of a company: its number and its digest (hex)."""

    number: int
    digest: str


# Kept before a chain's first seal: a chain of which no head is kept has lost it.
BEGUN = Head(0, BEGINNING)


def row_hash(row: Row) -> bytes:
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


def linked(rows: Sequence[Row], head: Head | None) -> dict[str, Any]:
    """Columns of the next seal of a chain, over these rows in the order of their keys; `head` is its latest."""
    hashes = [row_hash(row) for row in rows]
    number, previous = (head.number + 1, head.digest) if head else (1, BEGINNING)
    return {
        "number": number, "previous": previous, "digest": seal_digest(previous, number, hashes),
        "rows": [row["id"] for row in rows], "hashes": b"".join(hashes),
    }  # fmt: skip


def seal_faults(
    seal: Any, number: int, previous: str, rows_of: Callable[[Any], Iterable[Row]], prefix: str
) -> list[str]:
    """What is wrong with a seal that should be this one of its chain and follow that digest, in words.

    `rows_of(seal)`: the rows it names as they are now; `prefix` is that of their ids.
    """
    hashes = hashes_in(bytes(seal.hashes))
    if seal.number != number or seal.previous != previous:
        return [f"seal {seal.number} does not follow the one before it"]
    if seal.digest != seal_digest(previous, number, hashes) or len(hashes) != len(seal.rows):
        return [f"seal {number} was changed"]
    found = {row["id"]: row_hash(row) for row in rows_of(seal)}
    return [
        f"{encode(prefix, key)} was {'changed' if key in found else 'removed'}"
        for key, one in zip(seal.rows, hashes, strict=True)
        if found.get(key) != one
    ]


def hashes_in(joined: bytes) -> list[bytes]:
    """The row hashes a seal keeps one after the other."""
    return [joined[at : at + HASH_BYTES] for at in range(0, len(joined), HASH_BYTES)]


def head_fault(kept: Head | None, digests: Mapping[int, str]) -> str:
    """What is wrong between the head kept outside and the chain's digests by number; empty: nothing."""
    if kept is None:
        return "no head of this chain is kept outside the database" if digests else ""
    found = BEGINNING if kept.number == BEGUN.number else digests.get(kept.number)
    if found is None:
        return (
            f"the chain ends before seal {kept.number}, whose digest is kept outside the database"
        )
    if found != kept.digest:
        return f"seal {kept.number} is not the one whose digest is kept outside the database"
    return ""
