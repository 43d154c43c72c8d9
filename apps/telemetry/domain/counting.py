"""What a contract counts of a counter or of amounts: under which conditions, and what fills gaps.

A step of a counter is spread evenly over the time since the reading before it; the part of that time
in which every condition holds counts. An amount stands at its own instant. A step or an amount belongs
to one period, so that adjoining periods add up. Where the contract has gaps estimated, a counter's value
at the edge of a period within a gap, and the amounts missing in a gap, follow from the readings around it
alone, whatever the period.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from apps.common.quantity import (
    BadValue,
    add,
    bounded,
    canonical,
    divide,
    multiply,
    parse_decimal,
)
from apps.telemetry.domain.belief import Declaration, Discontinuity, Reading
from apps.telemetry.domain.conditions import CountCondition, Verdict
from apps.telemetry.domain.measures import LAST_WEEK, STRAIGHT_LINE
from apps.telemetry.domain.meters import MeterVersion, Weighing
from apps.telemetry.domain.series import MICROSECOND

COUNT_ESTIMATES = (LAST_WEEK, STRAIGHT_LINE)
MOST_CONDITIONS = 3
SEVEN_DAYS = timedelta(days=7)
LONGEST_SILENCE = 7 * 86_400
SHORTEST_SILENCE = 60
_NIL = Decimal(0)


@dataclass(frozen=True, slots=True)
class CountRules:
    """What a contract item says about counting, as a contract freezes it.

    All `conditions` must hold. `estimate`: the rule that fills silences longer than `silence` seconds,
    of amounts the interval in which they come; empty: nothing does. `opening`: what a counter showed when the item began, where another system
    billed it before.
    """

    conditions: tuple[CountCondition, ...] = ()
    estimate: str = ""
    silence: int = 0
    opening: Decimal | None = None

    def __post_init__(self) -> None:
        """Raises BadValue: bad_estimate, bad_silence, needless_silence, too_many_conditions,
        negative_opening."""
        if self.estimate not in ("", *COUNT_ESTIMATES):
            raise BadValue("bad_estimate")
        if self.estimate and not SHORTEST_SILENCE <= self.silence <= LONGEST_SILENCE:
            raise BadValue("bad_silence", {"days": "7"})
        if not self.estimate and self.silence:
            raise BadValue("needless_silence")
        if len(self.conditions) > MOST_CONDITIONS:
            raise BadValue("too_many_conditions", {"most": str(MOST_CONDITIONS)})
        if self.opening is not None and self.opening < 0:
            raise BadValue("negative_opening")

    def __bool__(self) -> bool:
        return bool(self.conditions or self.estimate) or self.opening is not None

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels of its conditions."""
        return tuple(item.channel for item in self.conditions)

    @property
    def longest_silence(self) -> timedelta:
        return timedelta(seconds=self.silence)

    def to_dict(self) -> dict[str, object]:
        """JSON-ready: decimals as text, the silence in seconds."""
        return {
            "conditions": [item.to_dict() for item in self.conditions],
            "estimate": self.estimate, "silence": self.silence,
            "opening": None if self.opening is None else canonical(self.opening),
        }  # fmt: skip

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> "CountRules":
        """Raises KeyError, TypeError or ValueError (BadValue) for another form."""
        rows, silence, opening = data["conditions"], data["silence"], data["opening"]
        if not isinstance(rows, (list, tuple)) or type(silence) is not int:
            raise TypeError("rules of counting have a list of conditions and whole seconds")
        return cls(
            tuple(map(CountCondition.from_dict, rows)), str(data["estimate"]), silence,
            None if opening is None else parse_decimal(opening),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Estimated:
    """What was estimated for a silence, as far as it lies in the period, before conditions."""

    start: datetime
    end: datetime
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class CountedUsage:
    """How much a period has, in what the channel's meters say one count stands for.

    `gross`: whatever the conditions; `unknown`: what of it fell into times in which a condition was
    not known and none failed: it does not count. `steps`: by the instant they stand at, sum to
    `quantity`. `opening` and `closing` (counters alone, as they are read) are those the gross rests on,
    at the period's edges where they were estimated or agreed. `awaits`: gaps are estimated, and no
    reading after the period is known yet. `counts`: what each version of the meter counted.
    """

    quantity: Decimal
    gross: Decimal
    unknown: Decimal
    steps: tuple[tuple[datetime, Decimal], ...]
    opening: Reading | None = None
    closing: Reading | None = None
    jumps: tuple[Discontinuity, ...] = ()
    estimates: tuple[Estimated, ...] = ()
    awaits: bool = False
    last_at: datetime | None = None
    counts: Mapping[int, Decimal] = field(default_factory=dict)


ConditionReadings = Sequence[Iterable[Reading]]


@dataclass(frozen=True, slots=True)
class Meters:
    """The versions of a channel's meter in order, and the exchanges declared of them."""

    versions: Sequence[MeterVersion] = ()
    needs_factor: bool = False
    declarations: Sequence[Declaration] = ()

    def weighing(self) -> Weighing:
        return Weighing(self.versions, self.needs_factor)

    @property
    def exchanges(self) -> list[Declaration]:
        return [item for item in self.declarations if item.kind in ("exchange", "reset")]


UNWEIGHED = Meters()


def share(amount: Decimal, part: int, whole: int) -> Decimal:
    """part ÷ whole of an amount, to 12 decimals half up; all of it exactly."""
    if part == whole:
        return amount
    return bounded(divide(multiply(amount, Decimal(part)), Decimal(whole))) if part else _NIL


# When it ends, its amount, when it begins.
CountStep = tuple[datetime, Decimal, datetime]


def judged_steps(
    steps: Sequence[CountStep], held: Iterable[Verdict] | None, opened: datetime
) -> CountedUsage:
    """What of each step counts; `held` None: all of it. An instant's own step has no length."""
    gross = add(*(amount for _, amount, _ in steps))
    if held is None:
        kept = tuple((instant, amount) for instant, amount, _ in steps)
        return CountedUsage(gross, gross, _NIL, kept)
    stretches = [item for item in held if item.end is None or item.end > opened]
    counted, unknown, place = [], [], 0
    for instant, amount, before in steps:
        while place < len(stretches) - 1 and _ends_by(stretches[place], before):
            place += 1
        good, dark = _parts_of(stretches, place, before, instant)
        whole = max((instant - before) // MICROSECOND, 1)
        counted.append((instant, share(amount, good, whole)))
        unknown.append(share(amount, dark, whole))
    return CountedUsage(add(*(part for _, part in counted)), gross, add(*unknown), tuple(counted))


def _ends_by(item: Verdict, instant: datetime) -> bool:
    return item.end is not None and item.end <= instant


def _parts_of(
    stretches: Sequence[Verdict], place: int, since: datetime, until: datetime
) -> tuple[int, int]:
    """Microseconds of (since, until] in which all conditions hold, and in which that is not known.

    Of an instant without length 1 for whichever it lies in.
    """
    if since == until:
        until = since + MICROSECOND
    good = dark = 0
    for item in stretches[place:]:
        if item.start is not None and item.start >= until:
            break
        start = since if item.start is None else max(item.start, since)
        end = until if item.end is None else min(item.end, until)
        ticks = max((end - start) // MICROSECOND, 0)
        good += ticks if item.holds else 0
        dark += ticks if item.holds is None else 0
    return good, dark
