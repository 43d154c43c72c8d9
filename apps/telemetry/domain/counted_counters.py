"""What counts of a counter's step, and what it shows at a period's edge within a gap.

The steps from mark to mark sum to the usage: readings in the period, and the counter at its edges.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from itertools import accumulate, pairwise
from typing import NamedTuple

from apps.common.period import Period
from apps.common.quantity import EXACT, add, subtract
from apps.telemetry.domain.belief import Discontinuity, Reading
from apps.telemetry.domain.conditions import verdicts
from apps.telemetry.domain.counting import (
    SEVEN_DAYS,
    UNWEIGHED,
    ConditionReadings,
    CountedUsage,
    CountRules,
    Estimated,
    Meters,
    judged_steps,
    share,
)
from apps.telemetry.domain.measures import LAST_WEEK
from apps.telemetry.domain.meters import shares_of
from apps.telemetry.domain.series import MICROSECOND

_NOTHING = Decimal(0)


def counted_counter(
    known: Sequence[Reading], jumps: Iterable[Discontinuity], rules: CountRules, period: Period,
    states: ConditionReadings = (), *, is_first: bool = False, meters: Meters = UNWEIGHED,
) -> CountedUsage:  # fmt: skip
    """Of a counter from its believed readings in order and where it jumped.

    `known`: from the last reading at or before the start, or what the week before needs, to the first
    one after the end. `states`: the readings of each condition's channel. `is_first`: the item begins
    with the period, so that its opening value counts. Raises BadValue as `Weighing`.
    """
    if is_first and rules.opening is not None:
        later = [item for item in known if item.measured_at > period.start]
        known = [Reading(period.start, rules.opening), *later]
    track = _Track(known, jumps, rules, meters)
    marks = _counter_marks(track, period)
    opened = marks[0].instant if marks else period.start
    steps = [
        (later.instant, subtract(later.weighed, before.weighed), before.instant)
        for before, later in pairwise(marks)
    ]
    return replace(
        judged_steps(steps, verdicts(rules.conditions, states), opened),
        opening=marks[0].reading if marks else None, closing=marks[-1].reading if marks else None,
        jumps=tuple(item for item in track.jumps if opened < item.measured_at <= period.end),
        estimates=tuple(item for item in _estimates(track, marks, period) if item.quantity),
        awaits=bool(rules.estimate) and track.after(period.end) is None,
        last_at=track.last_before(period.end), counts=_counts(track, marks),
    )  # fmt: skip


class _Mark(NamedTuple):
    """A counter at an instant: what it shows, and how far it has run since the first reading, as it
    is counted and as it is weighed. `place`: of its reading; None where it is estimated."""

    instant: datetime
    value: Decimal
    counted: Decimal
    weighed: Decimal
    place: int | None

    @property
    def reading(self) -> Reading:
        return Reading(self.instant, self.value)


def _counter_marks(track: "_Track", period: Period) -> list[_Mark]:
    """The counter at the period's edges and at each reading in it, in order."""
    first = bisect_right(track.instants, period.start)
    last = bisect_right(track.instants, period.end)
    inner = [track.mark(place) for place in range(first, last)]
    start = track.estimated(period.start) or (track.mark(first - 1) if first else None)
    end = track.estimated(period.end)
    return [item for item in (start, *inner, end) if item is not None]


