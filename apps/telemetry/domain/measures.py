"""What a contract bills of a gauge or a state, and how much of it a period [start, end) has.

Everything is found in one pass over the readings in order, so that a channel of a reading a second
needs no more memory than one of a reading an hour. Pass the last reading before the start first,
where there is one: its value is carried in. A reading at exactly the start belongs to the period,
one at exactly the end to the next; pass the first of the next too, where gaps are filled by it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from itertools import pairwise

from apps.common.period import Period, local_days, midnight
from apps.common.quantity import (
    BadValue,
    add,
    bounded,
    canonical,
    divide,
    multiply,
    parse_decimal,
    subtract,
)
from apps.telemetry.domain.belief import Reading
from apps.telemetry.domain.bridges import stretch_in_line
from apps.telemetry.domain.series import MICROSECOND, Held, held_value

GAUGE_AGGREGATES = ("last", "maximum", "minimum", "mean", "time_above", "time_below")
STATE_AGGREGATES = ("time_in", "entries")
TIMES = ("time_above", "time_below", "time_in")
WITH_VALUE = (*TIMES, "entries")
HOURS = "h"
LONGEST_HOLD = 366 * 86_400
LAST_WEEK = "last_week"
STRAIGHT_LINE = "straight_line"
ESTIMATES = (LAST_WEEK, STRAIGHT_LINE)
_WEEK = timedelta(days=7)
_TICKS_AN_HOUR = Decimal(3_600_000_000)
_TICKS_OF_A_SECOND = Decimal(1_000_000)
_WHOLE_STEPS = Context(prec=60, rounding=ROUND_HALF_UP)
_ONE = Decimal(1)
_NONE = Decimal(0)


@dataclass(frozen=True, slots=True)
class LevelMeasure:
    """An aggregate of a channel whose readings are in `unit`, as a contract freezes it.

    `value`: the threshold or the state. `hold`: for at most so many seconds a reading counts. `step`:
    the quantity is rounded half up to a multiple of it; None: to 12 decimals. `estimate`: the rule by
    which a time's gaps are filled; empty: they are not.
    """

    aggregate: str
    unit: str
    hold: int
    value: Decimal | None = None
    step: Decimal | None = None
    estimate: str = ""

    def __post_init__(self) -> None:
        """Raises BadValue: bad_aggregate, missing_value, needless_value, bad_hold, bad_step,
        bad_estimate, needless_estimate."""
        if self.aggregate not in GAUGE_AGGREGATES + STATE_AGGREGATES:
            raise BadValue("bad_aggregate", {"aggregate": self.aggregate[:32]})
        if (self.value is None) == (self.aggregate in WITH_VALUE):
            raise BadValue("missing_value" if self.value is None else "needless_value")
        if not 0 < self.hold <= LONGEST_HOLD:
            raise BadValue("bad_hold", {"days": "366"})
        if self.step is not None and self.step <= 0:
            raise BadValue("bad_step")
        if self.estimate not in ("", *ESTIMATES):
            raise BadValue("bad_estimate")
        if self.estimate and self.aggregate not in TIMES:
            raise BadValue("needless_estimate")

    @property
    def kind(self) -> str:
        """The kind of channel it can be taken of."""
        return "state" if self.aggregate in STATE_AGGREGATES else "gauge"

    @property
    def longest_hold(self) -> timedelta:
        return timedelta(seconds=self.hold)

    def reach(self, period: Period) -> Period:
        """From when on readings play a part: the week before too, where gaps are filled from it."""
        return Period(period.start - _WEEK, period.end) if self.estimate == LAST_WEEK else period

    def to_dict(self) -> dict[str, object]:
        """JSON-ready: decimals as text, the hold in seconds."""
        return {
            "aggregate": self.aggregate, "unit": self.unit, "hold": self.hold,
            "value": None if self.value is None else canonical(self.value),
            "step": None if self.step is None else canonical(self.step),
            **({"estimate": self.estimate} if self.estimate else {}),
        }  # fmt: skip

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> "LevelMeasure":
        """Raises KeyError, TypeError or ValueError (BadValue) for another form."""
        hold, value, step = data["hold"], data["value"], data["step"]
        if type(hold) is not int:
            raise TypeError("a hold is a whole number of seconds")
        return cls(
            str(data["aggregate"]), str(data["unit"]), hold,
            None if value is None else parse_decimal(value),
            None if step is None else parse_decimal(step), str(data.get("estimate", "")),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class MeasuredUsage:
    """How much of a measure a period has.

    `quantity` is None where a value is wanted and nothing is known. `exact` is what was rounded:
    seconds of a time, else the quantity. `known` are the seconds in which a value held; `at`: when
    the reading was taken whose value the quantity is. `daily` are the steps of the running quantity
    by local day and sum to it; `by_day` is each day's own aggregate where something is known of it.
    `silences`: where nothing held. `opening`: the value carried in; `closing`: the last reading, `first`
    the first one, which lies a week earlier where gaps are filled from there. `estimates`: of each
    silence that was filled, the seconds counted for it; they are part of quantity and `exact`. `awaits`:
    the reading after the end is wanted, and not known yet.
    """

    quantity: Decimal | None
    exact: Decimal
    known: Decimal
    at: datetime | None
    daily: tuple[tuple[date, Decimal], ...]
    by_day: tuple[tuple[date, Decimal], ...]
    silences: tuple[tuple[datetime, datetime], ...]
    opening: Reading | None
    closing: Reading | None
    count: int
    first: Reading | None = None
    estimates: tuple[tuple[datetime, datetime, Decimal], ...] = ()
    awaits: bool = False


@dataclass(slots=True)
class _Tally:
    """What is known of a stretch of time; two of them in order make one."""

    known: int = 0
    counted: int = 0
    weighted: Decimal = _NONE
    chosen: Reading | None = None

    def merged(self, later: "_Tally", measure: LevelMeasure) -> "_Tally":
        return _Tally(
            self.known + later.known, self.counted + later.counted,
            add(self.weighted, later.weighted), _chosen(self.chosen, later.chosen, measure),
        )  # fmt: skip


def _chosen(before: Reading | None, later: Reading | None, measure: LevelMeasure) -> Reading | None:
    """The reading whose value counts; the earlier of two equal extremes."""
    if before is None or later is None:
        return later or before
    if measure.aggregate == "maximum":
        return later if later.value > before.value else before
    if measure.aggregate == "minimum":
        return later if later.value < before.value else before
    return later


def measured_usage(
    readings: Iterable[Reading], measure: LevelMeasure, period: Period, zone: str
) -> MeasuredUsage:
    """What the period has of the measure, from believed readings in order; see the module."""
    days = local_days(period, zone)
    ends = [*(midnight(day, zone) for day in days[1:]), period.end]
    fold = _Fold(measure, period, ends, [_Tally() for _ in days], period.start)
    for reading, following in _with_next(readings):
        fold.take(reading, following)
    fold.fall_silent_until(period.end)
    fold.fill()
    return _usage_of(fold, days)


def _with_next(readings: Iterable[Reading]) -> Iterator[tuple[Reading, Reading | None]]:
    before = None
    for reading in readings:
        if before is not None:
            yield before, reading
        before = reading
    if before is not None:
        yield before, None


@dataclass(slots=True)
class _Fold:
    """One pass over the readings of a period; `ends` are those of its local days."""

    measure: LevelMeasure
    period: Period
    ends: Sequence[datetime]
    tallies: Sequence[_Tally]
    silent_from: datetime
    place: int = 0
    count: int = 0
    opening: Reading | None = None
    closing: Reading | None = None
    first: Reading | None = None
    ended: bool = False
    counted: list[tuple[datetime, datetime]] = field(default_factory=list)
    filled: list[tuple[datetime, datetime, int]] = field(default_factory=list)
    silences: list[tuple[datetime, datetime]] = field(default_factory=list)

    def take(self, reading: Reading, following: Reading | None) -> None:
        self.count += 1
        if reading.measured_at >= self.period.end:
            self.ended = True
            return
        self.first = self.first or reading
        self._keep(reading, following)
        self._bridge(reading, following)
        if reading.measured_at < self.period.start:
            self.opening = reading
        elif self._is_entry(reading):
            self._go_to(reading.measured_at)
            self.tallies[self.place].counted += 1
        self.closing = reading
        held = held_value(reading, following, self.period, self.measure.longest_hold)
        if held is not None:
            self._hold(held, reading)

    def fall_silent_until(self, instant: datetime) -> None:
        if self.silent_from < instant:
            self.silences.append((self.silent_from, instant))

    def _is_entry(self, reading: Reading) -> bool:
        before, state = self.closing, self.measure.value
        if self.measure.aggregate != "entries" or before is None:
            return False
        return reading.measured_at in self.period and reading.value == state != before.value

    def _keep(self, reading: Reading, following: Reading | None) -> None:
        """Remember when it counted, for a gap a week later."""
        measure = self.measure
        if measure.estimate != LAST_WEEK or not _is_counted(reading.value, measure):
            return
        reach = measure.reach(self.period)
        held = held_value(reading, following, reach, measure.longest_hold)
        if held is not None:
            self.counted.append((held.start, held.end))

    def _bridge(self, reading: Reading, following: Reading | None) -> None:
        """Remember when the line over a gap would count."""
        measure = self.measure
        if measure.estimate != STRAIGHT_LINE or following is None:
            return
        silent = reading.measured_at + measure.longest_hold
        if silent < following.measured_at:
            good = _is_counted(reading.value, measure), _is_counted(following.value, measure)
            level = None if measure.aggregate == "time_in" else measure.value
            start, end = stretch_in_line(reading, following, good, level)
            self.counted.append((max(start, silent), end))

    def fill(self) -> None:
        """Count what the contract's rule says of each silence, day by day."""
        if not self.measure.estimate:
            return
        self.place = 0
        for start, end in self.silences:
            self.filled.append((start, end, self._fill(start, end)))

    def _fill(self, start: datetime, end: datetime) -> int:
        ticks = 0
        while start < end:
            self._go_to(start)
            until = min(end, self.ends[self.place])
            guess = self._guess(start, until)
            self.tallies[self.place].counted += guess
            ticks, start = ticks + guess, until
        return ticks

    def _guess(self, start: datetime, end: datetime) -> int:
        """Microseconds that count of a stretch of silence: as a week before, or by the line over it."""
        back = _WEEK if self.measure.estimate == LAST_WEEK else timedelta(0)
        since, until = start - back, end - back
        stretches = (min(until, b) - max(since, a) for a, b in self.counted)
        return sum(max(0, stretch // MICROSECOND) for stretch in stretches)

    def _go_to(self, instant: datetime) -> None:
        while instant >= self.ends[self.place]:
            self.place += 1

    def _hold(self, held: Held, reading: Reading) -> None:
        """Add what holds to the days it holds in."""
        self.fall_silent_until(held.start)
        self.silent_from, start = held.end, held.start
        while start < held.end:
            self._go_to(start)
            end = min(held.end, self.ends[self.place])
            self._tally((end - start) // MICROSECOND, reading)
            start = end

    def _tally(self, ticks: int, reading: Reading) -> None:
        tally, aggregate = self.tallies[self.place], self.measure.aggregate
        tally.known += ticks
        if aggregate in TIMES:
            tally.counted += ticks if _is_counted(reading.value, self.measure) else 0
        elif aggregate == "mean":
            tally.weighted = add(tally.weighted, multiply(reading.value, Decimal(ticks)))
        elif aggregate != "entries":
            tally.chosen = _chosen(tally.chosen, reading, self.measure)


def _is_counted(value: Decimal, measure: LevelMeasure) -> bool:
    wanted = measure.value
    assert wanted is not None
    if measure.aggregate == "time_above":
        return value > wanted
    return value < wanted if measure.aggregate == "time_below" else value == wanted


def _usage_of(fold: _Fold, days: Sequence[date]) -> MeasuredUsage:
    measure, tallies = fold.measure, fold.tallies
    whole, running = _Tally(), [_NONE]
    for tally in tallies:
        whole = whole.merged(tally, measure)
        running.append(_quantity(whole, measure) or _NONE)
    by_day = [(day, _quantity(tally, measure)) for day, tally in zip(days, tallies, strict=True)]
    return MeasuredUsage(
        quantity=_quantity(whole, measure), exact=_exact(whole, measure) or _NONE,
        known=bounded(divide(Decimal(whole.known), _TICKS_OF_A_SECOND)),
        at=whole.chosen.measured_at if whole.chosen else None,
        daily=tuple(
            (day, subtract(later, before))
            for day, (before, later) in zip(days, pairwise(running), strict=True)
        ),
        by_day=tuple((day, quantity) for day, quantity in by_day if quantity is not None),
        silences=tuple(fold.silences), opening=fold.opening, closing=fold.closing,
        count=fold.count, first=fold.first,
        estimates=tuple(
            (start, end, divide(Decimal(ticks), _TICKS_OF_A_SECOND))
            for start, end, ticks in fold.filled if ticks
        ),
        awaits=measure.estimate == STRAIGHT_LINE and not fold.ended,
    )  # fmt: skip


def _exact(tally: _Tally, measure: LevelMeasure) -> Decimal | None:
    """Before rounding: seconds, entries, or a value; None where a value is not known."""
    if measure.aggregate in TIMES:
        return divide(Decimal(tally.counted), _TICKS_OF_A_SECOND)
    if measure.aggregate == "entries":
        return Decimal(tally.counted)
    if measure.aggregate == "mean":
        return bounded(divide(tally.weighted, Decimal(tally.known))) if tally.known else None
    return None if tally.chosen is None else tally.chosen.value


def _quantity(tally: _Tally, measure: LevelMeasure) -> Decimal | None:
    if measure.aggregate in TIMES:
        hours = divide(Decimal(tally.counted), _TICKS_AN_HOUR)
        return rounded_to(hours, measure.step)
    if measure.aggregate == "entries":
        return Decimal(tally.counted)
    exact = _exact(tally, measure)
    return None if exact is None else rounded_to(exact, measure.step)


def rounded_to(value: Decimal, step: Decimal | None) -> Decimal:
    """The nearest multiple of the step, halves away from zero; without one to 12 decimals."""
    if step is None:
        return bounded(value)
    return bounded(multiply(divide(value, step).quantize(_ONE, context=_WHOLE_STEPS), step))


def unit_of_usage(measure: LevelMeasure, counted_in: str) -> str:
    """The unit the quantity stands in: hours, what entries are counted in, else the channel's."""
    if measure.aggregate in TIMES:
        return HOURS
    return counted_in if measure.aggregate == "entries" else measure.unit


def readings_span(period: Period, measure: LevelMeasure, until: datetime | None = None) -> Period:
    """What plays a part as levels are read: those in (start, end] and the last one before.

    A level is stored to belong to the time that ends at it; what is measured here begins at it. `until`:
    the first reading from the end on, where it plays a part.
    """
    reach = measure.reach(period)
    return Period(reach.start - MICROSECOND, until or reach.end - MICROSECOND)
