"""The straight line from one reading to the next, over a gap of which nothing is known."""

from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal

from apps.common.quantity import divide, multiply, subtract
from apps.telemetry.domain.belief import Reading

_TO_A_TICK = Context(prec=60, rounding=ROUND_HALF_UP)
_A_TICK = timedelta(microseconds=1)


def stretch_in_line(
    before: Reading, after: Reading, counts: tuple[bool, bool], level: Decimal | None
) -> tuple[datetime, datetime]:
    """From when to when between two readings it counts, where `counts` says of each whether it does.

    The line passes the level, to the microsecond half up; without one each reading has its half.
    """
    if not any(counts):
        return before.measured_at, before.measured_at
    crossing = before.measured_at + _ticks_to(level, before, after) * _A_TICK
    start = before.measured_at if counts[0] else crossing
    return start, after.measured_at if counts[1] else crossing


def _ticks_to(level: Decimal | None, before: Reading, after: Reading) -> int:
    length = (after.measured_at - before.measured_at) // _A_TICK
    rise = subtract(after.value, before.value)
    if level is None or not rise:
        return length // 2
    part = divide(multiply(subtract(level, before.value), Decimal(length)), rise)
    return int(part.quantize(Decimal(1), context=_TO_A_TICK))
