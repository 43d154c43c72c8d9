"""Who counts what a plan limits: the apps above register their counts here."""

from collections.abc import Callable
from datetime import datetime

from apps.subscriptions.domain.limits import Counted

# What the current company has now; of readings, what it received since the given instant.
Count = Callable[[datetime], int]
_counts: dict[Counted, Count] = {}


def counts(what: Counted) -> Callable[[Count], Count]:
    """Register `count(since) -> int` of the current company."""

    def register(count: Count) -> Count:
        if what in _counts and _counts[what] is not count:
            raise ValueError(f"two functions count {what}")
        _counts[what] = count
        return count

    return register


def count_of(what: Counted, since: datetime) -> int:
    """How many the current company has; 0 where no installed app counts them."""
    count = _counts.get(what)
    return 0 if count is None else count(since)
