"""Re-working a channel's marked days in order, and the later ones whose opening value moved."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise

from apps.common.canonical import day_digest
from apps.common.quantity import add
from apps.telemetry.domain.belief import (
    Carry,
    Declaration,
    DeltaDisbelief,
    DeltaReading,
    DeltaRules,
    Disbelief,
    Discontinuity,
    LevelRules,
    Reading,
    judge_deltas,
    walk,
)
from apps.telemetry.domain.hours import Hour, delta_hours, level_hours

ONE_DAY = timedelta(days=1)
_STANDING_APART = {"reset": "event", "exchange": "event", "correction": "correction"}


@dataclass(frozen=True, slots=True)
class MarkedDay:
    """One channel and UTC day as stored: its versions, and the readings it opened and closed with."""

    channel: int
    day: date
    version: int
    done_version: int
    opening: Reading | None = None
    closing: Reading | None = None

    @property
    def is_dirty(self) -> bool:
        return self.version > self.done_version


@dataclass(frozen=True, slots=True)
class WorkedDay:
    """A day worked again: what is believed, what not, where it jumped, and its hours.

    `moved`: nobody marked it, but its opening value is another now.
    """

    marked: MarkedDay
    opening: Reading | None
    closing: Reading | None
    reading_count: int
    disbelieved: Sequence[Disbelief | DeltaDisbelief]
    discontinuities: Sequence[Discontinuity]
    hours: Sequence[Hour]
    moved: bool = False
    is_delta: bool = False
    trace: "DayTrace | None" = None

    @property
    def usage(self) -> Decimal:
        return add(*(hour.usage for hour in self.hours))


@dataclass(frozen=True, slots=True)
class DayTrace:
    """What evidence needs of a day's believed readings without reading them again.

    `longest_silence` between two of them: what counts as a gap is only known when it is asked.
    """

    digest: bytes
    first_at: datetime
    longest_silence: timedelta


def trace_of(believed: Sequence[Reading | DeltaReading]) -> DayTrace | None:
    """The trace of a day's believed readings in order; None without any."""
    if not believed:
        return None
    instants = [reading.measured_at for reading in believed]
    silences = (after - before for before, after in pairwise(instants))
    return DayTrace(
        day_digest((reading.measured_at, reading.value) for reading in believed),
        instants[0], max(silences, default=timedelta(0)),
    )  # fmt: skip


def day_start(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def work_levels(
    days: Sequence[MarkedDay],
    carry: Carry | None,
    readings_of: Callable[[MarkedDay], Iterable[Reading]],
    declarations: Sequence[Declaration],
    rules: LevelRules,
) -> list[WorkedDay]:
    """Work the days that are dirty or whose opening moved. `days`: in order, from the first dirty.

    `carry` is what the day before the first closed with.
    """
    worked = []
    for marked in days:
        if not marked.is_dirty and marked.opening == carry:
            carry = marked.closing
            continue
        stretch = walk(readings_of(marked), declarations, rules, carry)
        worked.append(
            WorkedDay(
                marked, carry, stretch.carry, len(stretch.believed), stretch.disbelieved,
                stretch.discontinuities,
                level_hours(rules.kind, stretch.believed, stretch.discontinuities, carry),
                moved=not marked.is_dirty, trace=trace_of(stretch.believed),
            )
        )  # fmt: skip
        carry = stretch.carry
    return worked


def work_deltas(
    marked: MarkedDay,
    readings: Iterable[DeltaReading],
    declared: Mapping[str, str],
    rules: DeltaRules,
) -> WorkedDay:
    """Work one day of a delta channel; it stands for itself. It closes with its last amount."""
    believed, disbelieved = judge_deltas(readings, declared, rules)
    closing = Reading(believed[-1].measured_at, believed[-1].value) if believed else None
    return WorkedDay(
        marked, None, closing, len(believed), disbelieved, (), delta_hours(believed),
        is_delta=True, trace=trace_of(believed),
    )  # fmt: skip


def in_force(declarations: Iterable[Declaration]) -> list[Declaration]:
    """Of several words on the same instant the last one counts; pass them in order of saying.

    A reading's mark (believe, disbelieve), a counter's event (reset, exchange) and a correction
    stand apart.
    """
    last: dict[tuple[str, datetime], Declaration] = {}
    for item in declarations:
        last[_STANDING_APART.get(item.kind, "mark"), item.measured_at] = item
    return list(last.values())
