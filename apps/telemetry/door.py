"""The one module that opens another company's data: under a living grant, and every read logged.

What was counted under a contract's grant is read once more for the invoice's evidence, also when the grant
is over by then; the log names such a read for what it is.

Inside, the transaction can write nothing; outside again, the caller's company, role and search path
are what they were, whatever happened inside.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

from django.db import connection, transaction

from apps.assets.models import DataGrant, GrantRead
from apps.assets.operations import NotGranted, log_act, read_series
from apps.assets.queries import evidence_grant_for, evidence_grants, grant_for, held_grants
from apps.telemetry.domain.belief import Reading
from apps.telemetry.domain.granted import Slot
from apps.telemetry.models import Channel
from apps.telemetry.queries.devices import DeviceHealth, device_health
from apps.telemetry.queries.hours import hours_of
from apps.telemetry.queries.readings import readings_between, readings_page
from apps.tenancy.context import company_context

__all__ = [
    "DoorClosed", "channel_under_grant", "evidence_grant_for", "evidence_under_grant", "grant_for",
    "health_under_grant", "hours_under_grant", "page_under_grant", "read_under_grant",
    "slots_under_grant",
]  # fmt: skip

Rows = TypeVar("Rows", bound=list[Any])
Span = tuple[datetime, datetime]
RAW = DataGrant.Resolution.RAW


class DoorClosed(NotGranted):
    """No living grant covers what was asked for. Said to the asker like any absent thing."""


def read_under_grant(
    *,
    grant: DataGrant,
    channel_code: str,
    start: datetime,
    end: datetime,
    reader: str,
    now: datetime,
) -> list[Reading]:
    """Believed readings of the collector, clipped to the grant, the opening one first (counters).

    The opening reading may lie before the grant: the first usage under it rests on that one.
    Raises DoorClosed when the grant does not live, is not ours, or does not cover the channel raw.
    """
    return _read(
        grant, channel_code, (start, end), reader, now,
        lambda channel, span: readings_between(channel, *span),
    )  # fmt: skip


def page_under_grant(
    *,
    grant: DataGrant,
    channel_code: str,
    start: datetime,
    end: datetime,
    reader: str,
    now: datetime,
    limit: int,
    after: tuple[datetime, bytes] | None = None,
    act: str = GrantRead.Act.READ,
) -> list[tuple[datetime, bytes, Decimal]]:
    """The same a page at a time, without the opening reading."""
    return _read(
        grant, channel_code, (start, end), reader, now,
        lambda channel, span: readings_page(channel, *span, limit, after), act,
    )  # fmt: skip


def hours_under_grant(
    *,
    grant: DataGrant,
    channel_code: str,
    start: datetime,
    end: datetime,
    reader: str,
    now: datetime,
    act: str = GrantRead.Act.READ,
) -> list[Slot]:
    """The collector's hours under a raw grant, clipped to it."""
    return _read(
        grant, channel_code, (start, end), reader, now,
        lambda channel, span: hours_of(channel, *span), act,
    )  # fmt: skip


def slots_under_grant(
    *, grant: DataGrant, channel_code: str, start: datetime, end: datetime, reader: str,
    now: datetime, act: str = GrantRead.Act.READ,
) -> list[Slot]:  # fmt: skip
    """Hours, or days under a daily grant, that begin in [start, end): inside where the grant is raw,
    else what was delivered. Raises NotGranted when no living grant of ours covers it.
    """
    asked: dict[str, Any] = {
        "grant": grant, "channel_code": channel_code, "start": start, "end": end, "reader": reader,
        "now": now, "act": act,
    }  # fmt: skip
    if grant.resolution == RAW:
        return hours_under_grant(**asked)
    return [Slot(*(getattr(row, name) for name in Slot._fields)) for row in read_series(**asked)]


def evidence_under_grant(
    *,
    grant: DataGrant,
    channel_code: str,
    start: datetime,
    end: datetime,
    reader: str,
    now: datetime,
) -> list[Reading]:
    """The readings that a usage record of the collector says it rests on, the opening one first, for
    evidence that is not stored yet: by the time they cover, whether the contract's grant lives or is over.

    Raises DoorClosed where it was taken back, is not ours, or is no raw grant of a contract.
    """
    current = evidence_grants().filter(pk=grant.pk).first()
    if current is None or channel_code not in current.channels:
        raise DoorClosed(channel_code)
    with _inside(current):
        rows = readings_between(_channel(current, channel_code), start, end)
    log_act(
        grant=current, channels=[channel_code], resolution=RAW, start=start, end=end, who=reader,
        count=len(rows), now=now, act=GrantRead.Act.EVIDENCE,
    )  # fmt: skip
    return rows


def channel_under_grant(*, grant: DataGrant, channel_code: str, now: datetime) -> Channel:
    """What the channel is (kind, unit, meters); no readings, so not logged. Raises DoorClosed."""
    current = _living(grant, channel_code, now)
    if current.resolution != RAW:
        return _as_told(current, channel_code)
    with _inside(current):
        return _channel(current, channel_code)


def health_under_grant(*, grant: DataGrant, reader: str, now: datetime) -> DeviceHealth:
    """How the asset's devices are, under a grant of that kind. Raises DoorClosed."""
    current = held_grants(now).filter(pk=grant.pk, kind=DataGrant.Kind.HEALTH).first()
    if current is None:
        raise DoorClosed(str(grant.pk))
    with _inside(current):
        found = device_health(current.asset_id)
    log_act(
        grant=current, channels=[], resolution="", start=now, end=now, who=reader,
        count=len(found.devices), now=now,
    )  # fmt: skip
    return found


def _read(
    grant: DataGrant, code: str, asked: Span, reader: str, now: datetime,
    rows_of: Callable[[Channel, Span], Rows], act: str = GrantRead.Act.READ,
) -> Rows:  # fmt: skip
    current = _living(grant, code, now)
    if current.resolution != RAW:
        raise DoorClosed(code)
    span = _clipped(current, *asked)
    with _inside(current):
        channel = _channel(current, code)
        rows: Any = rows_of(channel, span) if span else []
    start, end = span or asked
    log_act(
        grant=current, channels=[code], resolution=RAW, start=start, end=end, who=reader,
        count=len(rows), now=now, act=act,
    )  # fmt: skip
    found: Rows = rows
    return found


@contextmanager
def _inside(grant: DataGrant) -> Iterator[None]:
    """The collector's company, in a transaction of its own that is read-only until it ends."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("set transaction read only")
        with company_context(grant.author):
            yield


def _living(grant: DataGrant, code: str, now: datetime) -> DataGrant:
    # Asked again of the database: the caller's copy may be older than a revocation.
    current = held_grants(now).filter(pk=grant.pk).first()
    if current is None or code not in current.channels:
        raise DoorClosed(code)
    return current


def _channel(grant: DataGrant, code: str) -> Channel:
    channel = Channel.objects.filter(asset_id=grant.asset_id, code=code).first()
    if channel is None:
        raise DoorClosed(code)
    return channel


def _as_told(grant: DataGrant, code: str) -> Channel:
    """The channel as the grant speaks of it."""
    facts = grant.channel_facts.get(code, {})
    return Channel(
        asset_id=grant.asset_id, asset_label=grant.asset_label, code=code,
        title=facts.get("title", code), kind=facts.get("kind", "counter"),
        unit=facts.get("unit", "1"),
    )  # fmt: skip


def _clipped(grant: DataGrant, start: datetime, end: datetime) -> Span | None:
    start = max(start, grant.valid_from)
    end = end if grant.valid_until is None else min(end, grant.valid_until)
    return (start, end) if start < end else None
