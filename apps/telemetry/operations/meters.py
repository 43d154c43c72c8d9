"""What is known of a channel's meter, by versions.

A change whose factor moves beyond the limit of its channel (or company) waits for a second person.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.events.operations import record
from apps.telemetry.domain.meters import MeterVersion, moves_beyond
from apps.telemetry.models import Channel, Declaration
from apps.telemetry.operations.declaring import key_of, person_of
from apps.telemetry.operations.meter_versions import (
    locked_channel,
    with_version,
    without_version,
    write_versions,
)
from apps.telemetry.queries.belief import factor_limit_of


def describe_meter(
    *, channel: Channel, version: MeterVersion, reason: str, by: Any, now: datetime
) -> Declaration | None:
    """Say what the meter is from an instant on; what was said of the same instant gives way.

    What was billed with other facts is metered again. The same again changes nothing. Returns the
    declaration that waits for a second person where the factor changes beyond the limit, else None.
    Raises ValidationError for a factor of what is not counted, a coming moment and too many versions.
    """
    _must_suit(channel, version, now)
    with transaction.atomic():
        held = locked_channel(channel.pk)
        if version in held.meter_versions:
            return None
        after = with_version(held.meter_versions, version)
        waiting = _waiting(held, after, {**version.to_dict(), "gone": False}, reason, by, now)
        if waiting is None:
            write_versions(held, after, version.since, now)
            _recorded(held, "described_meter", version, reason, by, now)
    return waiting


def withdraw_meter(
    *, channel: Channel, since: datetime | None, reason: str, by: Any, now: datetime
) -> Declaration | None:
    """Take a version away: the one before it holds on. Returns as `describe_meter`.

    Raises ValidationError where there is none.
    """
    with transaction.atomic():
        held = locked_channel(channel.pk)
        gone = next((item for item in held.meter_versions if item.since == since), None)
        if gone is None:
            raise ValidationError(_("There is no such version of the meter."))
        after = without_version(held.meter_versions, since)
        waiting = _waiting(held, after, {**gone.to_dict(), "gone": True}, reason, by, now)
        if waiting is None:
            write_versions(held, after, since, now)
            _recorded(held, "withdrew_meter", gone, reason, by, now)
    return waiting


def _waiting(
    channel: Channel, after: Sequence[MeterVersion], said: dict[str, Any], reason: str, by: Any,
    now: datetime,
) -> Declaration | None:  # fmt: skip
    """The declaration that waits, where the change is beyond the limit; the same twice is one."""
    limit = factor_limit_of(channel)
    if limit is None or not moves_beyond(channel.meter_versions, after, limit):
        return None
    facts: dict[str, Any] = {"channel": channel, "kind": Declaration.Kind.METER, "meter": said}
    open_ones = Declaration.objects.filter(**facts, withdrawn_at=None, confirmed_at=None)
    standing: Declaration | None = open_ones.first()
    if standing is not None:
        return standing
    version = MeterVersion.from_dict(said)
    _recorded(channel, "proposed_meter", version, reason, by, now)
    return Declaration.objects.create(
        **facts, measured_at=version.since or now, reason=reason[:200], declared_by=str(by)[:200],
        declared_at=now, declarer=key_of(by), needs_second=True,
    )  # fmt: skip


def _must_suit(channel: Channel, version: MeterVersion, now: datetime) -> None:
    if version.since is not None and version.since > now:
        raise ValidationError({"since": _("This lies in the future.")})
    if version.factor is None:
        return
    if channel.kind not in ("counter", "delta") or channel.depth:
        raise ValidationError({"factor": _("Only what is counted and sent has a factor.")})


def _recorded(
    channel: Channel, action: str, version: MeterVersion, reason: str, by: Any, now: datetime
) -> None:
    record(
        action=f"telemetry.{action}", now=now, subject=f"{channel}"[:80], actor=person_of(by),
        details={**version.to_dict(), "channel": channel.pk, "reason": reason[:200]},
    )  # fmt: skip
