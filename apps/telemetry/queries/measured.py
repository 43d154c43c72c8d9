"""What contracts bill of gauges and states, from the readings themselves.

Roll-ups do not know thresholds, states or for how long a value holds. Readings are read in pages, in
order, so that memory does not grow with a channel's density.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from apps.common.period import Period
from apps.telemetry.domain.measures import (
    STRAIGHT_LINE,
    LevelMeasure,
    MeasuredUsage,
    measured_usage,
    readings_span,
)
from apps.telemetry.domain.series import MICROSECOND
from apps.telemetry.models import Channel
from apps.telemetry.queries.readings import level_readings, next_reading
from apps.telemetry.queries.usage import ChannelUsage, Quantity, Span, quantities_of, usage_of


class MeasuredSpan(NamedTuple):
    """What is asked: a measure of a gauge or state channel in a period, by days of the zone."""

    channel: Channel
    measure: LevelMeasure
    period: Period
    zone: str
    # The first reading from the end on, where a gap over the end is filled by it.
    until: datetime | None = None

    @property
    def as_read(self) -> Span:
        """The span of its readings as roll-ups and digests know it."""
        span = readings_span(self.period, self.measure, self.until)
        return Span(self.channel, span.start, span.end, self.zone)


def span_of_measure(
    channel: Channel, measure: LevelMeasure, period: Period, zone: str,
    ends: datetime | None = None,
) -> MeasuredSpan:  # fmt: skip
    """What is asked, with the reading after the period where the measure looks at it.

    Nothing after `ends`, the end of what is covered, is looked at.
    """
    span = MeasuredSpan(channel, measure, period, zone)
    if measure.estimate != STRAIGHT_LINE or (ends is not None and ends <= period.end):
        return span
    later = next_reading(channel, period.end - MICROSECOND)
    if later is None or (ends is not None and later.measured_at >= ends):
        return span
    return span._replace(until=later.measured_at)


class Found(NamedTuple):
    """What was measured, and what roll-ups say of the same readings: `usage.ready`, `last_at`."""

    measured: MeasuredUsage
    usage: ChannelUsage | Quantity


def measured_of(spans: Sequence[MeasuredSpan], *, evidence: bool = False) -> list[Found]:
    """The measure of each span, in order; with evidence `usage` has digest, count and versions.

    Two queries a span for its readings, a few more for all of them.
    """
    read = [span.as_read for span in spans]
    known: Sequence[ChannelUsage | Quantity] = (
        usage_of(read, evidence=True) if evidence else quantities_of(read)
    )
    return [Found(_measured(span), usage) for span, usage in zip(spans, known, strict=True)]


def _measured(span: MeasuredSpan) -> MeasuredUsage:
    since, until = span.as_read.start, span.as_read.end
    readings = level_readings(span.channel, since, until)
    return measured_usage(readings, span.measure, span.period, span.zone)
