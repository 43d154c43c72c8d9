"""Who counts what a plan limits, and who knows what holds a company that leaves: the apps above register here."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
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


def is_counted(what: Counted) -> bool:
    """Whether an installed app counts this."""
    return what in _counts


def count_of(what: Counted, since: datetime) -> int:
    """How many the current company has; 0 where no installed app counts them."""
    count = _counts.get(what)
    return 0 if count is None else count(since)


@dataclass(frozen=True, slots=True)
class Hold:
    """Something unfinished, in the reader's language, and the route where it is finished."""

    text: str
    leads_to: str


# What of the current company is unfinished at this time.
Look = Callable[[datetime], Iterable[Hold]]
_looks: list[Look] = []


def holds_leaving(look: Look) -> Look:
    """Register who looks for open contracts, money and the like: with any, nothing is erased."""
    if look not in _looks:
        _looks.append(look)
    return look


def holds_of(now: datetime) -> list[Hold]:
    """Everything that holds the current company, in the order its looks were registered."""
    return [hold for look in _looks for hold in look(now)]
