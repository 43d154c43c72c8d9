"""The certificate of an erasure: plain facts, signed as canonical JSON."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from apps.subscriptions.domain.keeping import reason_of

FORMAT = "peruse erasure certificate 1"
ALGORITHM = "Ed25519"


@dataclass(frozen=True, slots=True)
class Kept:
    """Rows of one table that stay, of two kinds: seen by others as well, and by nobody else."""

    table: str
    seen: int
    unseen: int


def canonical(body: Mapping[str, Any]) -> bytes:
    """What is signed: keys in order, no blanks, UTF-8."""
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode()


def deleted_rows(counts: Mapping[str, int]) -> list[dict[str, Any]]:
    """Tables of which something went, with how many rows, by name."""
    return [{"table": name, "rows": count} for name, count in sorted(counts.items()) if count]


def kept_rows(kept: Iterable[Kept]) -> list[dict[str, Any]]:
    """Tables of which something stays: rows and the reason, by name."""
    found = []
    for row in sorted(kept, key=lambda one: one.table):
        for count, is_seen in ((row.seen, True), (row.unseen, False)):
            if count:
                reason = reason_of(row.table, is_seen=is_seen)
                found.append({"table": row.table, "rows": count, "reason": reason.value})
    return _joined(found)


def _joined(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One line per table and reason."""
    sums: dict[tuple[str, str], int] = {}
    for row in rows:
        key = (row["table"], row["reason"])
        sums[key] = sums.get(key, 0) + row["rows"]
    return [
        {"table": table, "rows": count, "reason": reason} for (table, reason), count in sums.items()
    ]
