"""What was refused at intake, and what is stored and not believed."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from apps.telemetry.models import Channel, Disbelief, RefusedItem


def refused_items() -> QuerySet[RefusedItem]:
    """Refused and conflicting items, latest first."""
    return RefusedItem.objects.all()


def disbelieved_readings() -> QuerySet[Disbelief]:
    """Readings that are stored and not believed, with their channels."""
    return Disbelief.objects.select_related("channel")


def open_counts() -> tuple[int, int]:
    """(refused items nobody has decided on, readings not believed that nobody declared wrong)."""
    refused = RefusedItem.objects.filter(state=RefusedItem.State.OPEN)
    disbelieved = Disbelief.objects.exclude(reason="declared_wrong")
    # One question instead of two: the home page asks it at every visit.
    with connection.cursor() as cursor:
        sql, parameters = _counted(refused, disbelieved)
        cursor.execute(sql, parameters)
        found: tuple[int, int] = cursor.fetchone()
    return found


def _counted(*rows: QuerySet[Any]) -> tuple[str, list[Any]]:
    parts = [query.order_by().values("pk").query.sql_with_params() for query in rows]
    columns = ", ".join(f"(select count(*) from ({sql}) counted)" for sql, _ in parts)
    return f"select {columns}", [value for _, values in parts for value in values]


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
