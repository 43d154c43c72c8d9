"""Conditions under which usage counts: a state that is billed, a level that must be kept."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from heapq import merge
from typing import NamedTuple

from apps.common.quantity import BadValue, canonical, parse_decimal
from apps.telemetry.domain.belief import Reading
from apps.telemetry.domain.measures import LONGEST_HOLD

IS_ONE_OF = "is_one_of"
AT_LEAST = "at_least"
AT_MOST = "at_most"
CONDITION_TESTS = (IS_ONE_OF, AT_LEAST, AT_MOST)
MOST_STATES = 20


@dataclass(frozen=True, slots=True)
class CountCondition:
    """The channel of the same asset must be in one of some states, or at or beyond a level.

    A reading holds until the next one, for at most `hold` seconds; then nothing is known. `unit` is
    the channel's.
    """

    channel: str
    unit: str
    test: str
    values: tuple[Decimal, ...]
    hold: int

    def __post_init__(self) -> None:
        """Raises BadValue: bad_test, missing_states, one_level, bad_hold."""
        if self.test not in CONDITION_TESTS:
            raise BadValue("bad_test")
        if not 0 < len(self.values) <= MOST_STATES:
            raise BadValue("missing_states", {"most": str(MOST_STATES)})
        if self.test != IS_ONE_OF and len(self.values) != 1:
            raise BadValue("one_level")
        if not 0 < self.hold <= LONGEST_HOLD:
            raise BadValue("bad_hold", {"days": "366"})

    @property
    def kind(self) -> str:
        """The kind of channel that can be asked."""
        return "state" if self.test == IS_ONE_OF else "gauge"

    def holds_at(self, value: Decimal) -> bool:
        """The level itself is enough, on both sides."""
        if self.test == AT_LEAST:
            return value >= self.values[0]
        return value <= self.values[0] if self.test == AT_MOST else value in self.values

    def to_dict(self) -> dict[str, object]:
        """JSON-ready: decimals as text, the hold in seconds."""
        return {
            "channel": self.channel, "unit": self.unit, "test": self.test,
            "values": [canonical(value) for value in self.values], "hold": self.hold,
        }  # fmt: skip

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> "CountCondition":
        """Raises KeyError, TypeError or ValueError (BadValue) for another form."""
        values, hold = data["values"], data["hold"]
        if not isinstance(values, (list, tuple)) or type(hold) is not int:
            raise TypeError("a condition has a list of values and whole seconds")
        return cls(
            str(data["channel"]), str(data["unit"]), str(data["test"]),
            tuple(map(parse_decimal, values)), hold,
        )  # fmt: skip


class Verdict(NamedTuple):
    """Over [start, end): all conditions hold, one fails, or (None) that is not known.

    No start: from ever; no end: for good.
    """

    start: datetime | None
    end: datetime | None
    holds: bool | None


def verdicts(
    conditions: Sequence[CountCondition], readings: Sequence[Iterable[Reading]]
) -> list[Verdict] | None:
    """All time told apart by what the conditions say, in order; None without a condition.

    `readings`: those of each condition's channel, in order.
    """
    if not conditions:
        return None
    pairs = zip(conditions, readings, strict=True)
    each = (_verdict_changes(number, *pair) for number, pair in enumerate(pairs))
    changes = merge(*each, key=lambda change: change[:2])
    said: list[bool | None] = [None] * len(conditions)
    return list(_verdict_stretches(changes, said))


def _verdict_stretches(
    changes: Iterable[tuple[datetime, int, bool | None]], said: list[bool | None]
) -> Iterator[Verdict]:
    start, holds = None, _said_by_all(said)
    for instant, number, known in changes:
        said[number] = known
        now = _said_by_all(said)
        if now is holds:
            continue
        if start != instant:
            yield Verdict(start, instant, holds)
        start, holds = instant, now
    yield Verdict(start, None, holds)


def _said_by_all(said: Iterable[bool | None]) -> bool | None:
    """One that fails decides; else one that is not known leaves it open."""
    found = list(said)
    if False in found:
        return False
    return None if None in found else True


def _verdict_changes(
    number: int, condition: CountCondition, readings: Iterable[Reading]
) -> Iterator[tuple[datetime, int, bool | None]]:
    """From when on what is known of a condition: at each reading, and where one holds no longer."""
    hold, before = timedelta(seconds=condition.hold), None
    for reading in readings:
        if before is not None and reading.measured_at > before + hold:
            yield before + hold, number, None
        yield reading.measured_at, number, condition.holds_at(reading.value)
        before = reading.measured_at
    if before is not None:
        yield before + hold, number, None
