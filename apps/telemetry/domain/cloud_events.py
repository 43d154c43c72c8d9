"""Delivered hours and days as CloudEvents 1.0, as they are pushed to who holds the grant.

An event's id names the row and its version, so that the same again is seen to be the same.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from apps.common.canonical import instant_text
from apps.common.period import local_date, midnight
from apps.common.quantity import canonical
from apps.telemetry.domain.granted import HOUR, Slot

BATCH = "application/cloudevents-batch+json"
TYPES = {"hourly": "peruse.usage.hourly", "daily": "peruse.usage.daily"}
WITHDRAWN = "peruse.usage.withdrawn"
LEVELS = frozenset({"gauge", "state"})


@dataclass(frozen=True, slots=True)
class Share:
    """A grant in the words of its events. `collector`: the address name of who collects."""

    grant: str
    asset: str
    collector: str
    resolution: str
    time_zone: str
    channel_facts: Mapping[str, Mapping[str, str]]

    @property
    def source(self) -> str:
        return f"/{self.collector}/assets/{self.asset}"

    def end_of(self, start: datetime) -> datetime:
        """The end of the hour or local day that begins then."""
        if self.resolution == "hourly":
            return start + HOUR
        return midnight(local_date(start, self.time_zone) + timedelta(days=1), self.time_zone)


def event_of(
    share: Share, channel: str, slot: Slot, row_id: str, delivered_at: datetime
) -> dict[str, Any]:
    """One delivered hour or day; a level has its last, lowest and highest value besides."""
    data = {"usage": canonical(slot.usage), "readings": slot.reading_count}
    if share.channel_facts.get(channel, {}).get("kind") in LEVELS:
        data |= {
            "last": canonical(slot.last_value), "minimum": canonical(slot.minimum),
            "maximum": canonical(slot.maximum),
        }  # fmt: skip
    kind = TYPES[share.resolution]
    return _event(share, kind, channel, slot.start, f"{row_id}.{_version(delivered_at)}", data)


def withdrawal_of(
    share: Share, channel: str, start: datetime, delivered_at: datetime
) -> dict[str, Any]:
    """An hour or day that was delivered and is no more."""
    name = f"{share.grant}.{channel}.{_version(start)}.{_version(delivered_at)}"
    return _event(share, WITHDRAWN, channel, start, name, {})


def _event(
    share: Share, kind: str, channel: str, start: datetime, name: str, data: Mapping[str, Any]
) -> dict[str, Any]:
    unit = share.channel_facts.get(channel, {}).get("unit", "")
    return {
        "specversion": "1.0", "id": name, "source": share.source, "type": kind,
        "subject": channel, "time": instant_text(start), "datacontenttype": "application/json",
        "data": {
            "grant": share.grant, "asset": share.asset, "channel": channel, "unit": unit,
            "start": instant_text(start), "end": instant_text(share.end_of(start)), **data,
        },
    }  # fmt: skip


def _version(at: datetime) -> str:
    """Microseconds since 1970, exactly."""
    since = at - datetime.fromtimestamp(0, at.tzinfo)
    return str(since // timedelta(microseconds=1))


def summary_of(events: Iterable[Mapping[str, Any]]) -> tuple[list[str], datetime, datetime]:
    """Channels, first start and last end of a batch, for the log of the grant."""
    found = [event["data"] for event in events]
    starts = [datetime.fromisoformat(data["start"]) for data in found]
    ends = [datetime.fromisoformat(data["end"]) for data in found]
    return sorted({data["channel"] for data in found}), min(starts), max(ends)
