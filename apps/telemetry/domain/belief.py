"""What is believed of one channel: a pure function of stored readings and declarations.

The walk goes by `measured_at`, never by arrival. It finds where a counter jumps, so that

    usage in (a, b] = value(b) − value(a) + Σ amounts of the discontinuities in (a, b]

where value(t) is the last believed reading at or before t. Walking day by day with the carry
of the day before gives the same as walking all at once.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from apps.common.quantity import add, canonical, divide, multiply, subtract

LEVEL_KINDS = ("counter", "gauge", "state")
CHANNEL_KINDS = (*LEVEL_KINDS, "delta")
DECLARATION_KINDS = ("believe", "disbelieve", "reset", "exchange", "correction")
_HOUR = timedelta(hours=1)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, order=True)
class Reading:
    """One value of a channel at one instant, in the channel's unit."""

    measured_at: datetime
    value: Decimal


Carry = Reading
"""The last believed reading before a stretch."""


@dataclass(frozen=True, slots=True)
class Declaration:
    """What a device or a person says about a channel at an instant.

    `believe` and `disbelieve` name the reading measured at that instant (where both stand,
    disbelieve wins). The others hold for the first believed reading at or after it: `reset` and
    `exchange` explain its step, a `correction` adds its amount, which no rule of belief judges.
    """

    kind: str
    measured_at: datetime
    closing: Decimal | None = None
    opening: Decimal | None = None
    amount: Decimal | None = None

    def __post_init__(self) -> None:
        if self.kind not in DECLARATION_KINDS:
            raise ValueError(f"unknown declaration {self.kind!r}")
        if self.kind == "exchange" and (self.closing is None or self.opening is None):
            raise ValueError("an exchange has a closing and an opening value")
        if (self.kind == "correction") != (self.amount is not None):
            raise ValueError("a correction has an amount, nothing else has one")


@dataclass(frozen=True, slots=True)
class LevelRules:
    """How readings of a level are judged; values and rates in the channel's unit.

    `register_size` is the first value a counter cannot show (100000 for five digits).
    `minimum` and `maximum` hold for gauges and states.
    """

    kind: str
    register_size: Decimal | None = None
    restarts_from_zero: bool = False
    max_rate_per_hour: Decimal | None = None
    minimum: Decimal | None = None
    maximum: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Disbelief:
    """A reading that is stored and not believed, and why."""

    reading: Reading
    reason: str
    params: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Discontinuity:
    """An amount that belongs to the step to the reading at `measured_at`; one per reading.

    `kind`: rollover, restart, reset, exchange, released, correction, or several.
    """

    measured_at: datetime
    amount: Decimal
    kind: str


@dataclass(frozen=True, slots=True)
class Stretch:
    """The outcome of a walk; `carry` is where the next stretch goes on."""

    believed: tuple[Reading, ...]
    disbelieved: tuple[Disbelief, ...]
    discontinuities: tuple[Discontinuity, ...]
    carry: Carry | None


@dataclass(frozen=True, slots=True)
class _Step:
    """A reading judged against the one before: why not, or what its jump amounts to."""

    reason: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    jumps: tuple[tuple[Decimal, str], ...] = ()


_BELIEVED = _Step()


def walk(
    readings: Iterable[Reading],
    declarations: Sequence[Declaration],
    rules: LevelRules,
    carry: Carry | None = None,
) -> Stretch:
    """Judge readings of one level, in any order, none of them at or before the carry.

    `declarations` holds at least those after the carry's instant; older ones play no part.
    """
    marks = _marks(declarations)
    events = _declared_in_order(declarations, "reset", "exchange")
    corrections = _declared_in_order(declarations, "correction")
    believed: list[Reading] = []
    disbelieved: list[Disbelief] = []
    discontinuities: list[Discontinuity] = []
    for reading in sorted(readings):
        judged = _judge(carry, reading, marks.get(reading.measured_at, ""), events, rules)
        if judged.reason:
            disbelieved.append(Disbelief(reading, judged.reason, judged.params))
            continue
        believed.append(reading)
        jumps = (*judged.jumps, *_correction_jumps(carry, reading, corrections, rules))
        if jumps:
            discontinuities.append(_discontinuity(reading, jumps))
        carry = reading
    return Stretch(tuple(believed), tuple(disbelieved), tuple(discontinuities), carry)