@dataclass(slots=True, init=False)
class _Track:
    """A counter's readings with what each step comes to, counted and weighed."""

    readings: Sequence[Reading]
    instants: list[datetime]
    jumps: tuple[Discontinuity, ...]
    shares: list[list[tuple[datetime, Decimal]]]
    counted: list[Decimal]
    weighed: list[Decimal]
    rules: CountRules
    meters: Meters

    def __init__(
        self, readings: Sequence[Reading], jumps: Iterable[Discontinuity], rules: CountRules,
        meters: Meters,
    ) -> None:  # fmt: skip
        self.readings, self.rules, self.meters = readings, rules, meters
        self.instants = [item.measured_at for item in readings]
        self.jumps = tuple(
            item for item in jumps if readings and item.measured_at > readings[0].measured_at
        )
        at, exchanges = {item.measured_at: item for item in self.jumps}, meters.exchanges
        self.shares = [
            shares_of(before, later, at.get(later.measured_at), exchanges)
            for before, later in pairwise(readings)
        ]
        steps = [add(*(amount for _, amount in parts)) for parts in self.shares]
        weighing = meters.weighing()
        weights = [weighing.step(parts) for parts in self.shares]
        self.counted = list(accumulate(steps, EXACT.add, initial=_NOTHING))
        self.weighed = list(accumulate(weights, EXACT.add, initial=_NOTHING))

    def mark(self, place: int) -> _Mark:
        item = self.readings[place]
        return _Mark(item.measured_at, item.value, self.counted[place], self.weighed[place], place)

    def after(self, instant: datetime) -> Reading | None:
        place = bisect_right(self.instants, instant)
        return self.readings[place] if place < len(self.readings) else None

    def last_before(self, instant: datetime) -> datetime | None:
        place = bisect_right(self.instants, instant)
        return self.instants[place - 1] if place else None

    def estimated(self, instant: datetime) -> _Mark | None:
        """The counter at an instant within a gap that is estimated; None anywhere else."""
        place, after = bisect_right(self.instants, instant) - 1, self.after(instant)
        if not self.rules.estimate or place < 0 or self.instants[place] == instant:
            return None
        until = instant if after is None else after.measured_at
        if until - self.instants[place] <= self.rules.longest_silence:
            return None
        counted, weighed = (
            self._run_on(sums, place, instant) for sums in (self.counted, self.weighed)
        )
        shown = add(self.readings[place].value, subtract(counted, self.counted[place]))
        return _Mark(instant, shown, counted, weighed, None)

    def _run_on(self, sums: Sequence[Decimal], place: int, instant: datetime) -> Decimal:
        """A running sum at an instant in the gap after a reading, never beyond the gap's step."""
        step = None if place + 1 == len(sums) else subtract(sums[place + 1], sums[place])
        since = self.instants[place]
        if self.rules.estimate == LAST_WEEK:
            guess = subtract(
                self._sum_at(sums, instant - SEVEN_DAYS), self._sum_at(sums, since - SEVEN_DAYS)
            )
        elif step is None:
            return sums[place]
        else:
            whole = self.instants[place + 1] - since
            guess = share(step, (instant - since) // MICROSECOND, whole // MICROSECOND)
        part = max(guess if step is None else min(guess, step), _NOTHING)
        return add(sums[place], part)

    def _sum_at(self, sums: Sequence[Decimal], instant: datetime) -> Decimal:
        """A running sum as the last reading by an instant has it."""
        return sums[max(bisect_right(self.instants, instant) - 1, 0)]


def _counts(track: _Track, marks: Sequence[_Mark]) -> Mapping[int, Decimal]:
    """What each version of the meter counted between the marks; a part of a step where it ends."""
    weighing = track.meters.weighing()
    if not weighing.versions:
        return {}
    for before, later in pairwise(marks):
        if before.place is not None and later.place is not None:
            weighing.step(track.shares[before.place])
            continue
        place = weighing.by_reading(later.instant)
        part = subtract(later.counted, before.counted)
        weighing.counts[place] = add(weighing.counts.get(place, _NOTHING), part)
    return weighing.counts


def _estimates(track: _Track, marks: Sequence[_Mark], period: Period) -> Iterable[Estimated]:
    """The estimated pieces at the period's edges, one where a single gap holds the whole period."""
    for before, later in pairwise(marks):
        if before.place is None or later.place is None:
            yield Estimated(
                max(before.instant, period.start), later.instant,
                subtract(later.weighed, before.weighed),
            )  # fmt: skip
