"""The one module that opens another company's data: under a living grant, and every read logged."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from apps.assets.models import DataGrant, GrantRead
from apps.telemetry.domain.belief import Reading
from apps.telemetry.models import Channel, HourRollup
from apps.telemetry.queries.readings import readings_between, readings_page
from apps.tenancy.context import company_context, current_company
from apps.tenancy.models import Company

FINENESS = {"daily": 0, "hourly": 1, "raw": 2}


class DoorClosed(LookupError):
    """No living grant covers what was asked for. Said to the asker like any absent thing."""


def living_grants(now: datetime) -> QuerySet[DataGrant]:
    """Grants the current company holds that are begun, not over and not revoked."""
    return DataGrant.objects.filter(
        Q(valid_until=None) | Q(valid_until__gt=now), grantee=current_company(), revoked_at=None,
        valid_from__lte=now,
    ).select_related("author")  # the asset itself need not be visible to the grantee  # fmt: skip


def grant_for(
    *, asset_id: UUID, channel_code: str, resolution: str, now: datetime
) -> DataGrant | None:
    """The finest living grant the current company holds on this channel, at least this fine."""
    found = [
        grant for grant in living_grants(now).filter(asset=asset_id, channels__contains=[channel_code])
        if FINENESS[grant.resolution] >= FINENESS[resolution]
    ]  # fmt: skip
    return max(found, key=lambda grant: FINENESS[grant.resolution], default=None)


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
    with _opened(grant, channel_code, "raw", start, end, reader, now) as (channel, span, log):
        log.extend(readings_between(channel, *span) if span else [])
    return list(log)


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
) -> list[tuple[datetime, bytes, Decimal]]:
    """The same a page at a time, without the opening reading."""
    with _opened(grant, channel_code, "raw", start, end, reader, now) as (channel, span, log):
        log.extend(readings_page(channel, *span, limit, after) if span else [])
    return list(log)


def hours_under_grant(
    *,
    grant: DataGrant,
    channel_code: str,
    start: datetime,
    end: datetime,
    reader: str,
    now: datetime,
    resolution: str = "hourly",
) -> list[tuple[datetime, Decimal]]:
    """(hour, usage) of the collector's roll-ups, clipped to the grant.

    Ask with resolution `daily` where the caller adds the hours up to days before showing them.
    """
    with _opened(grant, channel_code, resolution, start, end, reader, now) as (channel, span, log):
        if span:
            hours = HourRollup.objects.filter(channel=channel, hour__gte=span[0], hour__lt=span[1])
            log.extend(hours.order_by("hour").values_list("hour", "usage"))
    return list(log)


def channel_under_grant(*, grant: DataGrant, channel_code: str, now: datetime) -> Channel:
    """What the channel is (kind, unit, title); no readings, so not logged. Raises DoorClosed."""
    _check(grant, channel_code, "daily", now)
    return _inside(grant.author, grant.asset_id, channel_code)


@contextmanager
def _opened(
    grant: DataGrant,
    code: str,
    resolution: str,
    start: datetime,
    end: datetime,
    reader: str,
    now: datetime,
) -> Iterator[tuple[Channel, tuple[datetime, datetime] | None, list[Any]]]:
    """Inside: the collector's company. After: ours again, and the read is logged."""
    _check(grant, code, resolution, now)
    span = _clipped(grant, start, end)
    rows: list[Any] = []
    with company_context(grant.author):
        channel = Channel.objects.filter(asset_id=grant.asset_id, code=code).first()
        if channel is None:
            raise DoorClosed(code)
        yield channel, span, rows
    _log(grant, code, resolution, span or (start, end), reader, len(rows), now)


def _inside(company: Company, asset_id: UUID, code: str) -> Channel:
    with company_context(company):
        channel = Channel.objects.filter(asset_id=asset_id, code=code).first()
    if channel is None:
        raise DoorClosed(code)
    return channel


def _check(grant: DataGrant, code: str, resolution: str, now: datetime) -> None:
    # Asked again of the database: the caller's copy may be older than a revocation.
    current = living_grants(now).filter(pk=grant.pk).first()
    if current is None or code not in current.channels:
        raise DoorClosed(code)
    if FINENESS[current.resolution] < FINENESS[resolution]:
        raise DoorClosed(code)


def _clipped(grant: DataGrant, start: datetime, end: datetime) -> tuple[datetime, datetime] | None:
    start = max(start, grant.valid_from)
    end = end if grant.valid_until is None else min(end, grant.valid_until)
    return (start, end) if start < end else None


def _log(
    grant: DataGrant,
    code: str,
    resolution: str,
    span: tuple[datetime, datetime],
    reader: str,
    count: int,
    now: datetime,
) -> None:
    company = current_company()
    GrantRead.objects.create(
        author=company, parties=sorted({company.pk, grant.author_id}), grant=grant,
        reader=reader[:200], channels=[code], resolution=resolution, period_start=span[0],
        period_end=max(span[1], span[0] + timedelta(microseconds=1)), row_count=count, read_at=now,
    )  # fmt: skip
