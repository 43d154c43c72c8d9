"""Acts under grants: reads of what was delivered, and their log."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from apps.assets.models import DataGrant, GrantedSeries, GrantRead
from apps.assets.queries.grants import held_grants
from apps.tenancy.context import current_company

Act = GrantRead.Act


class NotGranted(LookupError):
    """No living grant covers what was asked for. Said to the asker like any absent thing."""


def read_series(
    *, grant: DataGrant, channel_code: str, start: datetime, end: datetime, reader: str,
    now: datetime, act: str = Act.READ,
) -> list[GrantedSeries]:  # fmt: skip
    """The delivered hours or days that begin in [start, end), in order; the read is logged.

    Raises NotGranted when the grant does not live, is not ours, or does not name the channel.
    """
    current = held_grants(now).filter(pk=grant.pk).first()
    if current is None or channel_code not in current.channels:
        raise NotGranted(channel_code)
    rows = list(
        GrantedSeries.objects.filter(
            grant=current, channel=channel_code, start__gte=start, start__lt=end
        ).order_by("start")
    )
    log_act(
        grant=current, channels=[channel_code], resolution=current.resolution, start=start, end=end,
        who=reader, count=len(rows), now=now, act=act,
    )  # fmt: skip
    return rows


def log_act(
    *, grant: DataGrant, channels: Iterable[str], resolution: str, start: datetime, end: datetime,
    who: str, count: int, now: datetime, act: str = Act.READ,
) -> GrantRead:  # fmt: skip
    """A row that every party of the grant sees."""
    row: GrantRead = GrantRead.objects.create(
        author=current_company(), parties=grant.parties, grant=grant, act=act, reader=who[:200],
        channels=list(channels), resolution=resolution, period_start=start,
        period_end=max(end, start + timedelta(microseconds=1)), row_count=count, read_at=now,
    )  # fmt: skip
    return row
