"""Metering orders of components: to whoever collects from the hosts that carry them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.assets.models import Mounting
from apps.assets.queries import component_tree, components_below
from apps.contracts.domain.uses import Use, within
from apps.contracts.models import Contract, ContractItem
from apps.contracts.operations import grant_host_data
from apps.contracts.queries import item_span
from apps.events.operations import publish
from apps.metering.domain.parts import Stay
from apps.metering.domain.stays import stays_of
from apps.metering.models import MeteringOrder, UsageRecord
from apps.metering.operations.missing import want_missing
from apps.metering.queries.calendars import calendars_by_meter
from apps.metering.queries.mounted import carried_row
from apps.tenancy.context import current_company

_REWRITTEN = ["parties", "stays", "host_ids", "asset_label", "calendars"]


def write_component_orders(contract: Contract, items: Sequence[ContractItem]) -> None:
    """Orders of a contract's components as they are mounted now. Twice is once.

    The provider always has one of its own, so that a component that was never mounted used
    nothing; another collector has one while a stay on a host of its own stands, and keeps it where
    it has recorded usage: that is measured again when the stay turns out to have been a mistake.
    """
    if not items:
        return
    tree = component_tree(item.asset_id for item in items)
    collectors = {row.host_id: row.collector_id for row in tree}
    calendars = calendars_by_meter(contract)
    recorded = _recorded(items)
    rows = [
        _order(contract, item, collector, stays, calendars.get(item.meter, []))
        for item in items
        for collector, stays in _by_collector(
            item, tree, collectors,
            [contract.author_id, *(author for key, author in recorded if key == item.pk)],
        ).items()
    ]  # fmt: skip
    MeteringOrder.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["author", "item_id", "collector"],
        update_fields=_REWRITTEN, batch_size=500,
    )  # fmt: skip
    kept = {(row.item_id, row.collector_id) for row in rows}
    standing = MeteringOrder.objects.filter(item_id__in=[item.pk for item in items])
    gone = [row.pk for row in standing if (row.item_id, row.collector_id) not in kept]
    MeteringOrder.objects.filter(pk__in=gone).delete()


def _recorded(items: Sequence[ContractItem]) -> set[tuple[UUID, int]]:
    """By item the companies that have written usage of it."""
    rows = UsageRecord.objects.filter(item_id__in=[item.pk for item in items])
    return set(rows.values_list("item_id", "author_id"))


@transaction.atomic
def follow_mountings(*, mounting_ids: Iterable[UUID], now: datetime) -> int:
    """In the provider's company: orders of own components that a mounting moved, grants on their
    hosts, and word to who collects. Returns how many orders there are now."""
    moved = Mounting.objects.filter(pk__in=list(mounting_ids)).values_list("component", flat=True)
    items = ContractItem.objects.written_by(current_company()).filter(
        follows_host=True, asset__in=components_below(moved),
        contract__state__in=[Contract.State.ACTIVE, Contract.State.ENDED],
    )  # fmt: skip
    by_contract: dict[UUID, list[ContractItem]] = {}
    for item in items.select_related("contract"):
        by_contract.setdefault(item.contract_id, []).append(item)
    count = 0
    for found in by_contract.values():
        contract = found[0].contract
        before = collectors_of_hosts(contract)
        write_component_orders(contract, found)
        want_host_data(contract, now, before)
        orders = list(MeteringOrder.objects.filter(item_id__in=[item.pk for item in found]))
        tell_collectors(orders, now)
        want_missing(contract_ids=[contract.pk], now=now)
        count += len(orders)
    return count


def collectors_of_hosts(contract: Contract) -> set[int]:
    """Companies that have orders on the components of an own contract."""
    rows = MeteringOrder.objects.filter(contract_id=contract.pk, follows_host=True)
    return set(rows.values_list("collector", flat=True))


def want_host_data(contract: Contract, now: datetime, before: Iterable[int] = ()) -> None:
    """Grants for both parties on the hosts that a contract's components follow, for the time of their
    stays; `before`: who collected from hosts until now, and may not any more."""
    wanted: dict[int, dict[UUID, list[Use]]] = {collector: {} for collector in before}
    for order in MeteringOrder.objects.filter(contract_id=contract.pk, follows_host=True):
        hosts = wanted.setdefault(order.collector_id, {})
        for stay in (Stay.from_dict(row) for row in order.stays):
            read = [(stay.host, order.channel_code)]
            read += [(condition.asset, condition.channel) for condition in stay.conditions]
            for host, code in read:
                use = within(Use(code, stay.start, stay.end), order.starts_at, order.ends_at)
                hosts.setdefault(UUID(host), []).append(use)
    for collector, uses in wanted.items():
        grant_host_data(contract=contract, collector=collector, uses=uses, now=now)


@transaction.atomic
def narrow_host_data(*, contract_id: UUID, now: datetime) -> int:
    """In the provider's company: grants on hosts as the contract's data clause stands now. Returns how
    many companies collect from them."""
    contract = Contract.objects.written_by(current_company()).get(pk=contract_id)
    collectors = collectors_of_hosts(contract)
    want_host_data(contract, now, collectors)
    return len(collectors)


def tell_collectors(orders: Iterable[MeteringOrder], now: datetime) -> None:
    """The running usage of what is ordered begins, or begins anew."""
    assets: dict[int, set[str]] = {}
    for order in orders:
        named = assets.setdefault(order.collector_id, set())
        named |= {str(order.asset_id), *map(str, order.host_ids)}
    for collector in sorted(assets):
        publish(
            name="metering.ordered", payload={"assets": sorted(assets[collector])}, now=now,
            to=[collector],
        )  # fmt: skip


def _by_collector(
    item: ContractItem, tree: Iterable[Mounting], collectors: dict[UUID, int], always: Iterable[int]
) -> dict[int, list[Stay]]:
    carried = [carried_row(row, item.channel_code) for row in tree]
    found: dict[int, list[Stay]] = {company: [] for company in always}
    for stay in stays_of(str(item.asset_id), carried):
        found.setdefault(collectors[UUID(stay.host)], []).append(stay)
    return found


def _order(
    contract: Contract, item: ContractItem, collector: int, stays: Sequence[Stay],
    calendars: list[dict[str, Any]],
) -> MeteringOrder:  # fmt: skip
    starts_at, ends_at = item_span(contract, item)
    assets = {stay.host for stay in stays}
    assets |= {condition.asset for stay in stays for condition in stay.conditions}
    return MeteringOrder(
        author_id=contract.author_id, parties=sorted({contract.author_id, collector}),
        collector_id=collector, contract_id=contract.pk, item_id=item.pk,
        customer_id=contract.customer_id, asset_id=item.asset_id, asset_label=item.asset_label,
        meter=item.meter, channel_code=item.channel_code, unit=item.unit,
        time_zone=contract.time_zone, period_kind=contract.period_kind, starts_at=starts_at,
        ends_at=ends_at, follows_host=True, stays=[stay.to_dict() for stay in stays],
        host_ids=sorted(UUID(asset) for asset in assets), calendars=calendars,
        group_of=item.group_of,
    )  # fmt: skip
