"""Usage of a component: the host's usage over its stays, exact at every mounting.

Usage happens between readings. In a period a host's counter runs from its opening reading (the last
at or before the start) to its closing one (the last at or before the end), and each step between two
readings is dealt out, in proportion to time, among what was mounted while it happened. So the
windows of adjoining periods tile, parts and empty times sum to the host's usage whatever is mounted
when, and a later reading puts an interpolated edge right without anybody's doing.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from itertools import accumulate, pairwise

from apps.common.canonical import digest
from apps.common.period import Period, local_days, midnight
from apps.common.quantity import EXACT, add, bounded, divide, multiply, subtract
from apps.metering.domain.figures import Day, HostFigures, UsageFigures
from apps.metering.domain.parts import Condition, Edge, Part, Stay
from apps.metering.domain.told_apart import (
    NO_WINDOWS,
    Calendars,
    ChargeWindows,
    windows_of_parts,
)
from apps.metering.domain.usage import counter_steps, digest_of
from apps.pricing.changes import cuts_of
from apps.telemetry.domain.belief import Declaration, Discontinuity, Reading
from apps.telemetry.domain.meters import MeterVersion, Weighing

COMPONENT = "component"
STATES = "states"
# An interpolated counter value is finer than any counter shows: a millimetre of a kilometre.
_INTERPOLATED = Decimal("0.000001")
_SHARES = Context(prec=60, rounding=ROUND_HALF_UP)
_TICK = timedelta(microseconds=1)
_ONE_DAY = timedelta(days=1)
_ZERO = Decimal(0)
Between = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Track:
    """A host's channel in a window: instants in order, and the usage up to each.

    Of a counter `sums[n]` is the usage from the first reading to reading n; of amounts the sum of
    the amounts up to and with n.
    """

    instants: tuple[datetime, ...]
    sums: tuple[Decimal, ...]
    values: tuple[Decimal, ...]
    corrections: tuple[Discontinuity, ...]
    window: Between
    is_delta: bool = False
    # Of a counter whose meter has a factor: what it counted, where `sums` are what that stands for.
    counts: tuple[Decimal, ...] = ()

    def edge(self, instant: datetime) -> Edge:
        """The counter at an instant within the window: read, or interpolated between readings."""
        place = bisect_right(self.instants, instant) - 1
        if self.instants[place] == instant:
            return Edge(instant, self.values[place], False)
        sums = self.counts or self.sums
        since = subtract(self._within(sums, place, instant), sums[place])
        return Edge(instant, add(self.values[place], since), True)

    def used(self, instant: datetime) -> Decimal:
        """Usage from the window's start to an instant within it."""
        if self.is_delta:
            place = bisect_left(self.instants, instant)
            return self.sums[place - 1] if place else _ZERO
        place = bisect_right(self.instants, instant) - 1
        if self.instants[place] == instant:
            return self.sums[place]
        return self._within(self.sums, place, instant)

    def _within(self, sums: Sequence[Decimal], place: int, instant: datetime) -> Decimal:
        """A running sum at an instant of the step after a place, in proportion to time."""
        before, used, after = self.instants[place], sums[place], sums[place + 1]
        passed = Decimal((instant - before) // _TICK)
        whole = Decimal((self.instants[place + 1] - before) // _TICK)
        share = divide(multiply(subtract(after, used), passed), whole)
        fine = add(used, share.quantize(_INTERPOLATED, context=_SHARES))
        return min(max(used, fine), after)

    def stepped(self, instant: datetime) -> Decimal:
        """Usage of the steps that ended by an instant: a step belongs to its later reading's day."""
        place = (bisect_left if self.is_delta else bisect_right)(self.instants, instant)
        return self.sums[place - 1] if place else _ZERO


def counter_track(
    readings: Sequence[Reading], corrections: Iterable[Discontinuity],
    meters: Sequence[MeterVersion] = (), declarations: Iterable[Declaration] = (),
) -> Track | None:  # fmt: skip
    """The track of a counter's believed readings, the opening one first; None without any.

    `meters`: the versions of its meter; `declarations` tell their exchanges.
    """
    if not readings:
        return None
    jumps = tuple(item for item in corrections if item.measured_at > readings[0].measured_at)
    return Track(
        instants=tuple(item.measured_at for item in readings),
        sums=_running(counter_steps(readings, jumps, Weighing(meters), declarations)),
        counts=_running(counter_steps(readings, jumps, Weighing(()))) if meters else (),
        values=tuple(item.value for item in readings), corrections=jumps,
        window=(readings[0].measured_at, readings[-1].measured_at),
    )  # fmt: skip


def _running(steps: Iterable[tuple[datetime, Decimal]]) -> tuple[Decimal, ...]:
    return tuple(accumulate((amount for _, amount in steps), EXACT.add, initial=_ZERO))


def delta_track(
    readings: Sequence[Reading], period: Period, meters: Sequence[MeterVersion] = ()
) -> Track:
    """The track of amounts in [start, end), in order, weighed by the meters' factors."""
    weighing = Weighing(meters)
    amounts = (
        weighing.weigh(weighing.from_instant(item.measured_at), item.value) for item in readings
    )
    return Track(
        instants=tuple(item.measured_at for item in readings),
        sums=tuple(accumulate(amounts, EXACT.add)),
        values=tuple(item.value for item in readings), corrections=(),
        window=(period.start, period.end), is_delta=True,
    )  # fmt: skip


def mounted_part(
    stay: Stay, track: Track, states: Mapping[tuple[str, str], Sequence[Reading]]
) -> Part | None:
    """What a stay gives in the track's window; None where they do not meet."""
    start = max(stay.start, track.window[0])
    end = track.window[1] if stay.end is None else min(stay.end, track.window[1])
    if start >= end:
        return None
    stay = Stay(
        stay.host, stay.host_label, stay.position, start, end, stay.factor, stay.via,
        stay.conditions,
    )  # fmt: skip
    counted = add(*(subtract(track.used(b), track.used(a)) for a, b in stretches(stay, states)))
    return Part(
        stay=stay,
        opening=None if track.is_delta else track.edge(start),
        closing=None if track.is_delta else track.edge(end),
        corrections=tuple(item for item in track.corrections if start < item.measured_at <= end),
        gross=subtract(track.used(end), track.used(start)), counted=counted,
        quantity=bounded(multiply(counted, stay.factor)),
    )  # fmt: skip


def stretches(stay: Stay, states: Mapping[tuple[str, str], Sequence[Reading]]) -> list[Between]:
    """The times of an ended stay in which all its conditions hold."""
    assert stay.end is not None
    found = [(stay.start, stay.end)]
    for condition in stay.conditions:
        holding = _holding(condition, states.get((condition.asset, condition.channel), ()))
        found = [
            (max(a, c), min(b, d or b))
            for a, b in found for c, d in holding
            if max(a, c) < min(b, d or b)
        ]  # fmt: skip
    return found


def _holding(
    condition: Condition, readings: Sequence[Reading]
) -> list[tuple[datetime, datetime | None]]:
    """From when to when the state had the wanted value; unknown before its first reading."""
    ends: list[datetime | None] = [*(item.measured_at for item in readings[1:]), None]
    return [
        (item.measured_at, end)
        for item, end in zip(readings, ends, strict=True)
        if item.value == condition.value
    ]


def part_days(
    part: Part, track: Track, states: Mapping[tuple[str, str], Sequence[Reading]], period: Period,
    zone: str,
) -> tuple[Day, ...]:  # fmt: skip
    """A part's quantity by local day, summing exactly to it."""
    days = local_days(period, zone)
    ends = [midnight(day + _ONE_DAY, zone) for day in days[:-1]]
    pieces = part_pieces(part, track, states, ends)
    return tuple(Day(day, piece) for day, piece in zip(days, pieces, strict=True))


def part_pieces(
    part: Part, track: Track, states: Mapping[tuple[str, str], Sequence[Reading]],
    cuts: Sequence[datetime],
) -> list[Decimal]:  # fmt: skip
    """A part's quantity before, between and after the instants, summing exactly to it.

    Pieces are differences of the rounded running total, so that a factor loses nothing.
    """
    spans = stretches(part.stay, states)
    totals = [
        bounded(multiply(add(*(_until(track, *span, end) for span in spans)), part.stay.factor))
        for end in cuts
    ]
    running = pairwise([_ZERO, *totals, part.quantity])
    return [subtract(later, before) for before, later in running]


def _until(track: Track, start: datetime, end: datetime, instant: datetime) -> Decimal:
    """Usage of the steps in (start, end] that ended by an instant."""
    first = track.used(start)
    if instant >= end:
        return subtract(track.used(end), first)
    return subtract(max(first, track.stepped(instant)), first) if instant > start else _ZERO


@dataclass(frozen=True, slots=True)
class HostReadings:
    """A host's channel in a period: its own figures, and the believed readings behind them."""

    asset: str
    label: str
    channel: str
    figures: UsageFigures
    readings: Sequence[Reading]


def component_figures(
    stays: Iterable[Stay], sources: Sequence[HostReadings], unit: str, period: Period, zone: str,
    calendars: Calendars = NO_WINDOWS,
) -> UsageFigures:  # fmt: skip
    """The record of a component from its stays and the readings of their hosts.

    `sources` hold each host's channel once, and the state channels of conditions with the method
    `states`. The digest is that of the list of the sources' digests, in their order.
    """
    states = {
        (item.asset, item.channel): item.readings
        for item in sources if item.figures.method == STATES
    }  # fmt: skip
    tracks = {item.asset: track for item in sources if (track := _track(item, period)) is not None}
    parts = [
        part for stay in sorted(stays, key=lambda item: item.start)
        if stay.host in tracks and (part := mounted_part(stay, tracks[stay.host], states)) is not None
    ]  # fmt: skip
    parts.sort(key=lambda item: item.stay.start)
    by_day = dict.fromkeys(local_days(period, zone), _ZERO)
    for part in parts:
        for day in part_days(part, tracks[part.stay.host], states, period, zone):
            by_day[day.day] = add(by_day[day.day], day.quantity)
    return UsageFigures(
        quantity=add(*(part.quantity for part in parts)), unit=unit, method=COMPONENT,
        opening=None, closing=None, corrections=(), reading_count=sum(len(item.readings) for item in sources),
        gaps=tuple(sorted({gap for item in sources for gap in item.figures.gaps})),
        daily=tuple(Day(day, quantity) for day, quantity in by_day.items()),
        readings_digest=digest([item.figures.readings_digest for item in sources]),
        parts=tuple(parts),
        sources=tuple(
            HostFigures(item.asset, item.label, item.channel, item.figures) for item in sources
        ),
        windows=_windows(calendars, parts, tracks, states, period, zone),
    )  # fmt: skip


def _windows(
    calendars: Calendars, parts: Sequence[Part], tracks: Mapping[str, Track],
    states: Mapping[tuple[str, str], Sequence[Reading]], period: Period, zone: str,
) -> tuple[ChargeWindows, ...]:  # fmt: skip
    """Each part's steps by the window they end in."""
    cuts = cuts_of(calendars.values(), period, zone)
    pieces = [
        piece for part in parts
        for piece in zip(
            [period.start, *cuts],
            part_pieces(part, tracks[part.stay.host], states, cuts), strict=True,
        )
    ]  # fmt: skip
    return windows_of_parts(calendars, pieces, zone)


def _track(source: HostReadings, period: Period) -> Track | None:
    if source.figures.method == STATES:
        return None
    figures = source.figures
    if figures.method == "delta":
        return delta_track(source.readings, period, figures.meter_versions)
    return counter_track(
        source.readings, figures.corrections, figures.meter_versions, figures.declarations
    )


def states_figures(readings: Sequence[Reading], unit: str) -> UsageFigures:
    """The figures of a state channel that only says when a position counts."""
    return UsageFigures(
        quantity=_ZERO, unit=unit, method=STATES, opening=None, closing=None, corrections=(),
        reading_count=len(readings), gaps=(), daily=(), readings_digest=digest_of(readings, is_delta=False),
    )  # fmt: skip


def empty_times(stays: Iterable[Stay], window: Between) -> list[Between]:
    """The times of a window in which nothing was at a position."""
    found, since = [], window[0]
    for stay in sorted(stays, key=lambda item: item.start):
        if stay.start > since:
            found.append((since, min(stay.start, window[1])))
        since = max(since, window[1] if stay.end is None else stay.end)
        if since >= window[1]:
            return found
    return [*found, (since, window[1])]