def _declared_in_order(declarations: Iterable[Declaration], *kinds: str) -> list[Declaration]:
    found = [item for item in declarations if item.kind in kinds]
    return sorted(found, key=lambda item: item.measured_at)


def _correction_jumps(
    before: Carry | None, reading: Reading, corrections: Sequence[Declaration], rules: LevelRules
) -> tuple[tuple[Decimal, str], ...]:
    """Amounts of the corrections in (before, reading]; the very first reading takes none."""
    if before is None or rules.kind != "counter" or not corrections:
        return ()
    return tuple(
        (item.amount, item.kind)
        for item in corrections
        if item.amount is not None and before.measured_at < item.measured_at <= reading.measured_at
    )


def _discontinuity(reading: Reading, jumps: Sequence[tuple[Decimal, str]]) -> Discontinuity:
    kind = jumps[0][1] if len(jumps) == 1 else "several"
    return Discontinuity(reading.measured_at, add(*(amount for amount, _ in jumps)), kind)


def _marks(declarations: Iterable[Declaration]) -> dict[datetime, str]:
    marks: dict[datetime, str] = {}
    for item in declarations:
        if item.kind == "disbelieve" or (item.kind == "believe" and item.measured_at not in marks):
            marks[item.measured_at] = item.kind
    return marks


def _judge(
    before: Carry | None,
    reading: Reading,
    mark: str,
    events: Sequence[Declaration],
    rules: LevelRules,
) -> _Step:
    if mark == "disbelieve":
        return _Step("declared_wrong")
    if rules.kind != "counter":
        judged = _judge_bounds(reading, rules)
        return _BELIEVED if mark == "believe" else judged
    return _judge_counter(before, reading, mark, events, rules)


def _judge_bounds(reading: Reading, rules: LevelRules) -> _Step:
    if rules.minimum is not None and reading.value < rules.minimum:
        return _Step("below_minimum", {"minimum": canonical(rules.minimum)})
    if rules.maximum is not None and reading.value > rules.maximum:
        return _Step("above_maximum", {"maximum": canonical(rules.maximum)})
    return _BELIEVED


def _judge_counter(
    before: Carry | None,
    reading: Reading,
    mark: str,
    events: Sequence[Declaration],
    rules: LevelRules,
) -> _Step:
    size = rules.register_size
    if size is not None and reading.value >= size and mark != "believe":
        return _Step("above_register", {"register_size": canonical(size)})
    if before is None:
        return _BELIEVED
    if reading.measured_at <= before.measured_at:
        raise ValueError("a stretch begins after its carry")
    jumps = _declared_jumps(before, reading, events) if events else ()
    if jumps is None:
        judged = _Step("exchange_does_not_fit", {"previous": canonical(before.value)})
    elif jumps:
        judged = _judged_usage(before, reading, rules, jumps)
    elif reading.value >= before.value:
        judged = _judged_usage(before, reading, rules, ())
    else:
        judged = _judge_fall(before, reading, rules)
    return _released(before, reading) if judged.reason and mark == "believe" else judged


def _declared_jumps(
    before: Carry, reading: Reading, events: Sequence[Declaration]
) -> tuple[tuple[Decimal, str], ...] | None:
    """Jumps of the resets and exchanges in (before, reading]; None: a closing value is lower."""
    jumps: list[tuple[Decimal, str]] = []
    current = before.value
    for event in events:
        if not before.measured_at < event.measured_at <= reading.measured_at:
            continue
        closing = current if event.closing is None else event.closing
        opening = event.opening or Decimal(0)
        if event.kind == "reset":
            closing, opening = current, Decimal(0)
        if closing < current:
            return None
        jumps.append((subtract(closing, opening), event.kind))
        current = opening
    return tuple(jumps)


