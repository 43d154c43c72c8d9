"""The meter of record: which of an item's sources counts for which part of a period, and why.

What was used up to an instant t hangs only on the readings up to t:

    total(t) = what the item's own counter counted up to its last reading p at or before t
               + what the source that stands in counted since p

The own counter stands for itself while it is not silent for longer than agreed. When it comes back,
its own figure holds again and puts right what stood in for it. Usage of a period is the difference of
two totals, so adjoining periods add up whichever source counted.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from apps.common.canonical import digest
from apps.common.period import Period, local_days, midnight
from apps.common.quantity import add, bounded, divide, multiply, subtract
from apps.metering.domain.components import HostReadings, Track, counter_track, delta_track
from apps.metering.domain.figures import Day, HostFigures, UsageFigures
from apps.metering.domain.record_parts import OF_RECORD, OtherSource, RecordParts, StandingPart
from apps.metering.domain.told_apart import NO_WINDOWS, Calendars, windows_of_parts
from apps.pricing.changes import cuts_of
from apps.telemetry.domain.belief import Reading, walk
from apps.telemetry.domain.sources import DECLARED, DEVICE, MeterTerms

_AN_INSTANT = timedelta(microseconds=1)
_NO_USAGE = Decimal(0)
_HUNDRED_OF = Decimal(100)


def window_of(own: UsageFigures, period: Period, origin: datetime) -> Period:
    """What the other sources are read of: from the own counter's last reading before the period on,
    where it was never read from `origin`, the item's first instant."""
    opening = own.opening
    if opening is None or opening.measured_at > period.start:
        return Period(origin, period.end)
    return Period(opening.measured_at, period.end)


@dataclass(slots=True)
class _Counted:
    """A source's readings as running sums: own counter, another channel, or what was declared."""

    name: str
    track: Track | None

    @property
    def instants(self) -> tuple[datetime, ...]:
        return () if self.track is None else self.track.instants

    @property
    def is_delta(self) -> bool:
        return self.track is not None and self.track.is_delta

    def _place(self, instant: datetime) -> int:
        """The place of the last reading at or before an instant, of the last amount before it."""
        return (bisect_left if self.is_delta else bisect_right)(self.instants, instant) - 1

    def last(self, instant: datetime) -> datetime | None:
        """When it last spoke by an instant."""
        place = self._place(instant)
        return self.instants[place] if place >= 0 else None

    def heard_from(self, instant: datetime) -> datetime:
        """The last instant at which a reading of this one is not known yet."""
        return instant if self.is_delta else instant - _AN_INSTANT

    def up_to(self, instant: datetime) -> Decimal:
        """What it counted from its first reading to its last one by an instant."""
        place = self._place(instant)
        return self.track.sums[place] if self.track is not None and place >= 0 else _NO_USAGE

    def since(self, anchor: datetime | None, instant: datetime) -> Decimal:
        """What it counted from an anchor to its last reading by an instant; of two readings around
        the anchor in proportion to time."""
        if self.track is None or not self.instants:
            return _NO_USAGE
        if anchor is None or anchor <= self.instants[0]:
            return self.up_to(instant)
        last = self.last(instant)
        if last is None or last < anchor:
            return _NO_USAGE
        return subtract(self.up_to(instant), self.track.used(anchor))


