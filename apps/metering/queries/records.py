"""Usage records as they stand."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import QuerySet

from apps.metering.models import UsageRecord


def latest_records(period_ids: Iterable[UUID]) -> dict[UUID, list[UsageRecord]]:
    """By billed period, the newest record of each item."""
    newest: dict[tuple[UUID, UUID, int], UsageRecord] = {}
    rows = UsageRecord.objects.filter(billed_period__among=list(period_ids))
    for row in rows.order_by("billed_period", "meter", "asset_label", "id", "generation"):
        key = (row.billed_period_id, row.item_id, row.author_id)
        if key not in newest or newest[key].generation < row.generation:
            newest[key] = row
    found: dict[UUID, list[UsageRecord]] = {}
    for row in newest.values():
        found.setdefault(row.billed_period_id, []).append(row)
    return found


def records_of_contract(contract_id: UUID) -> QuerySet[UsageRecord]:
    """All records of a contract, newest period first."""
    rows: QuerySet[UsageRecord] = UsageRecord.objects.filter(billed_period__contract=contract_id)
    return rows.select_related("billed_period").order_by(
        "-billed_period__start", "meter", "asset_label", "-generation"
    )
