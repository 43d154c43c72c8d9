"""Which channels the readings behind a usage record stand in, and from when to when."""

from typing import NamedTuple
from uuid import UUID

from apps.common.period import Period
from apps.metering.domain.counted import CountFigures
from apps.metering.domain.figures import UsageFigures
from apps.metering.domain.measured import MeasureFigures
from apps.metering.domain.of_record import window_of
from apps.metering.domain.record_parts import OF_RECORD
from apps.metering.models import UsageRecord
from apps.telemetry.domain.measures import readings_span


class Source(NamedTuple):
    """One channel of one asset, and its unit."""

    asset_id: UUID
    label: str
    channel_code: str
    unit: str


def sources_of(record: UsageRecord) -> list[Source]:
    """The record's own channel and those of its conditions, a component's hosts, or the sources of
    an item with fall-backs, in the order of its evidence."""
    others = [
        Source(
            UUID(item.asset), item.label, item.channel, item.figures.counted_in or item.figures.unit
        )
        for item in UsageFigures.from_dict(record.figures).sources
    ]
    if record.figures["method"] in ("component", OF_RECORD):
        return others
    own = Source(record.asset_id, record.asset_label, record.channel_code, record.reading_unit)
    return [own, *others]


def spans_of(record: UsageRecord, period: Period) -> list[tuple[Source, Period]]:
    """Each source with the time its readings are read for, as `readings_between` takes it.

    A gauge's or state's begin at the period's start; what counts under rules says itself from when;
    sources that stand in are read from where they may count.
    """
    measure, sources = record.figures.get("measure"), sources_of(record)
    counting = CountFigures.from_dict(record.figures.get("counting"))
    if counting is not None:
        own = Period(counting.since, counting.until)
        states = Period(counting.states_since, period.end)
        return [(sources[0], own), *((item, states) for item in sources[1:])]
    if record.figures["method"] == OF_RECORD:
        window = _standing_in(record, period)
        return [(sources[0], period), *((item, window) for item in sources[1:])]
    figures = MeasureFigures.from_dict(measure)
    if figures is not None:
        period = readings_span(period, figures.measure, figures.until)
    return [(item, period) for item in sources]


def _standing_in(record: UsageRecord, period: Period) -> Period:
    figures = UsageFigures.from_dict(record.figures)
    assert figures.of_record is not None
    return window_of(figures.sources[0].figures, period, figures.of_record.origin)
