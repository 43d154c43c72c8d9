"""What counts only under conditions, computed naively: steps cut by the time in which all hold."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise

from tests.oracle.naive import Counter

FINE = Decimal("1e-12")
STEP = timedelta(microseconds=1)


@dataclass
class Condition:
    """A channel's values; one holds until the next, for at most a while, then nothing is known."""

    said: Counter
    test: Callable[[Decimal], bool]
    hold: timedelta

    def good_times(self) -> list[tuple[datetime, datetime]]:
        instants = sorted(self.said.values)
        ends = [*instants[1:], datetime.max.replace(tzinfo=UTC)]
        return [
            (at, min(following, at + self.hold))
            for at, following in zip(instants, ends, strict=True)
            if self.test(self.said.values[at])
        ]


def counted_under(
    counter: Counter, conditions: Sequence[Condition], start: datetime, end: datetime
) -> Decimal | None:
    """Of each step whose later reading lies in (start, end] the share of time in which all hold."""
    if counter.usage(start, end) is None:
        return None
    total, steps = Decimal(0), [(at, used) for at, _, used in counter.believed()]
    for (before, _), (after, used) in pairwise(steps):
        if start < after <= end:
            total += _share(used, _time_good(before, after, conditions), after - before)
    return total


def _time_good(since: datetime, until: datetime, conditions: Sequence[Condition]) -> timedelta:
    spans = [(since, until)]
    for condition in conditions:
        spans = [
            (max(a, c), min(b, d))
            for a, b in spans
            for c, d in condition.good_times()
            if max(a, c) < min(b, d)
        ]
    return sum((b - a for a, b in spans), timedelta())


def _share(used: Decimal, good: timedelta, whole: timedelta) -> Decimal:
    if good == whole:
        return used
    return (used * (good // STEP) / (whole // STEP)).quantize(FINE, rounding=ROUND_HALF_UP)


def pooled(aggregate: str, members: Sequence[Decimal], level: Decimal | None = None) -> Decimal:
    """What a contract makes of the members' quantities of a period."""
    if aggregate == "sum":
        return sum(members, Decimal(0))
    if aggregate == "maximum":
        return max(members)
    if aggregate == "mean":
        return (sum(members, Decimal(0)) / len(members)).quantize(FINE, rounding=ROUND_HALF_UP)
    assert level is not None
    return Decimal(len([member for member in members if member > level]))
