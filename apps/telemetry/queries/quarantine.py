"""What was refused at intake, and what is stored and not believed."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from apps.telemetry.models import Channel, Disbelief, RefusedItem
from apps.tenancy.queries import one_row


def refused_items() -> QuerySet[RefusedItem]:
    """Refused and conflicting items, latest first."""
    return RefusedItem.objects.all()


def disbelieved_readings() -> QuerySet[Disbelief]:
    """Readings that are stored and not believed, with their channels."""
    return Disbelief.objects.select_related("channel")


_OPEN = """
select
    (select count(*) from (
        select from telemetry_refuseditem where state = 'open' limit %(most)s
    ) found) refused,
    (select count(*) from (
        select from telemetry_disbelief where reason <> 'declared_wrong' limit %(most)s
    ) found) disbelieved
"""


def open_counts(most: int) -> tuple[int, int]:
    """(refused items nobody has decided on, readings not believed that nobody declared wrong).

    Nothing is counted beyond `most`.
    """
    found = one_row(_OPEN, most=most)
    return found["refused"], found["disbelieved"]


def refused_since(since: datetime, most: int) -> int:
    """How many refused items of this time nobody has decided on; not counted beyond `most`."""
    rows = RefusedItem.objects.filter(received_at__gte=since, state=RefusedItem.State.OPEN)
    return rows.order_by()[:most].count()


def disbeliefs_within(
    channel: Channel, start: datetime, end: datetime
) -> dict[tuple[datetime, bytes | None], Disbelief]:
    """By instant and event key the disbeliefs of a stretch."""
    rows = Disbelief.objects.filter(channel=channel, measured_at__gte=start, measured_at__lte=end)
    return {(row.measured_at, _bytes(row.event_key)): row for row in rows}


def _bytes(key: Any) -> bytes | None:
    return None if key is None else bytes(key)


def refused_named(keys: Iterable[object]) -> QuerySet[RefusedItem]:
    """Open refused items with these keys."""
    return RefusedItem.objects.filter(pk__in=list(keys), state=RefusedItem.State.OPEN)
