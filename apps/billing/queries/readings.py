"""The believed readings behind a usage record: our own, or the collector's through the door."""

from collections.abc import Callable, Sequence
from datetime import datetime

from apps.assets.models import DataGrant
from apps.common.period import Period
from apps.metering.models import UsageRecord
from apps.metering.queries.sources import Source, spans_of
from apps.telemetry.domain.belief import Reading
from apps.telemetry.door import (
    DoorClosed,
    evidence_grant_for,
    evidence_under_grant,
    grant_for,
    read_under_grant,
)
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


def readings_for_evidence(record: UsageRecord, period: Period, *, now: datetime) -> list[Reading]:
    """The same for evidence to be stored: of another collector by the time the record covers, also
    where the contract's grant is over by now. Raises DoorClosed."""
    return [
        reading
        for source, span in spans_of(record, period)
        for reading in _proven(record, period, source, span, now)
    ]


def _readings(
    record: UsageRecord, source: Source, span: Period, reader: str, now: datetime
) -> list[Reading]:
    if record.author_id == current_company_id():
        return _own(source, span)
    grant = grant_for(
        asset_id=source.asset_id, channel_code=source.channel_code, resolution="raw", now=now,
        start=span.start, end=span.end,
    )  # fmt: skip
    return _read(read_under_grant, grant, source, span, reader, now)


def _proven(
    record: UsageRecord, period: Period, source: Source, span: Period, now: datetime
) -> list[Reading]:
    if record.author_id == current_company_id():
        return _own(source, span)
    grant = evidence_grant_for(
        asset_id=source.asset_id, channel_code=source.channel_code,
        contract_id=record.billed_period.contract_id, collector_id=record.author_id,
        start=period.start, end=period.end,
    )  # fmt: skip
    if grant is None:
        return _readings(record, source, span, "evidence", now)
    return _read(evidence_under_grant, grant, source, span, "evidence", now)


def _own(source: Source, span: Period) -> list[Reading]:
    channels = Channel.objects.filter(asset_id=source.asset_id, code=source.channel_code)
    channel = channels.first()
    return [] if channel is None else _plain(readings_between(channel, span.start, span.end))


def _read(
    read: Callable[..., list[Reading]], grant: DataGrant | None, source: Source, span: Period,
    reader: str, now: datetime,
) -> list[Reading]:  # fmt: skip
    """Through the door. Raises DoorClosed."""
    if grant is None:
        raise DoorClosed(f"{source.label} {source.channel_code}")
    found = read(
        grant=grant, channel_code=source.channel_code, start=span.start, end=span.end,
        reader=reader, now=now,
    )  # fmt: skip
    return _plain(found)


def covered_period(record: UsageRecord) -> Period:
    """What the record covers: its item's own days within the billed period, as it was measured."""
    return Period(record.starts_at, record.ends_at)


def _plain(found: Sequence[Reading]) -> list[Reading]:
    return [Reading(item.measured_at, item.value) for item in found]
