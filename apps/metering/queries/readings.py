"""The believed readings behind a usage record: our own, or the collector's through the door."""

from collections.abc import Sequence
from datetime import datetime

from apps.common.canonical import readings_digest
from apps.common.period import Period, midnight
from apps.contracts.models import ContractItem
from apps.metering.models import UsageRecord
from apps.metering.queries.sources import Source, spans_of
from apps.telemetry.domain.belief import Reading
from apps.telemetry.door import DoorClosed, grant_for, read_under_grant
from apps.telemetry.models import Channel
from apps.telemetry.queries import readings_between
from apps.telemetry.queries.replaced import readings_as_of
from apps.tenancy.context import current_company_id


class NoGrant(LookupError):
    """The readings are another company's, and no grant in force opens them."""


def span_of(record: UsageRecord) -> Period:
    """What the record covers: its item's days within the contract's, within the period."""
    period, contract = record.billed_period, record.billed_period.contract
    item = ContractItem.objects.filter(pk=record.item_id).first()
    starts = [contract.starts_on, item.starts_on if item else None]
    ends = [contract.ends_on, item.covered_until if item else None]
    zone = contract.time_zone
    return Period(
        max([period.start, *(midnight(day, zone) for day in starts if day)]),
        min([period.end, *(midnight(day, zone) for day in ends if day)]),
    )


def readings_of(record: UsageRecord, *, reader: str, now: datetime) -> list[Reading]:
    """In order, a counter's opening reading first; of a component one host after the other.

    Raises NoGrant.
    """
    return [
        reading
        for source, span in spans_of(record, span_of(record))
        for reading in _readings(record, source, span, reader, now)
    ]


def _own(record: UsageRecord, channel: Channel, span: Period) -> list[Reading]:
    """As they stood when the record was written, where the channel says something else by now."""
    found = readings_between(channel, span.start, span.end)
    if record.readings_sha256 == _digest(channel, found):
        return found
    then = readings_as_of(channel, span.start, span.end, record.recorded_at)
    return then if record.readings_sha256 == _digest(channel, then) else found


def _digest(channel: Channel, readings: Sequence[Reading]) -> str:
    rows = ((item.measured_at, item.value) for item in readings)
    return readings_digest(rows, is_delta=channel.kind == "delta")


def _readings(
    record: UsageRecord, source: Source, span: Period, reader: str, now: datetime
) -> list[Reading]:
    if record.author_id == current_company_id():
        channels = Channel.objects.filter(asset_id=source.asset_id, code=source.channel_code)
        channel = channels.first()
        return [] if channel is None else _own(record, channel, span)
    grant = grant_for(
        asset_id=source.asset_id, channel_code=source.channel_code, resolution="raw", now=now,
        start=span.start, end=span.end,
    )  # fmt: skip
    if grant is None:
        raise NoGrant(str(record.pk))
    try:
        return read_under_grant(
            grant=grant, channel_code=source.channel_code, start=span.start, end=span.end,
            reader=reader, now=now,
        )  # fmt: skip
    except DoorClosed:
        raise NoGrant(str(record.pk)) from None
