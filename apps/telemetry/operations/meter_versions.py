"""The versions of a channel's meter as they are stored: every change marks the days it moves."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from django.core.exceptions import ValidationError
from django.db.models import F
from django.utils.translation import gettext as _

from apps.telemetry.domain.meters import MeterVersion, in_order
from apps.telemetry.models import Channel, ChannelDay
from apps.telemetry.operations.rollup import recompute_dirty

MOST_VERSIONS = 100
_INSTANT = timedelta(microseconds=1)


def locked_channel(key: int) -> Channel:
    found: Channel = Channel.objects.select_for_update().get(pk=key)
    return found


def with_version(versions: Sequence[MeterVersion], version: MeterVersion) -> list[MeterVersion]:
    """What was said of the same instant gives way. Raises ValidationError for too many."""
    others = without_version(versions, version.since)
    if len(others) >= MOST_VERSIONS:
        raise ValidationError(_("A meter has at most 100 versions."))
    return [*others, version]


def without_version(versions: Sequence[MeterVersion], since: datetime | None) -> list[MeterVersion]:
    return [item for item in versions if item.since != since]


def apply_confirmed(channel_id: int, said: Mapping[str, object], now: datetime) -> None:
    """What a second person has confirmed (`Declaration.meter`) holds from now on."""
    channel, version = locked_channel(channel_id), MeterVersion.from_dict(said)
    known = channel.meter_versions
    after = without_version(known, version.since) if said["gone"] else with_version(known, version)
    write_versions(channel, after, version.since, now)


def write_versions(
    channel: Channel, versions: Sequence[MeterVersion], since: datetime | None, now: datetime
) -> None:
    """Store them and mark the days from `since` to the next version, and work those again."""
    ordered = in_order([replace(item, since=_universal(item.since)) for item in versions])
    channel.meters = [item.to_dict() for item in ordered]
    channel.save(update_fields=["meters"])
    later = (item.since for item in ordered if item.since is not None)
    until = min((other for other in later if since is None or other > since), default=None)
    days = ChannelDay.objects.filter(channel=channel)
    if since is not None:
        first = (since.astimezone(UTC) - _INSTANT).date()
        # Periods without a reading since then rest on the last day before.
        before = days.filter(day__lt=first).order_by("-day").values_list("day", flat=True).first()
        days = days.filter(day__gte=before or first)
    if until is not None:
        days = days.filter(day__lte=until.astimezone(UTC).date())
    days.update(version=F("version") + 1)
    recompute_dirty(now=now, channel_ids=[channel.pk])


def _universal(instant: datetime | None) -> datetime | None:
    return None if instant is None else instant.astimezone(UTC)
