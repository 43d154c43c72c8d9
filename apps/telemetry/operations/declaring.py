"""What people declare of a channel: wrong or right readings, resets, exchanges, corrections.

A correction above the limit of its channel (or company) counts once a second person confirms it; so does
a meter's factor (`meters`). A
declaration may be withdrawn. Whatever changes what counts marks the days it moves and walks again.
"""

import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils.translation import gettext as _

from apps.events.operations import record
from apps.telemetry.models import Channel, ChannelDay, CorrectionRule, Declaration
from apps.telemetry.operations.meter_versions import apply_confirmed
from apps.telemetry.operations.rollup import recompute_dirty
from apps.telemetry.queries.belief import correction_limit_of, read_between

READING_WORDS = frozenset({Declaration.Kind.BELIEVE, Declaration.Kind.DISBELIEVE})
_MICROSECOND = timedelta(microseconds=1)
_MARK = """
insert into telemetry_channelday (channel_id, day, version, done_version, reading_count)
values (%s, %s, 1, 0, 0)
on conflict (channel_id, day) do update set version = telemetry_channelday.version + 1
"""


def declare(
    *,
    channel: Channel,
    kind: str,
    measured_at: datetime,
    reason: str,
    by: Any,
    now: datetime,
    closing: Decimal | None = None,
    opening: Decimal | None = None,
    amount: Decimal | None = None,
    event_key: bytes | None = None,
) -> Declaration:
    """Believe or disbelieve a reading, declare a counter's reset or exchange, correct its usage.

    A correction (`amount`, in the channel's unit) belongs to the first believed reading at or after
    its instant, so there must be one, and one before. Raises ValidationError for what is no
    counter, the future, or values that are missing.
    """
    with transaction.atomic():
        _must_fit(channel, kind, measured_at, now, closing, opening, amount)
        declaration = Declaration.objects.create(
            channel=channel,
            kind=kind,
            measured_at=measured_at,
            event_key=event_key,
            closing=closing,
            opening=opening,
            amount=amount,
            reason=reason[:200],
            declared_by=str(by)[:200],
            declared_at=now,
            declarer=key_of(by),
            needs_second=amount is not None and _is_above_limit(channel, amount),
        )
        _recorded(declaration, f"declared_{kind}", by, now)
        if declaration.state == Declaration.State.COUNTS:
            _work_again(declaration, now)
    return declaration


def confirm_declaration(*, declaration: Declaration, by: Any, now: datetime) -> Declaration:
    """A second person confirms a correction above the limit; from then on it counts.

    Twice is once. Raises ValidationError for the person who declared it, and for a withdrawn one.
    """
    with transaction.atomic():
        held = _locked(declaration.pk)
        if held.state == Declaration.State.COUNTS:
            return held
        _must_be_standing(held)
        if key_of(by) is None or key_of(by) == held.declarer:
            raise ValidationError(_("Another person than the one who declared it must confirm it."))
        held.confirmed_by, held.confirmed_at = str(by)[:200], now
        held.save(update_fields=["confirmed_by", "confirmed_at"])
        _recorded(held, "confirmed_declaration", by, now)
        _work_again(held, now)
    return held


def withdraw_declaration(
    *, declaration: Declaration, reason: str, by: Any, now: datetime
) -> Declaration:
    """Take a declaration back; what was said before it on the same instant counts again.

    Raises ValidationError where it is withdrawn already.
    """
    with transaction.atomic():
        held = _locked(declaration.pk)
        _must_be_standing(held)
        if held.meter is not None and held.state == Declaration.State.COUNTS:
            raise ValidationError(_("It holds already: withdraw the version of the meter."))
        counted = held.state == Declaration.State.COUNTS
        held.withdrawn_by, held.withdrawn_at = str(by)[:200], now
        held.withdrawn_reason = reason[:200]
        held.save(update_fields=["withdrawn_by", "withdrawn_at", "withdrawn_reason"])
        _recorded(held, "withdrew_declaration", by, now, withdrawn_because=held.withdrawn_reason)
        if counted:
            _work_again(held, now)
    return held


def limit_corrections(
    *, limit: Decimal | None, by: Any, now: datetime, channel: Channel | None = None
) -> None:
    """Above which amount a correction needs a second person: of a channel, else of the company.

    None: the channel follows the company; in the company no correction needs one. What is declared
    already stays as it is. Raises ValidationError for a negative limit.
    """
    _limit({"limit": limit}, {"correction_limit": limit}, "limited_corrections", by, now, channel)


