"""Records that billed periods lack: a component turned out to have been on another collector's host."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from apps.common.canonical import instant_text
from apps.common.period import Period, local_date, periods_between
from apps.events.operations import publish
from apps.metering.events import MeteringReadable, MeteringWanted
from apps.metering.models import BilledPeriod, MeteringOrder, UsageRecord
from apps.metering.queries import covered_part
from apps.tenancy.context import current_company


def want_missing(*, contract_ids: Iterable[UUID], now: datetime) -> int:
    """In the provider's company: ask other collectors for what billed periods of its contracts lack.

    Returns how many records are asked for. What comes corrects the period.
    """
    own = current_company()
    orders = MeteringOrder.objects.written_by(own).filter(
        contract_id__in=list(contract_ids), follows_host=True
    ).exclude(collector=own)  # fmt: skip
    by_contract: dict[UUID, list[MeteringOrder]] = {}
    for order in orders:
        by_contract.setdefault(order.contract_id, []).append(order)
    if not by_contract:
        return 0
    billed = BilledPeriod.objects.filter(
        contract_id__in=list(by_contract), state=BilledPeriod.State.BILLED
    )
    rows = UsageRecord.objects.filter(billed_period__in=billed)
    recorded = set(rows.values_list("billed_period_id", "item_id", "author_id"))
    missing = [
        (period, order) for period in billed for order in by_contract[period.contract_id]
        if covered_part(order, Period(period.start, period.end)) is not None
        and (period.pk, order.item_id, order.collector_id) not in recorded
    ]  # fmt: skip
    for period, collector in dict.fromkeys((row, order.collector_id) for row, order in missing):
        _want(period, collector, now)
    return len(missing)


def _want(period: BilledPeriod, collector: int, now: datetime) -> None:
    spans = instant_text(period.start), instant_text(period.end)
    event = MeteringWanted(((period.pk, period.contract_id, *spans),))
    publish(name=event.name, payload=event.payload, now=now, to=[collector])


def tell_readable(*, asset_ids: Iterable[UUID], now: datetime) -> int:
    """In the company that collects: what could not be recorded once may be, for these hosts were read.

    Tells the providers of orders with a period that is over and has no record. Returns how many
    contracts; when all are recorded it costs a query.
    """
    own = current_company()
    orders = list(
        MeteringOrder.objects.filter(
            collector=own, follows_host=True, host_ids__overlap=list(asset_ids)
        ).exclude(author=own)
    )
    if not orders:
        return 0
    records = UsageRecord.objects.written_by(own).filter(
        item_id__in={order.item_id for order in orders}
    )
    recorded = set(records.values_list("item_id", "starts_at"))
    lacking: dict[int, set[UUID]] = {}
    for order in orders:
        if any((order.item_id, part.start) not in recorded for part in _over(order, now)):
            lacking.setdefault(order.author_id, set()).add(order.contract_id)
    for provider, contracts in lacking.items():
        event = MeteringReadable(tuple(sorted(contracts)))
        publish(name=event.name, payload=event.payload, now=now, to=[provider])
    return sum(len(contracts) for contracts in lacking.values())


def _over(order: MeteringOrder, now: datetime) -> list[Period]:
    """What an order covers of the contract's periods that are over."""
    until = now if order.ends_at is None else min(now, order.ends_at)
    days = local_date(order.starts_at, order.time_zone), local_date(until, order.time_zone)
    if days[0] > days[1]:
        return []
    periods = periods_between(order.period_kind, order.time_zone, *days)
    parts = [covered_part(order, period) for period in periods]
    return [part for part in parts if part is not None and part.end <= now]
