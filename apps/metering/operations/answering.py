"""What becomes of declared readings where they are collected; the customer reads it on its page."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.metering.models import DeclaredAnswer, MeteringOrder
from apps.telemetry.domain.sources import DECLARED, stored_at
from apps.telemetry.operations import Outcome
from apps.telemetry.queries.declared import Word, words_on
from apps.tenancy.context import current_company

STORED = ("accepted", "duplicate")
NOT_COLLECTED = "not_collected"


def answer_first(
    order: MeteringOrder, read_at: datetime, generation: int, outcome: Outcome, now: datetime
) -> None:
    """In the collector's company: it is being checked, or refused and why. Twice is once."""
    company = current_company()
    is_stored = outcome.status in STORED
    state = DeclaredAnswer.State.TAKEN if is_stored else DeclaredAnswer.State.REFUSED
    reason = "" if is_stored else outcome.reason or outcome.status
    DeclaredAnswer.objects.get_or_create(
        author=company, item_id=order.item_id, read_at=read_at, generation=generation,
        defaults={
            "parties": sorted({company.pk, order.author_id, order.customer_id}),
            "asset_id": order.asset_id, "state": state, "reason": reason,
            "params": {key: str(value) for key, value in outcome.params.items()}, "answered_at": now,
        },
    )  # fmt: skip


def answer_declared(*, asset_ids: Iterable[UUID], now: datetime) -> int:
    """In the collector's company: what is believed now of what was declared. Returns how many moved.

    A word may be doubted or believed long after it was stored: others came, or a person judged.
    """
    rows = DeclaredAnswer.objects.written_by(current_company())
    by_item: dict[UUID, list[DeclaredAnswer]] = defaultdict(list)
    for row in rows.filter(asset_id__in=list(asset_ids)):
        by_item[row.item_id].append(row)
    orders = MeteringOrder.objects.filter(collector=current_company(), item_id__in=by_item)
    return sum(_answered(order, by_item[order.item_id], now) for order in orders)


def _answered(order: MeteringOrder, rows: Iterable[DeclaredAnswer], now: datetime) -> int:
    places = {stored_at(row.read_at, row.generation): row for row in rows}
    words = words_on(
        order.asset_id, order.channel_code, places,
        beside_device=order.agreed_meter.sources != (DECLARED,),
    )  # fmt: skip
    return sum(_moved(places[at], word, now) for at, word in words.items())


def _moved(row: DeclaredAnswer, word: Word, now: datetime) -> bool:
    states = DeclaredAnswer.State
    facts: Mapping[str, Any] = {
        "state": states.NOT_BELIEVED if word.reason else states.COUNTS,
        "reason": word.reason, "params": dict(word.params),
    }  # fmt: skip
    if all(getattr(row, name) == value for name, value in facts.items()):
        return False
    for name, value in facts.items():
        setattr(row, name, value)
    row.answered_at = now
    row.save(update_fields=[*facts, "answered_at"])
    return True
