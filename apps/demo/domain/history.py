"""The demo's past and present as readings: (channel, instant, value as text, interval start)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from apps.demo.domain.behaviour import (
    LEVELS,
    STEP,
    Behaviour,
    amounts,
    behaviours_of,
    rounded,
    shown_level,
    step_amount,
    step_number,
    step_start,
)

# The compressor's controller is exchanged here and counts from zero again.
RESTARTS = {("RX75-2207", "hours"): timedelta(days=41, hours=9)}
# A telematics unit once reports an odometer that is too low; nobody believes it.
SLIPS = {("WDB-102", "odometer"): timedelta(days=50, hours=14)}
# A dosing unit loses its connection for two days and delivers after the month is billed. So does the
# truck whose tire is moved: its readings around the move lie on the workshop's tablet.
DELAYED = {
    ("D2-1042", "detergent"): (timedelta(days=17, hours=6), timedelta(days=19, hours=6)),
    ("TGX1-201", "odometer"): (timedelta(days=10), timedelta(days=18)),
}
LATE = {serial for serial, _channel in DELAYED}
LATEST = max(back for _left, back in DELAYED.values())


@dataclass(frozen=True, slots=True)
class Told:
    """One reading of the story."""

    channel: str
    measured_at: datetime
    value: str
    interval_start: datetime | None = None


def story(serial: str, start: datetime, end: datetime) -> Iterator[Told]:
    """Every reading of an asset over [start, end], counters with their opening."""
    for behaviour in behaviours_of(serial):
        if behaviour.kind == "delta":
            yield from _deltas(serial, behaviour, start, end)
        elif behaviour.kind in LEVELS:
            for instant, _amount in amounts(serial, behaviour, start, end):
                yield Told(behaviour.channel, instant, str(shown_level(serial, behaviour, instant)))
        else:
            yield from _counter(serial, behaviour, start, end)


def is_delayed(serial: str, told: Told, start: datetime) -> bool:
    """Whether this reading of the story that begins at `start` comes in late."""
    left, back = DELAYED.get((serial, told.channel), (timedelta(0), timedelta(0)))
    return start + left <= told.measured_at < start + back


def _deltas(serial: str, behaviour: Behaviour, start: datetime, end: datetime) -> Iterator[Told]:
    for instant, amount in amounts(serial, behaviour, start, end):
        value = str(rounded(behaviour, amount))
        yield Told(behaviour.channel, instant, value, instant - STEP)


def _counter(serial: str, behaviour: Behaviour, start: datetime, end: datetime) -> Iterator[Told]:
    total = behaviour.first_value
    yield Told(behaviour.channel, start, str(rounded(behaviour, total)))
    for instant, amount in amounts(serial, behaviour, start, end):
        total = _restarted(serial, behaviour, start, instant, total) + amount
        value = rounded(behaviour, total)
        if _slips(serial, behaviour, start, instant):
            value -= 500
        yield Told(behaviour.channel, instant, str(_register(behaviour, value)))


def _register(behaviour: Behaviour, value: Decimal) -> Decimal:
    """The electricity meter's register has five digits before the point."""
    return value % 100_000 if behaviour.channel == "energy" else value


def _restarted(
    serial: str, behaviour: Behaviour, start: datetime, instant: datetime, total: Decimal
) -> Decimal:
    after = RESTARTS.get((serial, behaviour.channel))
    due = after is not None and instant - STEP <= start + after < instant
    return Decimal(0) if due else total


def _slips(serial: str, behaviour: Behaviour, start: datetime, instant: datetime) -> bool:
    after = SLIPS.get((serial, behaviour.channel))
    return after is not None and instant - STEP <= start + after < instant


@dataclass(slots=True)
class LiveCounter:
    """A counter that goes on from its last stored value, moment by moment."""

    serial: str
    behaviour: Behaviour
    at: datetime
    value: Decimal

    def move_to(self, now: datetime) -> Told:
        """Advance to `now` in whole quarters and a part of the last one."""
        while self.at < now:
            number = step_number(self.at)
            upto = min(now, step_start(number + 1))
            share = Decimal((upto - self.at) // timedelta(milliseconds=1)) / Decimal(900_000)
            self.value += step_amount(self.serial, self.behaviour, number) * share
            self.at = upto
        shown = _register(self.behaviour, rounded(self.behaviour, self.value))
        return Told(self.behaviour.channel, now, str(shown))
