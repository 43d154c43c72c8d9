"""What may be declared of a counter: nothing that falls, and nothing far faster than before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import pairwise

from apps.common.quantity import divide, multiply, subtract

# So many times as fast as it ever went is asked for a reason.
UNUSUAL = 10
_HOUR = 3600


@dataclass(frozen=True, slots=True)
class Said:
    """A value at an instant."""

    at: datetime
    value: Decimal


def falls(said: Said, others: Sequence[Said]) -> Said | None:
    """The other one that it contradicts: the nearest before above it, or the nearest after below."""
    before = max((item for item in others if item.at < said.at), key=lambda i: i.at, default=None)
    after = min((item for item in others if item.at > said.at), key=lambda i: i.at, default=None)
    if before is not None and before.value > said.value:
        return before
    return after if after is not None and after.value < said.value else None


def fastest(said: Sequence[Said]) -> Decimal | None:
    """The highest usage an hour between two neighbours; None with fewer than two."""
    ordered = sorted(said, key=lambda item: item.at)
    return max((_rate(*pair) for pair in pairwise(ordered)), default=None)


def is_unusual(said: Said, others: Sequence[Said]) -> bool:
    """Whether it rose more than UNUSUAL times as fast as ever since the one before."""
    earlier = [item for item in others if item.at < said.at]
    known = fastest(others)
    if not earlier or not known:
        return False
    before = max(earlier, key=lambda item: item.at)
    return _rate(before, said) > multiply(Decimal(UNUSUAL), known)


def _rate(before: Said, after: Said) -> Decimal:
    seconds = Decimal(int((after.at - before.at).total_seconds()))
    return divide(multiply(subtract(after.value, before.value), Decimal(_HOUR)), seconds)
