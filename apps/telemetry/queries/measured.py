"""What contracts bill of gauges and states, from the readings themselves.

Roll-ups do not know thresholds, states or for how long a value holds. Readings are read in pages, in
order, so that memory does not grow with a channel's density.
"""

from collections.abc import Sequence
from typing import NamedTuple

from apps.common.period import Period
from apps.telemetry.domain.measures import (
    LevelMeasure,
    MeasuredUsage,
    measured_usage,
    readings_span,
)
from apps.telemetry.models import Channel
from apps.telemetry.queries.readings import level_readings
from apps.telemetry.queries.usage import ChannelUsage, Quantity, Span, quantities_of, usage_of


class MeasuredSpan(NamedTuple):
    """What is asked: a measure of a gauge or state channel in a period, by days of the zone."""

    channel: Channel
    measure: LevelMeasure
    period: Period
    zone: str

    @property
    def as_read(self) -> Span:
        """The span of its readings as roll-ups and digests know it."""
        span = readings_span(self.period, self.measure)
        return Span(self.channel, span.start, span.end, self.zone)


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