@dataclass(slots=True)
class SourcesOfRecord:
    """An item's sources in the agreed order, the own counter first, over one period."""

    terms: MeterTerms
    sources: Sequence[HostReadings]
    period: Period
    origin: datetime
    own: _Counted = field(init=False)
    others: list[_Counted] = field(init=False)
    _declared: dict[datetime | None, _Counted] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        window = window_of(self.sources[0].figures, self.period, self.origin)
        tracks = [_track_of(source, window) for source in self.sources]
        named = zip(self.terms.sources, tracks, strict=True)
        self.own, *self.others = [_Counted(name, track) for name, track in named]

    def anchor(self, instant: datetime) -> datetime | None:
        return self.own.last(instant)

    def standing(self, instant: datetime, *, own: bool = True) -> str:
        """The source that counts up to an instant; without the own one, of the others."""
        anchor = self.anchor(instant) if own else None
        for source in [self.own, *self.others] if own else self.others:
            if self._speaks(source, anchor, instant):
                return source.name
        spoken = [
            (last, source.name) for source in [self.own, *self.others]
            if source.name != DECLARED and (own or source is not self.own)
            and (last := source.last(instant)) is not None
        ]  # fmt: skip
        latest = max((last for last, _ in spoken), default=None)
        return next((name for last, name in spoken if last == latest), self.own.name)

    def _speaks(self, source: _Counted, anchor: datetime | None, instant: datetime) -> bool:
        if source.name == DECLARED:
            last = self._said(anchor).last(instant)
            return last is not None and (anchor is None or last > anchor)
        last = source.last(instant)
        return last is not None and instant - last <= timedelta(hours=self.terms.silent_after)

    def total(self, instant: datetime) -> Decimal:
        """What was used up to an instant, from a point that is the same for all of the period."""
        name, anchor = self.standing(instant), self.anchor(instant)
        found = self.own.up_to(instant)
        if anchor is not None and self._opened_within:
            first = self.own.instants[0]
            found = add(found, self._since(self.standing(first, own=False), None, first))
        return found if name == DEVICE else add(found, self._since(name, anchor, instant))

    @property
    def _opened_within(self) -> bool:
        """Whether the own counter's very first reading lies in the period: before it others counted."""
        return bool(self.own.instants) and self.own.instants[0] > self.period.start

    def _since(self, name: str, anchor: datetime | None, instant: datetime) -> Decimal:
        if name == DECLARED:
            said = self._said(anchor)
            return said.up_to(instant)
        source = next((item for item in self.others if item.name == name), None)
        return _NO_USAGE if source is None else source.since(anchor, instant)

    def _said(self, anchor: datetime | None) -> _Counted:
        """What was declared after the own counter's reading, as readings of that same counter."""
        if anchor not in self._declared:
            self._declared[anchor] = _Counted(DECLARED, self._declared_track(anchor))
        return self._declared[anchor]

    def _declared_track(self, anchor: datetime | None) -> Track | None:
        place = self.terms.sources.index(DECLARED) if DECLARED in self.terms.sources else 0
        said, own = self.sources[place], self.sources[0]
        readings = [item for item in said.readings if anchor is None or item.measured_at > anchor]
        rules = own.figures.rules or said.figures.rules
        if not place or not readings or rules is None:
            return None
        carry = None if anchor is None else self._own_reading(anchor)
        stretch = walk(readings, own.figures.declarations, rules, carry)
        believed = [*([carry] if carry else []), *stretch.believed]
        return counter_track(
            believed, stretch.discontinuities, own.figures.meter_versions, own.figures.declarations
        )

    def _own_reading(self, instant: datetime) -> Reading:
        place = bisect_right(self.own.instants, instant) - 1
        return self.sources[0].readings[place]

    def switches(self) -> list[datetime]:
        """Instants up to which one source may count and another after them; the end is the last."""
        silence, found = timedelta(hours=self.terms.silent_after), {self.period.end}
        for source in (self.own, *self.others):
            instants = source.instants
            if source.name == DECLARED:
                found |= {at - _AN_INSTANT for at in instants}
                continue
            if instants:
                found |= {source.heard_from(instants[0]), instants[-1] + silence}
            for before, after in pairwise(instants):
                if after - before > silence:
                    found |= {before + silence, source.heard_from(after)}
        return sorted(at for at in found if self.period.start < at <= self.period.end)

    def parts(self) -> list[StandingPart]:
        """Who counted from when to when; they tile the period and sum to its quantity."""
        found: list[StandingPart] = []
        start, before = self.period.start, self.total(self.period.start)
        for end in self.switches():
            total, name = self.total(end), self.standing(end)
            part = StandingPart(name, start, end, subtract(total, before), self._silent(name, end))
            if found and found[-1].source == name:
                part = found.pop().joined(part)
            found.append(part)
            start, before = end, total
        return found

    def _silent(self, name: str, end: datetime) -> datetime | None:
        return None if name == DEVICE else self.anchor(end)

    def beside(self, quantity: Decimal) -> list[OtherSource]:
        """What the other sources say of the whole period, and whether they deviate too far."""
        return [self._compared(source, quantity) for source in self.others]

    def _compared(self, source: _Counted, quantity: Decimal) -> OtherSource:
        last = source.last(self.period.end)
        if last is None or last <= self.period.start:
            return OtherSource(source.name, None, False)
        own = subtract(source.up_to(self.period.end), source.up_to(self.period.start))
        limit = self.terms.deviation
        apart = multiply(abs(subtract(own, quantity)), _HUNDRED_OF)
        beyond = limit is not None and apart > multiply(limit, abs(quantity))
        return OtherSource(source.name, own, beyond)


