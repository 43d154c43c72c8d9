"""The same figures as metering, without writing anything."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from apps.common.period import Period
from apps.contracts.models import Contract, ContractItem
from apps.metering.models import BilledPeriod, MeteringOrder
from apps.metering.queries.answers import NotMetered, UsagePreview
from apps.metering.queries.measuring import Asked, Used
from apps.metering.queries.periods import covered_part, orders_of
from apps.metering.queries.records import latest_records
from apps.metering.queries.sorting import measure_quantities
from apps.tenancy.context import current_company

Wanted = Sequence[tuple[Contract, Period]]


def missing_orders(wanted: Wanted, orders: dict[UUID, list[MeteringOrder]]) -> set[UUID]:
    """Contracts that have items without an order: their activation is not worked in yet."""
    keys = [contract.pk for contract, _ in wanted]
    ordered = {order.item_id for found in orders.values() for order in found}
    items = ContractItem.objects.filter(contract__among=keys).values_list("contract", "pk")
    return {contract for contract, item in items if item not in ordered}


def usage_preview(*, wanted: Wanted, now: datetime) -> dict[UUID, list[UsagePreview] | NotMetered]:
    """By contract: what each item used in its period, or why that cannot be said."""
    orders = orders_of(contract.pk for contract, _ in wanted)
    unready = missing_orders(wanted, orders)
    own = current_company().pk
    asked: list[Asked] = []
    answers: dict[UUID, list[UsagePreview] | NotMetered] = {}
    for contract, period in wanted:
        if period.end > now:
            answers[contract.pk] = NotMetered("period_not_over")
        elif contract.pk in unready:
            answers[contract.pk] = NotMetered("no_order")
        else:
            answers[contract.pk] = []
            asked += [
                Asked(order, span)
                for order in orders.get(contract.pk, [])
                if order.collector_id == own and (span := covered_part(order, period))
            ]
    _add_own(answers, asked)
    _add_recorded(answers, wanted, orders)
    return answers


def _add_own(answers: dict[UUID, list[UsagePreview] | NotMetered], asked: Sequence[Asked]) -> None:
    for ask, found in zip(asked, measure_quantities(asked), strict=True):
        so_far = answers[ask.order.contract_id]
        if isinstance(so_far, NotMetered):
            continue
        if isinstance(found, NotMetered):
            answers[ask.order.contract_id] = found
        else:
            so_far.append(_preview(ask.order, found))


def _preview(order: MeteringOrder, used: Used) -> UsagePreview:
    return UsagePreview(
        order.item_id, order.asset_id, order.asset_label, order.meter, order.unit,
        used.quantity, used.windows, order.group,
    )  # fmt: skip


def _add_recorded(
    answers: dict[UUID, list[UsagePreview] | NotMetered], wanted: Wanted,
    orders: dict[UUID, list[MeteringOrder]],
) -> None:  # fmt: skip
    """What other companies collect counts once they have recorded it."""
    own = current_company().pk
    foreign = {
        (contract.pk, period.start): [
            order for order in orders.get(contract.pk, [])
            if order.collector_id != own and covered_part(order, period)
        ]
        for contract, period in wanted
    }  # fmt: skip
    waiting = {key: found for key, found in foreign.items() if found}
    if not waiting:
        return
    rows = BilledPeriod.objects.filter(contract__in={contract for contract, _ in waiting})
    periods = {(row.contract_id, row.start): row.pk for row in rows}
    records = latest_records(periods.values())
    for (contract, start), found in waiting.items():
        so_far = answers[contract]
        if isinstance(so_far, NotMetered):
            continue
        standing = records.get(periods.get((contract, start)), [])  # type: ignore[arg-type]
        by_item = {(row.item_id, row.author_id): row for row in standing}
        for order in found:
            row = by_item.get((order.item_id, order.collector_id))
            if row is None:
                answers[contract] = NotMetered("waiting_for_collector")
                break
            so_far.append(_preview(order, Used(row.quantity, row.windows)))