def _judge_fall(before: Carry, reading: Reading, rules: LevelRules) -> _Step:
    size = rules.register_size
    if size is not None and _rolls_over(before, reading, size, rules.max_rate_per_hour):
        return _Step(jumps=((size, "rollover"),))
    if rules.restarts_from_zero:
        return _judged_usage(before, reading, rules, ((before.value, "restart"),))
    return _falling(before)


def _falling(before: Carry) -> _Step:
    return _Step("falling", {"previous": canonical(before.value)})


def _rolls_over(before: Carry, reading: Reading, size: Decimal, rate: Decimal | None) -> bool:
    if reading.value < 0:
        return False
    used = subtract(add(reading.value, size), before.value)
    # A value above the register that a person released has no way over its end.
    if used < 0:
        return False
    if rate is None:
        return multiply(used, Decimal(2)) <= size
    return not _too_fast(used, reading.measured_at - before.measured_at, rate)


def _judged_usage(
    before: Carry, reading: Reading, rules: LevelRules, jumps: tuple[tuple[Decimal, str], ...]
) -> _Step:
    used = add(subtract(reading.value, before.value), *(amount for amount, _ in jumps))
    if used < 0:
        return _falling(before)
    rate, taken = rules.max_rate_per_hour, reading.measured_at - before.measured_at
    if rate is not None and _too_fast(used, taken, rate):
        return _Step("too_fast", {"used": canonical(used), "most": _most(rate, taken)})
    return _Step(jumps=jumps) if jumps else _BELIEVED


def _released(before: Carry, reading: Reading) -> _Step:
    """A person believes what the rules do not: a rise is billed, a fall bills nothing."""
    fall = subtract(before.value, reading.value)
    return _Step(jumps=((fall, "released"),)) if fall > 0 else _BELIEVED


def _too_fast(used: Decimal, taken: timedelta, rate: Decimal) -> bool:
    hours = Decimal(_HOUR // _MICROSECOND)
    return multiply(used, hours) > multiply(rate, Decimal(taken // _MICROSECOND))


def _most(rate: Decimal, taken: timedelta) -> str:
    """What the rate allows in that time, to three decimals, for people."""
    most = divide(multiply(rate, Decimal(taken // _MICROSECOND)), Decimal(_HOUR // _MICROSECOND))
    return canonical(round(most, 3))


@dataclass(frozen=True, slots=True)
class DeltaReading:
    """An amount since the last message; `interval` where the source gives one."""

    key: str
    measured_at: datetime
    value: Decimal
    interval: timedelta | None = None


@dataclass(frozen=True, slots=True)
class DeltaRules:
    """The highest plausible rate, and the interval taken where a source gives none."""

    max_rate_per_hour: Decimal | None = None
    expected_interval: timedelta | None = None


@dataclass(frozen=True, slots=True)
class DeltaDisbelief:
    reading: DeltaReading
    reason: str
    params: Mapping[str, str]


def judge_deltas(
    readings: Iterable[DeltaReading], declared: Mapping[str, str], rules: DeltaRules
) -> tuple[tuple[DeltaReading, ...], tuple[DeltaDisbelief, ...]]:
    """Believed and disbelieved, each by time and key; each delta is judged on its own.

    `declared` maps a reading's key to 'believe' or 'disbelieve'.
    """
    believed: list[DeltaReading] = []
    disbelieved: list[DeltaDisbelief] = []
    for reading in sorted(readings, key=lambda item: (item.measured_at, item.key)):
        reason, params = _judge_delta(reading, declared.get(reading.key, ""), rules)
        if reason:
            disbelieved.append(DeltaDisbelief(reading, reason, params))
        else:
            believed.append(reading)
    return tuple(believed), tuple(disbelieved)


def _judge_delta(reading: DeltaReading, mark: str, rules: DeltaRules) -> tuple[str, dict[str, str]]:
    if mark == "disbelieve":
        return "declared_wrong", {}
    if mark == "believe":
        return "", {}
    if reading.value < 0:
        return "negative_amount", {}
    rate, interval = rules.max_rate_per_hour, reading.interval or rules.expected_interval
    if rate is not None and interval is not None and _too_fast(reading.value, interval, rate):
        return "too_fast", {"used": canonical(reading.value), "most": _most(rate, interval)}
    return "", {}
