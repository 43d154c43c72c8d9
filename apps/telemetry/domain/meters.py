"""The meter behind a channel, by versions: serial, accuracy, verification, calibration factor.

A step of a counter counts with the factor of the meter that is read at its end; only a declared
exchange within it is told apart: up to its closing value the old meter counted. An amount counts
with the factor of its own time. So what a step comes to hangs on the step alone, and adjoining
periods add up.
"""

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from apps.common.canonical import instant_text
from apps.common.period import Period, local_date, parse_instant
from apps.common.quantity import (
    FRACTION_DIGITS,
    BadValue,
    add,
    canonical,
    multiply,
    parse_decimal,
    subtract,
)
from apps.telemetry.domain.belief import Declaration, Discontinuity, Reading

# With readings of six decimals every product is exact in a quantity's twelve.
FACTOR_DIGITS = 6
_EXCHANGED = ("exchange", "several")
_JUST_BEFORE = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class MeterVersion:
    """What is known of a channel's meter from an instant on; `since` None: from the beginning.

    `factor`: what one counted unit stands for (millilitres per pulse); None: it is not known, or
    none is needed. `verified_until` is the last day of the verification.
    """

    since: datetime | None
    serial: str = ""
    accuracy_class: str = ""
    verified_until: date | None = None
    factor: Decimal | None = None

    def __post_init__(self) -> None:
        if self.factor is not None:
            judge_factor(self.factor)

    def to_dict(self) -> dict[str, object]:
        """JSON-ready: the factor as text, instants in UTC."""
        until = self.verified_until
        return {
            "since": None if self.since is None else instant_text(self.since),
            "serial": self.serial, "accuracy_class": self.accuracy_class,
            "verified_until": None if until is None else until.isoformat(),
            "factor": None if self.factor is None else canonical(self.factor),
        }  # fmt: skip

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> "MeterVersion":
        """Raises KeyError, TypeError or ValueError (BadValue) for another form."""
        since, until, factor = data["since"], data["verified_until"], data["factor"]
        return cls(
            None if since is None else parse_instant(since), str(data["serial"]),
            str(data["accuracy_class"]), None if until is None else date.fromisoformat(str(until)),
            None if factor is None else parse_decimal(factor),
        )  # fmt: skip


def judge_factor(factor: Decimal) -> None:
    """Raises BadValue: not_positive, too_large, too_precise."""
    if not factor.is_finite() or factor <= 0:
        raise BadValue("not_positive")
    if factor >= 10**9:
        raise BadValue("too_large", {"digits": "9"})
    if decimals_of(factor) > FACTOR_DIGITS:
        raise BadValue("too_precise", {"digits": str(FACTOR_DIGITS)})


def decimals_of(value: Decimal) -> int:
    """How many digits stand after the point, without trailing zeros."""
    return len(canonical(value).partition(".")[2])


@dataclass(frozen=True, slots=True)
class MeterShare:
    """A meter within a period: what was counted by it, and whether its verification ran out there."""

    meter: MeterVersion
    counted: Decimal
    is_expired: bool

    def to_dict(self) -> dict[str, object]:
        return {
            **self.meter.to_dict(), "counted": canonical(self.counted),
            "is_expired": self.is_expired,
        }  # fmt: skip

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> "MeterShare":
        if not isinstance(data["is_expired"], bool):
            raise TypeError("is_expired is true or false")
        return cls(
            MeterVersion.from_dict(data), parse_decimal(data["counted"]), data["is_expired"]
        )  # fmt: skip


def in_order(versions: Iterable[MeterVersion]) -> list[MeterVersion]:
    """The versions by the instant they begin; one from the beginning comes first."""
    return sorted(versions, key=lambda item: (item.since is not None, item.since))


def moves_beyond(
    before: Sequence[MeterVersion], after: Sequence[MeterVersion], percent: Decimal
) -> bool:
    """Whether the factor of any time changes by more than a percentage of itself; an unknown one is 1."""
    instants = {item.since for item in (*before, *after)}
    return any(_differs(_factor(before, at), _factor(after, at), percent) for at in instants)


def _factor(versions: Iterable[MeterVersion], at: datetime | None) -> Decimal:
    found = None
    for item in in_order(versions):
        if item.since is None or (at is not None and item.since <= at):
            found = item.factor
    return Decimal(1) if found is None else found