def limit_factors(
    *, percent: Decimal | None, by: Any, now: datetime, channel: Channel | None = None
) -> None:
    """By how many percent a meter's factor may change without a second person; as `limit_corrections`."""
    limit = {"factor_limit": percent}
    _limit(limit, limit, "limited_factors", by, now, channel)


def _limit(
    of_company: dict[str, Decimal | None], of_channel: dict[str, Decimal | None], action: str,
    by: Any, now: datetime, channel: Channel | None,
) -> None:  # fmt: skip
    [limit] = of_company.values()
    if limit is not None and limit < 0:
        raise ValidationError(_("A limit is zero or more."))
    with transaction.atomic():
        if channel is None:
            CorrectionRule.objects.update_or_create(pk=1, defaults=of_company)
        else:
            Channel.objects.filter(pk=channel.pk).update(**of_channel)
        record(
            action=f"telemetry.{action}", now=now,
            subject="" if channel is None else f"{channel}"[:80], actor=person_of(by),
            details={"limit": None if limit is None else str(limit)},
        )  # fmt: skip


def _must_fit(
    channel: Channel,
    kind: str,
    measured_at: datetime,
    now: datetime,
    closing: Decimal | None,
    opening: Decimal | None,
    amount: Decimal | None,
) -> None:
    if kind in READING_WORDS:
        return
    if channel.kind != "counter":
        raise ValidationError(_("Only a counter can be reset, exchanged or corrected."))
    if measured_at > now:
        raise ValidationError({"measured_at": _("This lies in the future.")})
    if kind == Declaration.Kind.EXCHANGE and (closing is None or opening is None):
        raise ValidationError(_("An exchange has a closing and an opening value."))
    if kind == Declaration.Kind.CORRECTION:
        _must_be_correctable(channel, measured_at, amount, now)


def _must_be_correctable(
    channel: Channel, measured_at: datetime, amount: Decimal | None, now: datetime
) -> None:
    if not amount:
        raise ValidationError({"amount": _("A correction has an amount other than zero.")})
    recompute_dirty(now=now, channel_ids=[channel.pk])
    read = read_between(channel)
    if read is None or not read[0] < measured_at <= read[1]:
        raise ValidationError(
            {"measured_at": _("Choose a moment after the first and not after the last reading.")}
        )


def _is_above_limit(channel: Channel, amount: Decimal) -> bool:
    limit = correction_limit_of(channel)
    return limit is not None and abs(amount) > limit


def _locked(key: uuid.UUID) -> Declaration:
    found = Declaration.objects.select_for_update(of=("self",)).select_related("channel")
    return found.get(pk=key)


def _must_be_standing(declaration: Declaration) -> None:
    if declaration.withdrawn_at is not None:
        raise ValidationError(_("This declaration is withdrawn already."))


def _work_again(declaration: Declaration, now: datetime) -> None:
    if declaration.meter is not None:
        apply_confirmed(declaration.channel_id, declaration.meter, now)
        return
    _mark(declaration.channel, declaration.kind, declaration.measured_at)
    recompute_dirty(now=now, channel_ids=[declaration.channel_id])


def _mark(channel: Channel, kind: str, measured_at: datetime) -> None:
    """Mark the day, and but for a reading's the later ones up to the first believed reading."""
    day = measured_at.astimezone(UTC).date()
    if channel.kind != "delta":
        day = (measured_at.astimezone(UTC) - _MICROSECOND).date()
    days = [day]
    if kind not in READING_WORDS:
        later = ChannelDay.objects.filter(channel=channel, day__gte=day).order_by("day")
        for row in later.only("day", "reading_count"):
            days.append(row.day)
            if row.reading_count and row.day > day:
                break
    with connection.cursor() as cursor:
        for marked in sorted(set(days)):
            cursor.execute(_MARK, [channel.pk, marked])


def _recorded(declaration: Declaration, action: str, by: Any, now: datetime, **more: str) -> None:
    record(
        action=f"telemetry.{action}",
        now=now,
        subject=f"{declaration.channel}"[:80],
        actor=person_of(by),
        details={**_details(declaration), **more},
    )


def _details(declaration: Declaration) -> dict[str, Any]:
    amounts = {
        name: None if (value := getattr(declaration, name)) is None else str(value)
        for name in ("closing", "opening", "amount")
    }
    return {
        "declaration": declaration.public_id, "channel": declaration.channel_id,
        "measured_at": declaration.measured_at.isoformat(), "reason": declaration.reason, **amounts,
    }  # fmt: skip


def person_of(by: Any) -> Any:
    """The person for the audit row; a device or another part of the portal is none."""
    return by if key_of(by) is not None else None


def key_of(by: Any) -> int | None:
    """The person's key; None of a device, a program or another part of the portal."""
    return getattr(by, "pk", None)
