"""Sub-totals by UTC hour from believed readings.

A level belongs to the hour that ends at or after it, (hour, hour + 1 h]; a delta to the hour that
begins at or before it, [hour, hour + 1 h). So the hours of a counter add up to its usage.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from apps.common.quantity import add, subtract
from apps.telemetry.domain.belief import Carry, DeltaReading, Discontinuity, Reading

_MICROSECOND = timedelta(microseconds=1)


@dataclass(slots=True)
class Hour:
    """One channel's hour: amount used, readings in it, the last one, lowest and highest value."""

    hour: datetime
    reading_count: int
    usage: Decimal
    last_at: datetime
    last_value: Decimal
    minimum: Decimal
    maximum: Decimal


def level_hours(
    kind: str,
    believed: Sequence[Reading],
    discontinuities: Iterable[Discontinuity],
    carry: Carry | None,
) -> list[Hour]:
    """Hours of believed readings in order; only a counter has usage. The very first opens it."""
    jumps = {item.measured_at: item.amount for item in discontinuities}
    hours: list[Hour] = []
    for reading in believed:
        step = Decimal(0)
        if kind == "counter" and carry is not None:
            step = subtract(reading.value, carry.value)
            if reading.measured_at in jumps:
                step = add(step, jumps[reading.measured_at])
        _put(hours, _hour_of(reading.measured_at - _MICROSECOND), reading, step)
        carry = reading
    return hours


def delta_hours(believed: Iterable[DeltaReading]) -> list[Hour]:
    """Hours of believed amounts in order of time."""
    hours: list[Hour] = []
    for reading in believed:
        _put(hours, _hour_of(reading.measured_at), reading, reading.value)
    return hours


def _hour_of(instant: datetime) -> datetime:
    return instant.replace(minute=0, second=0, microsecond=0)


def _put(hours: list[Hour], hour: datetime, reading: Reading | DeltaReading, step: Decimal) -> None:
    value, instant = reading.value, reading.measured_at
    if not hours or hours[-1].hour != hour:
        hours.append(Hour(hour, 1, step, instant, value, value, value))
        return
    last = hours[-1]
    last.reading_count += 1
    last.usage = add(last.usage, step)
    last.last_at, last.last_value = instant, value
    last.minimum, last.maximum = min(last.minimum, value), max(last.maximum, value)
