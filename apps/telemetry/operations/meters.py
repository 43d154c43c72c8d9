"""What is known of a channel's meter, by versions; every change marks the days it moves."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from apps.events.operations import record
from apps.telemetry.domain.meters import MeterVersion, in_order
from apps.telemetry.models import Channel, ChannelDay
from apps.telemetry.operations.declaring import person_of
from apps.telemetry.operations.rollup import recompute_dirty

MOST_VERSIONS = 100
_INSTANT = timedelta(microseconds=1)


def describe_meter(
    *, channel: Channel, version: MeterVersion, reason: str, by: Any, now: datetime
) -> Channel:
    """Say what the meter is from an instant on; what was said of the same instant gives way.

    What was billed with other facts is metered again. The same again changes nothing. Raises
    ValidationError for a factor of what is not counted, a coming moment and too many versions.
    """
    _must_suit(channel, version, now)
    with transaction.atomic():
        held = Channel.objects.select_for_update().get(pk=channel.pk)
        others = [item for item in held.meter_versions if item.since != version.since]
        if len(others) >= MOST_VERSIONS:
            raise ValidationError(_("A meter has at most 100 versions."))
        if version in held.meter_versions:
            return held
        _write(held, [*others, version], version.since, now)
        _recorded(held, "described_meter", version, reason, by, now)
    return held


def withdraw_meter(
    *, channel: Channel, since: datetime | None, reason: str, by: Any, now: datetime
) -> Channel:
    """Take a version away: the one before it holds on. Raises ValidationError where there is none."""
    with transaction.atomic():
        held = Channel.objects.select_for_update().get(pk=channel.pk)
        gone = next((item for item in held.meter_versions if item.since == since), None)
        if gone is None:
            raise ValidationError(_("There is no such version of the meter."))
        left = [item for item in held.meter_versions if item is not gone and item.since != since]
        _write(held, left, since, now)
        _recorded(held, "withdrew_meter", gone, reason, by, now)
    return held


def _must_suit(channel: Channel, version: MeterVersion, now: datetime) -> None:
    if version.since is not None and version.since > now:
        raise ValidationError({"since": _("This lies in the future.")})
    if version.factor is None:
        return
    if channel.kind not in ("counter", "delta") or channel.depth:
        raise ValidationError({"factor": _("Only what is counted and sent has a factor.")})


def _write(
    channel: Channel, versions: Sequence[MeterVersion], since: datetime | None, now: datetime
) -> None:
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


def _recorded(
    channel: Channel, action: str, version: MeterVersion, reason: str, by: Any, now: datetime
) -> None:
    record(
        action=f"telemetry.{action}", now=now, subject=f"{channel}"[:80], actor=person_of(by),
        details={**version.to_dict(), "channel": channel.pk, "reason": reason[:200]},
    )  # fmt: skip
