"""What contracts count of counters and amounts under rules of their own, from the readings.

Readings of the counted channel are read for the period and what estimates look at around it; those of
the conditions' channels in pages, so that memory does not grow with their density.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from apps.common.period import Period
from apps.common.quantity import BadValue
from apps.telemetry.domain.belief import Reading
from apps.telemetry.domain.counted_amounts import counted_amounts
from apps.telemetry.domain.counted_counters import counted_counter
from apps.telemetry.domain.counting import SEVEN_DAYS, CountedUsage, CountRules, Meters
from apps.telemetry.domain.measures import LAST_WEEK
from apps.telemetry.domain.series import MICROSECOND
from apps.telemetry.models import Channel
from apps.telemetry.queries.belief import declarations_in_force
from apps.telemetry.queries.readings import (
    level_readings,
    next_reading,
    readings_between,
    readings_page,
    value_at,
)
from apps.telemetry.queries.usage import ChannelUsage, Span, usage_of

# How far after a period the next amount is looked for.
_AFTERWARDS = timedelta(days=366)
_NOTHING = CountedUsage(Decimal(0), Decimal(0), Decimal(0), ())


class CountedSpan(NamedTuple):
    """What is asked: a counter's or delta channel's usage in a period, under rules.

    `states`: the channel of each condition. Estimates look at nothing before `begins` but the counter's
    opening reading, and at nothing after `ends` (None: open), which are the item's own bounds.
    """

    channel: Channel
    rules: CountRules
    period: Period
    zone: str
    states: tuple[Channel, ...]
    begins: datetime
    ends: datetime | None

    @property
    def is_first(self) -> bool:
        return self.period.start == self.begins


class Reach(NamedTuple):
    """Readings behind a figure: the channel's in [since, until], its conditions' from `states_since`."""

    since: datetime
    until: datetime
    states_since: datetime


@dataclass(frozen=True, slots=True)
class FoundCount:
    """What was counted; what roll-ups say of the same readings, and of each condition's."""

    counted: CountedUsage
    usage: ChannelUsage
    states: tuple[ChannelUsage, ...]
    reach: Reach
    instants: tuple[datetime, ...]
    # Readings seen of the channel and of the conditions: roll-ups and they are two looks.
    seen: tuple[int, ...]
    # Why its meter's factor does not give a quantity; empty where it does.
    refused: str = ""

    @property
    def ready(self) -> bool:
        return all(item.ready for item in (self.usage, *self.states))

    @property
    def moved(self) -> bool:
        """With evidence: whether readings came in between."""
        return self.seen != tuple(item.reading_count for item in (self.usage, *self.states))


def counted_of(spans: Sequence[CountedSpan], *, evidence: bool = False) -> list[FoundCount]:
    """Each in order; a few queries a span, and a few more for all of them."""
    reaches = [_reach(span) for span in spans]
    asked = [
        part for span, reach in zip(spans, reaches, strict=True) for part in _spans(span, reach)
    ]
    usages = iter(usage_of(asked, evidence=evidence))
    return [
        _found(span, reach, [next(usages) for _ in (span.channel, *span.states)])
        for span, reach in zip(spans, reaches, strict=True)
    ]


def _reach(span: CountedSpan) -> Reach:
    start = span.period.start
    if span.channel.kind == "delta":
        return Reach(_weeks_back(span, start), _next_amount(span), start)
    before = value_at(span.channel, start)
    opened = start if before is None else before.measured_at
    return Reach(_weeks_back(span, opened), _next_value(span), min(opened, start))


def _weeks_back(span: CountedSpan, opened: datetime) -> datetime:
    """From when on readings play a part: a week earlier, where the rule may look there."""
    looks_back = span.rules.estimate and (
        span.channel.kind == "delta" or span.rules.estimate == LAST_WEEK
    )
    if not looks_back:
        return span.period.start
    return max(min(opened, span.period.start) - SEVEN_DAYS, min(span.begins, span.period.start))


def _looks_ahead(span: CountedSpan) -> bool:
    return bool(span.rules.estimate) and (span.ends is None or span.period.end < span.ends)


def _next_value(span: CountedSpan) -> datetime:
    """The first reading after the end, where gaps are estimated."""
    end = span.period.end
    found = next_reading(span.channel, end) if _looks_ahead(span) else None
    return end if found is None or _too_late(span, found.measured_at) else found.measured_at


def _next_amount(span: CountedSpan) -> datetime:
    end = span.period.end
    if not _looks_ahead(span):
        return end
    rows = readings_page(span.channel, end, span.ends or end + _AFTERWARDS, 1)
    return rows[0][0] + MICROSECOND if rows else end


def _too_late(span: CountedSpan, instant: datetime) -> bool:
    return span.ends is not None and instant > span.ends


def _spans(span: CountedSpan, reach: Reach) -> list[Span]:
    own = Span(span.channel, reach.since, reach.until, span.zone)
    return [
        own, *(Span(item, reach.states_since, span.period.end, span.zone) for item in span.states)
    ]  # fmt: skip


def _found(span: CountedSpan, reach: Reach, usages: Sequence[ChannelUsage]) -> FoundCount:
    known = readings_between(span.channel, reach.since, reach.until)
    states = [
        _Seen(level_readings(channel, reach.states_since, span.period.end))
        for channel in span.states
    ]
    own, *others = usages
    counted, refused = _NOTHING, own.refused
    try:
        counted = _counted(span, known, own, states)
    except BadValue as error:
        refused = error.reason
    return FoundCount(
        counted, own, tuple(others), reach, tuple(item.measured_at for item in known),
        (len(known), *(item.count for item in states)), refused,
    )  # fmt: skip


def _counted(
    span: CountedSpan, known: Sequence[Reading], usage: ChannelUsage,
    states: Sequence[Iterable[Reading]],
) -> CountedUsage:  # fmt: skip
    """Raises BadValue where the meter's factor does not give a quantity."""
    meters = meters_of(span.channel)
    if span.channel.kind == "delta":
        return counted_amounts(known, span.rules, span.period, states, meters)
    return counted_counter(
        known, usage.jumps, span.rules, span.period, states, is_first=span.is_first, meters=meters
    )


def meters_of(channel: Channel) -> Meters:
    """What weighs a channel's counts; its exchanges are asked for only where one counts."""
    if not channel.is_weighed:
        return Meters()
    declared = declarations_in_force([channel.pk]).get(channel.pk, [])
    return Meters(channel.meter_versions, bool(channel.usage_unit), declared)


class _Seen:
    """Readings passed on, and how many there were."""

    def __init__(self, readings: Iterable[Reading]) -> None:
        self._readings, self.count = readings, 0

    def __iter__(self) -> Iterator[Reading]:
        for reading in self._readings:
            self.count += 1
            yield reading
