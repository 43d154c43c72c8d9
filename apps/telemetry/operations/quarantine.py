"""Keeping what was refused: its raw form or its hash, once however often it is sent."""

import json
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any

from django.db import connection, transaction

from apps.common.fields import uuid7
from apps.events.operations import publish
from apps.telemetry.events import ReadingsRefused
from apps.telemetry.models import RefusedItem
from apps.telemetry.operations.judgement import Outcome, RawItem, storable
from apps.telemetry.operations.storing import in_schema, raw_cursor
from apps.telemetry.queries.quarantine import refused_since

LARGEST_RAW = 4096
MOST_TOLD = 10_000
_LONGEST_SOURCE = 160
_FIELDS = ("asset", "channel", "time", "value", "id", "interval_start", "unit", "source")
_AT_ONCE = 1000
RawOf = Callable[[int], str]

_KEEP = """
insert into {schema}.telemetry_refuseditem
    (id, received_at, source, position, outcome, reason, params, raw, raw_sha256, state, decided_by)
select id, %s, source, position, outcome, reason, params, raw, raw_sha256, 'open', ''
from jsonb_to_recordset(%s::jsonb) as sent (
    id uuid, source text, position int, outcome text, reason text, params jsonb, raw text,
    raw_sha256 text
)
on conflict do nothing
"""


def keep_refused(
    *,
    outcomes: Iterable[tuple[RawItem, Outcome]],
    source: str,
    now: datetime,
    raw_of: RawOf | None = None,
) -> None:
    """Write refused and conflicting items to quarantine."""
    _write([_row(item, outcome, source, raw_of) for item, outcome in outcomes], now)


def keep_unreadable(
    *, problems: Sequence[tuple[int, str, dict[str, str], str]], source: str, now: datetime
) -> None:
    """Write items whose form is not that of an item: (position, reason, params, raw)."""
    rows = [
        _refused(position, "refused", reason, params, source, raw)
        for position, reason, params, raw in problems
    ]
    _write(rows, now)


def _write(rows: Sequence[dict[str, Any]], now: datetime) -> None:
    """A statement for each thousand; a row that is there already stays as it is."""
    statement = in_schema(_KEEP)
    with transaction.atomic(savepoint=False), connection.wrap_database_errors:
        with closing(raw_cursor()) as cursor:
            for first in range(0, len(rows), _AT_ONCE):
                cursor.execute(statement, [now, json.dumps(rows[first : first + _AT_ONCE])])


def _row(item: RawItem, outcome: Outcome, source: str, raw_of: RawOf | None) -> dict[str, Any]:
    fields = _fields_of(item)
    raw = item.raw or (raw_of(item.position) if raw_of else "")
    raw = raw or json.dumps(fields, ensure_ascii=False, default=str)
    params: dict[str, Any] = dict(outcome.params)
    if len(json.dumps(fields, default=str)) <= LARGEST_RAW:
        params["item"] = fields
    return _refused(
        item.position, outcome.status, outcome.reason, params, item.source or source, raw
    )


def _refused(
    position: int, outcome: str, reason: str, params: dict[str, Any], source: str, raw: str
) -> dict[str, Any]:
    digest = sha256(raw.encode("utf-8", "replace")).hexdigest()
    raw = storable(raw)
    return {
        "id": str(uuid7()),
        "source": storable(source)[:_LONGEST_SOURCE],
        "position": position,
        "outcome": outcome,
        "reason": reason[:40],
        "params": params,
        "raw_sha256": digest,
        "raw": raw if len(raw.encode()) <= LARGEST_RAW else "",
    }


def _fields_of(item: RawItem) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name in _FIELDS:
        value = getattr(item, name)
        if isinstance(value, datetime):
            value = value.isoformat()
        if isinstance(value, (str, Decimal)):
            value = storable(str(value))
        if value is not None and value != "":
            fields[name] = value
    return fields


def item_of(refused: RefusedItem) -> RawItem | None:
    """The item as it was sent, to take it in again; None where only its hash is kept."""
    fields = refused.params.get("item") if isinstance(refused.params, dict) else None
    if not isinstance(fields, dict):
        return None
    known = {name: fields[name] for name in _FIELDS if name in fields}
    defaults = {"asset": "", "channel": "", "time": "", "value": ""}
    return RawItem(refused.position, raw=refused.raw, **{**defaults, **known})


@transaction.atomic
def tell_refused(*, now: datetime) -> int:
    """Publish how many items of the last day were refused and wait; nothing where there are none."""
    count = refused_since(now - timedelta(days=1), MOST_TOLD)
    if count:
        event = ReadingsRefused(count)
        publish(name=event.name, payload=event.payload, now=now)
    return count
