"""Which channels the readings behind a usage record stand in."""

from typing import NamedTuple
from uuid import UUID

from apps.metering.domain.figures import UsageFigures
from apps.metering.models import UsageRecord


class Source(NamedTuple):
    """One channel of one asset, and its unit."""

    asset_id: UUID
    label: str
    channel_code: str
    unit: str


def sources_of(record: UsageRecord) -> list[Source]:
    """The record's own channel, or a component's hosts in the order of its evidence."""
    if record.figures["method"] != "component":
        return [
            Source(record.asset_id, record.asset_label, record.channel_code, record.reading_unit)
        ]
    return [
        Source(
            UUID(item.asset), item.label, item.channel, item.figures.counted_in or item.figures.unit
        )
        for item in UsageFigures.from_dict(record.figures).sources
    ]