def _differs(before: Decimal, after: Decimal, percent: Decimal) -> bool:
    moved = multiply(abs(subtract(after, before)), Decimal(100))
    return moved > multiply(percent, before)


@dataclass(slots=True)
class Weighing:
    """Weighs what a channel counted by the factors of its meters, and tells how much each counted.

    `versions` in order. Raises BadValue: no_factor where one is needed and none is known,
    too_precise where a product has more than twelve decimals.
    """

    versions: Sequence[MeterVersion]
    needs_factor: bool = False
    counts: dict[int, Decimal] = field(default_factory=dict)

    def weigh(self, place: int, amount: Decimal) -> Decimal:
        """An amount that the version at a place counted (-1: before the first)."""
        if not amount:
            return amount
        self.counts[place] = add(self.counts.get(place, Decimal(0)), amount)
        factor = self.versions[place].factor if place >= 0 else None
        if factor is None:
            if self.needs_factor:
                raise BadValue("no_factor")
            return amount
        product = multiply(amount, factor)
        if decimals_of(product) > FRACTION_DIGITS:
            raise BadValue("too_precise", {"digits": str(FRACTION_DIGITS)})
        return product

    def from_instant(self, instant: datetime) -> int:
        """The place of the version that counts what begins at an instant."""
        return self._place(lambda since: since <= instant)

    def by_reading(self, instant: datetime) -> int:
        """The place of the version that counts the step to a reading: a level ends what was before."""
        return self._place(lambda since: since < instant)

    def _place(self, holds: Callable[[datetime], bool]) -> int:
        found = -1
        for place, version in enumerate(self.versions):
            if version.since is None or holds(version.since):
                found = place
        return found

    def step(self, shares: Iterable[tuple[datetime, Decimal]]) -> Decimal:
        """What a counter's step comes to; its shares as `shares_of` gives them."""
        return add(*(self.weigh(self.by_reading(at), amount) for at, amount in shares))

    def shares(
        self, period: Period, zone: str, reach: Period | None = None
    ) -> tuple[MeterShare, ...]:
        """The meters of a period in order, and what each counted of what was weighed.

        With a `reach` those too that readings around the period were counted by.
        """
        ends = [*(item.since for item in self.versions), None][1:]
        found = []
        for place, (version, end) in enumerate(zip(self.versions, ends, strict=True)):
            start, until = _met(version.since, end, period)
            counted = self.counts.get(place, Decimal(0))
            seen = reach is not None and operator.lt(*_met(version.since, end, reach))
            if start < until or counted or seen:
                expired = start < until and _is_expired(version, until, zone)
                found.append(MeterShare(version, counted, expired))
        return tuple(found)


def _met(since: datetime | None, end: datetime | None, period: Period) -> tuple[datetime, datetime]:
    start = period.start if since is None else max(since, period.start)
    return start, period.end if end is None else min(end, period.end)


def _is_expired(version: MeterVersion, until: datetime, zone: str) -> bool:
    last_day = local_date(until - _JUST_BEFORE, zone)
    return version.verified_until is not None and last_day > version.verified_until


def shares_of(
    before: Reading, reading: Reading, jump: Discontinuity | None, exchanges: Iterable[Declaration]
) -> list[tuple[datetime, Decimal]]:
    """A step's amount as (instant of the meter that counted it, amount), in order.

    One share for each declared exchange within it: up to the old meter's closing value.
    """
    whole = subtract(reading.value, before.value)
    if jump is None:
        return [(reading.measured_at, whole)]
    whole = add(whole, jump.amount)
    found: list[tuple[datetime, Decimal]] = []
    current = before.value
    within = (
        item for item in exchanges
        if jump.kind in _EXCHANGED and before.measured_at < item.measured_at <= reading.measured_at
    )  # fmt: skip
    for item in sorted(within, key=lambda item: item.measured_at):
        if item.closing is not None and item.kind == "exchange":
            found.append((item.measured_at, subtract(item.closing, current)))
        if item.kind in ("exchange", "reset"):
            current = item.opening or Decimal(0)
    rest = subtract(whole, add(*(amount for _at, amount in found)))
    return [*found, (reading.measured_at, rest)]
