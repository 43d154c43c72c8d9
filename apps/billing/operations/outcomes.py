"""What became of the items of a run, written in one statement."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import connection
from psycopg.types.json import Jsonb

from apps.billing.models import RunItem

UPDATE = """
update public.billing_runitem item
set state = given.state, reason = given.reason, params = given.params,
    invoice_id = given.invoice, net_minor = given.net
from unnest(%s::uuid[], %s::text[], %s::text[], %s::jsonb[], %s::uuid[], %s::bigint[])
    as given(id, state, reason, params, invoice, net)
where item.id = given.id
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """An item's new state; `net_minor` in the contract's currency."""

    item: RunItem
    state: str
    reason: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    invoice_id: UUID | None = None
    net_minor: int | None = None


def parked(item: RunItem, reason: str, params: Mapping[str, Any]) -> Outcome:
    shown = {name: str(value)[:200] for name, value in params.items()}
    return Outcome(item, RunItem.State.PARKED, reason[:60], shown)


def note_outcomes(outcomes: Iterable[Outcome]) -> None:
    """Write the outcomes in the caller's transaction."""
    rows = list(outcomes)
    if not rows:
        return
    values: list[Any] = [
        [row.item.id for row in rows],
        [str(row.state) for row in rows],
        [row.reason for row in rows],
        [Jsonb(dict(row.params)) for row in rows],
        [row.invoice_id for row in rows],
        [row.net_minor for row in rows],
    ]
    with connection.cursor() as cursor:
        cursor.execute(UPDATE, values)
