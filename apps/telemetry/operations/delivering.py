"""Hours and days delivered under hourly and daily grants, as shared rows, while the grants live.

The collector's own job writes them: what is new, what a late reading changed, and takes away what
is no more. Each delivery is logged for everybody who sees the grant.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from itertools import chain
from uuid import UUID

from django.db import transaction

from apps.assets.models import DataGrant, GrantedSeries, GrantRead
from apps.assets.operations import log_act
from apps.assets.queries import series_grants
from apps.common.fields import uuid7
from apps.common.period import local_date, midnight
from apps.telemetry.domain.granted import HOUR, Slot, whole_days, whole_hours
from apps.telemetry.models import Channel
from apps.telemetry.operations.pushing import ring_pushes
from apps.telemetry.queries.hours import hours_of
from apps.tenancy.bulk import insert_all

_DAY = timedelta(days=1)


def deliver_for(
    *, now: datetime, since: datetime | None, assets: Iterable[UUID] | None = None,
    grants: Iterable[UUID] | None = None, after_each: Callable[[], None] = lambda: None,
) -> int:  # fmt: skip
    """Deliver under own living grants (on these assets, or these grants alone), a transaction each.

    Only hours and days from `since` on are looked at; None: all of the grant. `after_each` is called
    behind each transaction. Returns how many rows were written or taken away.
    """
    rows = series_grants(now)
    if assets is not None:
        rows = rows.filter(asset__in=list(assets))
    if grants is not None:
        rows = rows.filter(pk__in=list(grants))
    count = 0
    for key in rows.values_list("pk", flat=True):
        count += _deliver(key, since, now)
        after_each()
    return count


@transaction.atomic
def _deliver(key: UUID, since: datetime | None, now: datetime) -> int:
    # Held until the end: whoever takes the grant back meanwhile deletes these rows, too.
    grant = series_grants(now).filter(pk=key).select_for_update(of=("self",)).first()
    if grant is None:
        return 0
    start = _start_of(grant, since)
    until = now if grant.valid_until is None else min(now, grant.valid_until)
    channels = Channel.objects.filter(asset_id=grant.asset_id, code__in=grant.channels)
    written = [
        _write(grant, channel.code, start, _slots(grant, channel, start, until), now)
        for channel in channels
    ]
    changed = [instant for starts, _gone in written for instant in starts]
    changed += _tidy(grant) if since is None else []
    if changed:
        _log(grant, changed, now)
        gone = [slot for _starts, slots in written for slot in slots]
        ring_pushes(grant=grant, gone=gone, now=now)
    return len(changed)


def _start_of(grant: DataGrant, since: datetime | None) -> datetime:
    if since is None:
        return grant.valid_from
    if grant.resolution == DataGrant.Resolution.DAILY:
        since = midnight(local_date(since, grant.time_zone), grant.time_zone)
    return max(since, grant.valid_from)


def _slots(grant: DataGrant, channel: Channel, start: datetime, until: datetime) -> list[Slot]:
    hours = hours_of(channel, start, until)
    if grant.resolution == DataGrant.Resolution.DAILY:
        return whole_days(hours, grant.time_zone, start, until)
    return whole_hours(hours, start, until)


def _write(
    grant: DataGrant, code: str, start: datetime, slots: Sequence[Slot], now: datetime
) -> tuple[list[datetime], list[tuple[str, datetime]]]:
    """Make the delivered rows from `start` on these. Returns the beginnings of those that changed,
    and which of them are no more."""
    stored = GrantedSeries.objects.filter(grant=grant, channel=code, start__gte=start)
    before = {row.start: row for row in stored}
    wanted = {slot.start: slot for slot in slots}
    new = [_row(grant, code, slot, now) for slot in slots if slot.start not in before]
    other = [row for at, row in before.items() if at in wanted and _differs(row, wanted[at])]
    gone = [row for at, row in before.items() if at not in wanted]
    for row in other:
        _take(row, wanted[row.start], now)
    insert_all(GrantedSeries, new)
    GrantedSeries.objects.bulk_update(other, [*Slot._fields[1:], "delivered_at"], batch_size=500)
    GrantedSeries.objects.filter(pk__in=[row.pk for row in gone]).delete()
    return [row.start for row in chain(new, other, gone)], [(code, row.start) for row in gone]


def _row(grant: DataGrant, code: str, slot: Slot, now: datetime) -> GrantedSeries:
    return GrantedSeries(
        id=uuid7(), author_id=grant.author_id, parties=_readers(grant), grant=grant, channel=code,
        delivered_at=now, **slot._asdict(),
    )  # fmt: skip


def _readers(grant: DataGrant) -> list[int]:
    """Who sees the values: both companies. Who uses the asset sees that they were delivered."""
    return sorted({grant.author_id, grant.grantee_id})


def _differs(row: GrantedSeries, slot: Slot) -> bool:
    return any(getattr(row, name) != getattr(slot, name) for name in Slot._fields)


def _take(row: GrantedSeries, slot: Slot, now: datetime) -> None:
    for name in Slot._fields:
        setattr(row, name, getattr(slot, name))
    row.delivered_at = now


def _tidy(grant: DataGrant) -> list[datetime]:
    """Take away what the grant, as it is now, does not cover."""
    rows = GrantedSeries.objects.filter(grant=grant)
    loose = rows.exclude(channel__in=grant.channels, start__gte=grant.valid_from)
    found = list(loose.values_list("start", flat=True))
    loose.delete()
    return found


def _log(grant: DataGrant, changed: Sequence[datetime], now: datetime) -> None:
    length = HOUR if grant.resolution == DataGrant.Resolution.HOURLY else _DAY
    log_act(
        grant=grant, channels=grant.channels, resolution=grant.resolution, start=min(changed),
        end=max(changed) + length, who="", count=len(changed), now=now,
        act=GrantRead.Act.DELIVERED,
    )  # fmt: skip


def since_day(day: date) -> datetime:
    """The first instant at which an hour or local day of a changed UTC day may begin."""
    return midnight(day, "UTC") - _DAY
