"""How long readings are kept: the edge before which they are refused, and months that go.

What was worked out of them (days, hours, jumps, doubts) stays; the readings themselves go month by
month, the oldest first. The database drops a month only when nobody may still need it.
"""

import time
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils.translation import gettext as _

from apps.common.period import add_months, midnight
from apps.events.operations import record
from apps.telemetry.models import RetentionEdge
from apps.telemetry.operations.channels import company_key
from apps.telemetry.operations.storing import forget_months, in_schema
from apps.telemetry.queries.retention import months_of_readings

EDGE_REMEMBERED = 30.0
SHORTEST, LONGEST = 12, 600  # months
_edges: dict[tuple[str, int], tuple[float, datetime | None, int]] = {}


def retention_edge(now: datetime) -> datetime:
    """The instant from which readings are kept. Remembered for half a minute in this process."""
    earliest, months = _settings()
    return earliest if earliest is not None else _kept_since(now, months)


def _kept_since(now: datetime, months: int) -> datetime:
    """The first instant of the UTC month so many months ago."""
    first = now.astimezone(UTC).date().replace(day=1)
    return midnight(add_months(first, -months), "UTC")


def _settings() -> tuple[datetime | None, int]:
    key, present = company_key(), time.monotonic()
    until, earliest, months = _edges.get(key, (0.0, None, RetentionEdge.KEEP_MONTHS))
    if until < present:
        row = RetentionEdge.objects.filter(pk=1).values_list("earliest", "keep_months").first()
        earliest, months = row or (None, RetentionEdge.KEEP_MONTHS)
        if not connection.in_atomic_block:
            _edges[key] = (present + EDGE_REMEMBERED, earliest, months)
    return earliest, months


def keep_from(*, earliest: datetime, now: datetime) -> None:
    """Move the edge back so that an import of old files is taken in. Never forward."""
    forget_edge()
    if earliest < retention_edge(now):
        _write(earliest=earliest)


def keep_readings_for(*, months: int, now: datetime, by: Any) -> None:
    """Keep readings for so many months from now on. Raises ValidationError outside 12 to 600."""
    if not SHORTEST <= months <= LONGEST:
        words = _("Readings are kept for %(shortest)s to %(longest)s months.")
        raise ValidationError({"months": words % {"shortest": SHORTEST, "longest": LONGEST}})
    with transaction.atomic():
        _write(keep_months=months)
        record(action="telemetry.retention_set", now=now, actor=by, details={"months": months})


def drop_old_months(*, needed_from: datetime, now: datetime) -> list[str]:
    """Drop whole months of readings, the oldest first, up to the first that must stay.

    A month stays while it is younger than the company keeps readings, while a reading at or after
    `needed_from` lies in it, while one of its days waits to be worked in, or while one of its
    readings came in within the last 90 days. Returns the months that went, such as '2014-03'.
    """
    forget_edge()
    dropped = []
    edge = _kept_since(now, _settings()[1])
    for month in months_of_readings():
        if month.end > min(edge, needed_from) or not _drop(month.name, needed_from, now):
            break
        dropped.append(month.name)
        _move_on(month.end)
    if dropped:
        forget_months()
        record(action="telemetry.months_dropped", now=now, details={"months": dropped})
    return dropped


def _drop(month: str, needed_from: datetime, now: datetime) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            in_schema("select {schema}.telemetry_drop_month(%s::date, %s, %s)"),
            [f"{month}-01", needed_from, now],
        )
        return bool(cursor.fetchone()[0])


def _move_on(end: datetime) -> None:
    """An edge that an import moved back follows the months that went."""
    RetentionEdge.objects.filter(pk=1, earliest__lt=end).update(earliest=end)
    forget_edge()


def _write(**values: Any) -> None:
    RetentionEdge.objects.update_or_create(pk=1, defaults=values)
    forget_edge()


def forget_edge() -> None:
    """Read the company's edge again."""
    _edges.pop(company_key(), None)
