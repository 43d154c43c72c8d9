"""Metering orders: all a collector needs to see of a contract item."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from apps.assets.models import Asset
from apps.contracts.models import Contract, ContractItem
from apps.contracts.queries import item_span
from apps.metering.models import MeteringOrder
from apps.metering.operations.components import (
    collectors_of_hosts,
    tell_collectors,
    want_host_data,
    write_component_orders,
)
from apps.metering.queries.calendars import calendars_by_meter
from apps.tenancy.context import current_company


@transaction.atomic
def order_usage(*, contract_id: UUID, now: datetime) -> int:
    """In the provider's company: write the orders of a contract in force, ask for the grants its
    components need, and tell who collects. Returns how many orders there are."""
    contract = Contract.objects.get(pk=contract_id)
    before = collectors_of_hosts(contract)
    orders = write_orders(contract_id=contract_id)
    if any(order.follows_host for order in orders):
        want_host_data(contract, now, before)
    tell_collectors(orders, now)
    return len(orders)


@transaction.atomic
def write_orders(*, contract_id: UUID) -> list[MeteringOrder]:
    """In the provider's company: one order per item of its contract in force, of a component one
    per company that collects from its hosts. Twice is once."""
    own = Contract.objects.written_by(current_company())
    contract = own.filter(pk=contract_id, state=Contract.State.ACTIVE).first()
    if contract is None:
        return []
    items = list(ContractItem.objects.filter(contract=contract))
    collectors = dict(
        Asset.objects.filter(pk__in={item.asset_id for item in items}).values_list("pk", "author")
    )
    calendars = calendars_by_meter(contract)
    rows = [
        _order(contract, item, collectors[item.asset_id], calendars.get(item.meter, []))
        for item in items if item.asset_id in collectors and not item.follows_host
    ]  # fmt: skip
    MeteringOrder.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)
    write_component_orders(contract, [item for item in items if item.follows_host])
    return list(MeteringOrder.objects.filter(contract_id=contract_id))


def _order(
    contract: Contract, item: ContractItem, collector: int, calendars: list[dict[str, Any]]
) -> MeteringOrder:
    starts_at, ends_at = item_span(contract, item)
    return MeteringOrder(
        author_id=contract.author_id, parties=sorted({contract.author_id, collector}),
        collector_id=collector, contract_id=contract.pk, item_id=item.pk,
        customer_id=contract.customer_id, asset_id=item.asset_id, asset_label=item.asset_label,
        meter=item.meter, channel_code=item.channel_code, unit=item.unit,
        time_zone=contract.time_zone, period_kind=contract.period_kind, starts_at=starts_at,
        ends_at=ends_at, calendars=calendars, measure=item.measure, counting=item.counting,
        group_of=item.group_of, meter_terms=item.meter_terms,
    )  # fmt: skip


@transaction.atomic
def follow_plan(*, contract_id: UUID, now: datetime) -> int:
    """In the provider's company: windows of the week of a new plan version, and word to who
    collects. Returns how many orders have others than before."""
    contract = Contract.objects.written_by(current_company()).get(pk=contract_id)
    calendars = calendars_by_meter(contract)
    orders = MeteringOrder.objects.filter(contract_id=contract_id).select_for_update()
    moved = [order for order in orders if order.calendars != calendars.get(order.meter, [])]
    for order in moved:
        order.calendars = calendars.get(order.meter, [])
    MeteringOrder.objects.bulk_update(moved, ["calendars"], batch_size=500)
    tell_collectors(moved, now)
    return len(moved)


@transaction.atomic
def follow_cover(*, contract_id: UUID, now: datetime) -> int:
    """In the provider's company: orders of assets that came to a contract in force, and the end of
    those that go. Returns how many orders there are. Twice is once."""
    contract = Contract.objects.written_by(current_company()).get(pk=contract_id)
    gone = ContractItem.objects.filter(contract=contract, withdrawn_on__isnull=False)
    for item in gone:
        _start, until = item_span(contract, item)
        orders = MeteringOrder.objects.filter(contract_id=contract_id, item_id=item.pk)
        if until is not None:
            _end(orders, until, now)
    return order_usage(contract_id=contract_id, now=now)


def note_evidenced(*, contract_id: UUID, until: datetime) -> int:
    """In the provider's company: evidence is stored up to this instant. Returns how many orders."""
    own = MeteringOrder.objects.written_by(current_company()).filter(contract_id=contract_id)
    return own.filter(Q(evidenced_until=None) | Q(evidenced_until__lt=until)).update(
        evidenced_until=until
    )


@transaction.atomic
def end_orders(*, contract_id: UUID, ends_at: datetime, now: datetime) -> int:
    """In the provider's company: orders of a contract end no later than this, and with them the grants
    on hosts that carry its components. Returns how many."""
    own = MeteringOrder.objects.written_by(current_company()).filter(contract_id=contract_id)
    count = _end(own, ends_at, now)
    if own.filter(follows_host=True).exists():
        want_host_data(Contract.objects.get(pk=contract_id), now)
    return count


def _end(orders: QuerySet[MeteringOrder], ends_at: datetime, now: datetime) -> int:
    """Who collects is told: a gap that was bridged by what is read after the new end is none any more."""
    later = list(orders.filter(Q(ends_at=None) | Q(ends_at__gt=ends_at)).select_for_update())
    MeteringOrder.objects.filter(pk__in=[order.pk for order in later]).update(ends_at=ends_at)
    tell_collectors(later, now)
    return len(later)
