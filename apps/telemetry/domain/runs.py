"""Runs of a machine told from a level: above it, with pauses that end no run.

A washing machine draws no power again and again within one wash, so its rises are no runs. A run
begins at a reading above the level once the level was not exceeded for longer than the pause.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from apps.common.quantity import multiply
from apps.telemetry.domain.belief import Reading

_TICK = timedelta(microseconds=1)
_TICKS_A_SECOND = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class RunRule:
    """Above `level` the machine runs; `pause`: seconds at or below it that end no run yet."""

    level: Decimal
    pause: Decimal


@dataclass(frozen=True, slots=True)
class Rest:
    """What a reading is judged by: the last one above the level, and whether one below came since."""

    above: datetime | None = None
    low: bool = False


def runs_of(
    readings: Iterable[Reading], rule: RunRule, rest: Rest
) -> Iterator[tuple[Reading, bool, Rest]]:
    """Each reading in order with whether a run begins there, and what the next is judged by.

    A silence alone ends no run, and what was never low has not begun.
    """
    for reading in readings:
        if reading.value <= rule.level:
            rest = Rest(rest.above, low=True)
            yield reading, False, rest
            continue
        begins = rest.low and (rest.above is None or _longer(reading, rest.above, rule.pause))
        rest = Rest(reading.measured_at)
        yield reading, begins, rest


def _longer(reading: Reading, above: datetime, pause: Decimal) -> bool:
    passed = Decimal((reading.measured_at - above) // _TICK)
    return passed > multiply(pause, _TICKS_A_SECOND)
