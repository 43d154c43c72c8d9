"""What a level says about a period [start, end): aggregates, times, entries, edges, integral.

A reading holds from its instant until the next one, at most for the longest hold; a period sees
what holds at some instant in it. So a reading exactly at the start counts, one exactly at the end
belongs to the next period, and times, entries, edges and integrals of adjoining periods add up.
Pass believed readings in order; the last one before the start carries its value in.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise, tee, zip_longest

from apps.common.period import Period
from apps.common.quantity import add, bounded, divide, multiply, subtract
from apps.telemetry.domain.belief import Reading

MICROSECOND = timedelta(microseconds=1)
_TICKS_A_SECOND = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class Held:
    """A value that holds over [start, end)."""

    start: datetime
    end: datetime
    value: Decimal

    @property
    def duration(self) -> timedelta:
        return self.end - self.start


def held_values(
    readings: Iterable[Reading], period: Period, longest_hold: timedelta | None = None
) -> list[Held]:
    """What holds within the period, cut to it; where nothing holds, nothing is said."""
    each = zip_longest(*_shifted(readings))
    held = (held_value(*pair, period, longest_hold) for pair in each if pair[0] is not None)
    return [item for item in held if item is not None]


def _shifted(readings: Iterable[Reading]) -> tuple[Iterator[Reading], Iterator[Reading]]:
    these, later = tee(readings)
    next(later, None)
    return these, later


def held_value(
    reading: Reading, following: Reading | None, period: Period, longest_hold: timedelta | None
) -> Held | None:
    """What a reading makes hold within the period until the one that follows; None: nothing."""
    until = period.end if following is None else following.measured_at
    if longest_hold is not None:
        until = min(until, reading.measured_at + longest_hold)
    start, end = max(reading.measured_at, period.start), min(until, period.end)
    return Held(start, end, reading.value) if start < end else None


def last_value(held: Sequence[Held]) -> Decimal | None:
    """The value that held last; None where none did."""
    return held[-1].value if held else None


def highest(held: Iterable[Held]) -> Decimal | None:
    return max((item.value for item in held), default=None)


def lowest(held: Iterable[Held]) -> Decimal | None:
    return min((item.value for item in held), default=None)


def mean(held: Sequence[Held]) -> Decimal | None:
    """The time-weighted mean over the time in which a value is known, to 12 digits half up."""
    known = known_time(held)
    if not known:
        return None
    return bounded(divide(_value_ticks(held), Decimal(known // MICROSECOND)))


def known_time(held: Iterable[Held]) -> timedelta:
    """How long a value is known; the rest of the period is silence beyond the longest hold."""
    return sum((item.duration for item in held), timedelta(0))


def time_above(held: Iterable[Held], level: Decimal) -> timedelta:
    """Time strictly above the level."""
    return known_time(item for item in held if item.value > level)


def time_below(held: Iterable[Held], level: Decimal) -> timedelta:
    """Time strictly below the level."""
    return known_time(item for item in held if item.value < level)


def time_in_state(held: Iterable[Held], state: Decimal) -> timedelta:
    return known_time(item for item in held if item.value == state)


def integral(held: Iterable[Held]) -> Decimal:
    """Σ value × seconds, exact: kW become kW·s; divide by 3,600 for kWh."""
    return divide(_value_ticks(held), _TICKS_A_SECOND)


def _value_ticks(held: Iterable[Held]) -> Decimal:
    return add(*(multiply(item.value, Decimal(item.duration // MICROSECOND)) for item in held))


def entries(readings: Sequence[Reading], period: Period, state: Decimal) -> int:
    """How often the state is entered in the period: a reading in it after one in another.

    The very first reading of a channel enters nothing; a silence between two does not matter.
    """
    return sum(
        1 for before, reading in pairwise(readings)
        if reading.measured_at in period and reading.value == state and before.value != state
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class EdgeRule:
    """A rise over `threshold` counts once; again only after a fall to threshold − hysteresis."""

    threshold: Decimal
    hysteresis: Decimal = Decimal(0)

    def __post_init__(self) -> None:
        if self.hysteresis < 0:
            raise ValueError("a hysteresis is not negative")

    @property
    def armed_at(self) -> Decimal:
        return subtract(self.threshold, self.hysteresis)


def edges_of(
    readings: Iterable[Reading], rule: EdgeRule, armed: bool = False
) -> Iterator[tuple[Reading, bool, bool]]:
    """Each reading with whether it is an edge, and whether the next rise will count.

    `armed` is what holds before the first. What has never been low has not risen either.
    """
    for reading in readings:
        edge = armed and reading.value > rule.threshold
        armed = not edge and (armed or reading.value <= rule.armed_at)
        yield reading, edge, armed


def edge_count(
    readings: Iterable[Reading], period: Period, rule: EdgeRule, armed: bool = False
) -> tuple[int, bool]:
    """Edges in the period, and whether the next rise counts at its end."""
    count, left = 0, armed
    for reading, edge, after in edges_of(readings, rule, armed):
        if reading.measured_at >= period.end:
            break
        count += edge and reading.measured_at in period
        left = after
    return count, left