def deviation_of(other: Decimal, quantity: Decimal) -> Decimal | None:
    """In percent, to two decimals; None of nothing."""
    if not quantity:
        return None
    apart = multiply(subtract(other, quantity), _HUNDRED_OF)
    return bounded(divide(apart, abs(quantity)).quantize(Decimal("0.01"), "ROUND_HALF_UP"))


def _track_of(source: HostReadings, window: Period) -> Track | None:
    figures = source.figures
    if figures.method == "delta":
        return delta_track(source.readings, window, figures.meter_versions)
    return counter_track(
        source.readings, figures.corrections, figures.meter_versions, figures.declarations
    )


def of_record_figures(
    terms: MeterTerms, origin: datetime, sources: Sequence[HostReadings], unit: str, period: Period,
    zone: str, calendars: Calendars = NO_WINDOWS,
) -> UsageFigures:  # fmt: skip
    """The record of an item with fall-backs from its sources' own figures and readings, in order.

    The own counter's are of the period, the others' of its `window_of`. The digest is that of the
    list of the sources' digests.
    """
    record = SourcesOfRecord(terms, sources, period, origin)
    days = local_days(period, zone)
    midnights = [midnight(day, zone) for day in days[1:]]
    cuts = sorted({*midnights, *cuts_of(calendars.values(), period, zone)})
    starts, ends = [period.start, *cuts], [*cuts, period.end]
    totals = [record.total(at) for at in (period.start, *ends)]
    pieces = [
        (start, subtract(after, before))
        for start, (before, after) in zip(starts, pairwise(totals), strict=True)
    ]
    quantity = subtract(totals[-1], totals[0])
    return UsageFigures(
        quantity=quantity, unit=unit, method=OF_RECORD, opening=None, closing=None, corrections=(),
        reading_count=sum(len(item.readings) for item in sources),
        gaps=sources[0].figures.gaps, daily=_days(days, midnights, pieces),
        readings_digest=digest([item.figures.readings_digest for item in sources]),
        sources=tuple(
            HostFigures(item.asset, item.label, item.channel, item.figures) for item in sources
        ),
        windows=windows_of_parts(calendars, pieces, zone),
        of_record=RecordParts(
            terms, origin, tuple(record.parts()), tuple(record.beside(quantity))
        ),
    )  # fmt: skip


def _days(
    days: Sequence[date], midnights: Sequence[datetime], pieces: Sequence[tuple[datetime, Decimal]]
) -> tuple[Day, ...]:
    totals = dict.fromkeys(days, _NO_USAGE)
    for start, amount in pieces:
        day = days[bisect_right(midnights, start)]
        totals[day] = add(totals[day], amount)
    return tuple(Day(day, amount) for day, amount in totals.items())
