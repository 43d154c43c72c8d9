"""Service periods of contracts and their metering orders."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from uuid import UUID

from django.db.models import Q

from apps.common.period import Period, local_date, midnight, period_of, periods_between
from apps.contracts.models import Contract, PlanVersion
from apps.metering.domain.parts import Stay
from apps.metering.models import BilledPeriod, MeteringOrder


def first_period(contract: Contract) -> Period:
    """The calendar period that holds the contract's first day."""
    start = midnight(contract.starts_on, contract.time_zone)
    return period_of(contract.period_kind, contract.time_zone, start)


def opening_period(contract: Contract) -> Period:
    """The period before the first one: fees in advance of the first are billed with it."""
    before = first_period(contract).start - timedelta(microseconds=1)
    return period_of(contract.period_kind, contract.time_zone, before)


def billed_ahead(contracts: Iterable[Contract]) -> set[UUID]:
    """Contracts that began with a fee in advance, so that their first invoice is for it alone."""
    rows = PlanVersion.objects.filter(
        contract__among=[contract.pk for contract in contracts], number=1,
        plan__charges__contains=[{"timing": "advance"}],
    )  # fmt: skip
    return set(rows.values_list("contract_id", flat=True))


def first_starts(contracts: Sequence[Contract]) -> dict[UUID, datetime]:
    """By contract when the first period begins that is billed. One query."""
    ahead = billed_ahead(contracts)
    return {
        contract.pk: (opening_period if contract.pk in ahead else first_period)(contract).start
        for contract in contracts
    }


def current_period(order: MeteringOrder, now: datetime) -> Period:
    """The calendar period of the order's contract that holds `now`."""
    return period_of(order.period_kind, order.time_zone, now)


def covered_part(order: MeteringOrder, period: Period) -> Period | None:
    """What of the period the order's item is covered for."""
    start = max(order.starts_at, period.start)
    end = period.end if order.ends_at is None else min(order.ends_at, period.end)
    if _comes_later(order, end):
        return None
    return Period(start, end) if start < end else None


def _comes_later(order: MeteringOrder, end: datetime) -> bool:
    """Whether a component comes to another collector's hosts only after an instant."""
    if not order.follows_host or order.collector_id == order.author_id:
        return False
    return all(Stay.from_dict(row).start >= end for row in order.stays)


def periods_due(contracts: Sequence[Contract], until: datetime) -> dict[UUID, list[Period]]:
    """By contract, oldest first: periods that end at or before `until` and are not billed."""
    billed = set(
        BilledPeriod.objects.filter(
            contract__among=[contract.pk for contract in contracts], state=BilledPeriod.State.BILLED
        ).values_list("contract", "start")
    )
    ahead = billed_ahead(contracts)
    return {
        contract.pk: [
            period
            for period in _periods(contract, until, contract.pk in ahead)
            if (contract.pk, period.start) not in billed
        ]
        for contract in contracts
    }


def periods_over(contract: Contract, until: datetime) -> tuple[Period, ...]:
    """The contract's periods that end by an instant, oldest first, billed or not; none of one that was
    cancelled before it began."""
    return _calendar(
        contract.period_kind, contract.time_zone, contract.starts_on, contract.ends_on, until
    )


def _periods(contract: Contract, until: datetime, ahead: bool) -> Iterable[Period]:
    begins = contract.ends_on is None or contract.starts_on < contract.ends_on
    if ahead and begins and midnight(contract.starts_on, contract.time_zone) <= until:
        yield opening_period(contract)
    yield from periods_over(contract, until)


@lru_cache(maxsize=1024)
def _calendar(
    kind: str, zone: str, starts_on: date, ends_on: date | None, until: datetime
) -> tuple[Period, ...]:
    """Periods that are over by then. Many contracts of a run share theirs."""
    if ends_on is not None and ends_on <= starts_on:
        return ()
    first = local_date(period_of(kind, zone, midnight(starts_on, zone)).start, zone)
    last = local_date(until, zone)
    if ends_on is not None:
        last = min(last, ends_on)
    return tuple(
        period for period in periods_between(kind, zone, first, last) if period.end <= until
    )


def orders_of(contract_ids: Iterable[UUID]) -> dict[UUID, list[MeteringOrder]]:
    """Metering orders by contract."""
    found: dict[UUID, list[MeteringOrder]] = {}
    for order in MeteringOrder.objects.filter(contract_id__among=list(contract_ids)):
        found.setdefault(order.contract_id, []).append(order)
    return found


def metered_since(assets: set[UUID], since: datetime) -> set[UUID]:
    """Which of these assets a contract meters, or their hosts for it, at any time from the instant on."""
    lasting = MeteringOrder.objects.filter(Q(ends_at=None) | Q(ends_at__gt=since))
    asked = lasting.filter(Q(asset_id__in=assets) | Q(host_ids__overlap=list(assets)))
    rows = asked.values_list("asset_id", "host_ids")
    return assets & {key for asset, hosts in rows for key in (asset, *hosts)}
