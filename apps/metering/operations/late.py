"""Late readings: records whose days have moved are measured again, and the provider is told."""

from collections.abc import Iterable, Mapping, Sequence, Set
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from apps.common.period import Period
from apps.events.operations import publish
from apps.metering.events import MeteringCorrected
from apps.metering.models import MeteringOrder, UsageRecord
from apps.metering.operations.recording import Target, record_usage
from apps.metering.queries import Asked, NotMetered
from apps.metering.queries.late import late_records
from apps.tenancy.context import current_company


@transaction.atomic
def record_late(*, asset_ids: Iterable[UUID], since: date, now: datetime) -> int:
    """Write a new generation of every record that a change of `since` or a later day has moved.

    In the company that collects. Providers hear of the periods, and of those whose readings do
    not suffice any more. Returns how many records were late; twice is once.
    """
    late = late_records(asset_ids, since)
    if not late:
        return 0
    orders = {
        order.item_id: order
        for order in MeteringOrder.objects.filter(
            collector=current_company(), item_id__in={row.item_id for row in late}
        )
    }
    rows = [row for row in late if row.item_id in orders]
    earlier: dict[UUID, list[UsageRecord]] = {}
    for row in rows:
        earlier.setdefault(row.billed_period_id, []).append(row)
    found = record_usage([_target(row, orders[row.item_id]) for row in rows], earlier, now)
    same = {key for key, answer in found.items() if not _differs(answer, earlier[key])}
    providers = {row.billed_period_id: orders[row.item_id].author_id for row in rows}
    _tell(found, same, providers, now)
    return len(late)


def _target(row: UsageRecord, order: MeteringOrder) -> Target:
    return Target(row.billed_period_id, Asked(order, Period(row.starts_at, row.ends_at)))


def _differs(answer: Sequence[UsageRecord] | NotMetered, earlier: Sequence[UsageRecord]) -> bool:
    """Whether anything but the versions moved: only that is worth another rating."""
    if isinstance(answer, NotMetered):
        return True
    before = {row.item_id: row for row in earlier}
    return any(not row.says_the_same(before[row.item_id]) for row in answer)


def _tell(
    found: Mapping[UUID, Sequence[UsageRecord] | NotMetered], same: Set[UUID],
    providers: Mapping[UUID, int], now: datetime,
) -> None:  # fmt: skip
    told: dict[int, list[tuple[UUID, str, dict[str, str]]]] = {}
    unchanged: dict[int, list[UUID]] = {}
    for period, answer in found.items():
        if period in same:
            unchanged.setdefault(providers[period], []).append(period)
        else:
            told.setdefault(providers[period], []).append((period, *_reason(answer)))
    for provider in sorted({*told, *unchanged}):
        event = MeteringCorrected(tuple(told.get(provider, ())), tuple(unchanged.get(provider, ())))
        publish(name=event.name, payload=event.payload, now=now, to=[provider])


def _reason(answer: Sequence[UsageRecord] | NotMetered) -> tuple[str, dict[str, str]]:
    if not isinstance(answer, NotMetered):
        return "", {}
    return answer.reason, {name: str(value) for name, value in answer.params.items()}
