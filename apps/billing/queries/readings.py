"""The believed readings behind a usage record: our own, or the collector's through the door."""

from collections.abc import Sequence
from datetime import datetime

from apps.common.period import Period
from apps.metering.models import UsageRecord
from apps.metering.queries.sources import Source, spans_of
from apps.telemetry.domain.belief import Reading
from apps.telemetry.door import DoorClosed, grant_for, read_under_grant
from apps.telemetry.models import Channel
from apps.telemetry.queries import readings_between
from apps.tenancy.context import current_company_id


def readings_behind(
    record: UsageRecord, period: Period, *, reader: str, now: datetime
) -> list[Reading]:
    """In order, a counter's opening reading first; of a component one host after the other. Reads
    of another company are logged there.

    Raises DoorClosed.
    """
    found = readings_by_source(record, period, reader=reader, now=now)
    return [reading for _source, readings in found for reading in readings]


def readings_by_source(
    record: UsageRecord, period: Period, *, reader: str, now: datetime
) -> list[tuple[Source, list[Reading]]]:
    """The same by channel, in the order of the record's evidence. Raises DoorClosed."""
    return [
        (source, _readings(record, source, span, reader, now))
        for source, span in spans_of(record, period)
    ]


def _readings(
    record: UsageRecord, source: Source, period: Period, reader: str, now: datetime
) -> list[Reading]:
    if record.author_id == current_company_id():
        channels = Channel.objects.filter(asset_id=source.asset_id, code=source.channel_code)
        channel = channels.first()
        found = [] if channel is None else readings_between(channel, period.start, period.end)
        return _plain(found)
    grant = grant_for(
        asset_id=source.asset_id, channel_code=source.channel_code, resolution="raw", now=now
    )
    if grant is None:
        raise DoorClosed(str(record.id))
    return _plain(
        read_under_grant(
            grant=grant,
            channel_code=source.channel_code,
            start=period.start,
            end=period.end,
            reader=reader,
            now=now,
        )
    )


def covered_period(record: UsageRecord) -> Period:
    """What the record covers: its item's own days within the billed period, as it was measured."""
    return Period(record.starts_at, record.ends_at)


def _plain(found: Sequence[Reading]) -> list[Reading]:
    return [Reading(item.measured_at, item.value) for item in found]
