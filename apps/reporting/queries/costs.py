"""What the open periods cost so far, and which day's usage cost how much."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from django.db.models import Q

from apps.billing.queries.rates import Conditions, conditions_of
from apps.billing.queries.running import RunningCost, running_cost
from apps.common.money import minor_digits
from apps.common.period import Period
from apps.common.quantity import BadValue, add, parse_decimal
from apps.contracts.models import Contract
from apps.metering.models import ProvisionalUsage
from apps.pricing.changes import UsageWindows
from apps.pricing.registry import PlanError
from apps.pricing.values import PricingError
from apps.tenancy.context import current_company

PROVIDER, CUSTOMER = "provider", "customer"


@dataclass(frozen=True, slots=True)
class Total:
    """One side and currency; amounts in minor units. `without`: contracts that cannot be priced."""

    side: str
    currency: str
    contracts: int = 0
    net_minor: int = 0
    gross_minor: int = 0
    without: int = 0
    last_reading_at: datetime | None = None


class Measured(NamedTuple):
    """One asset's usage under a meter, as rating takes it."""

    meter: str
    asset_id: UUID
    asset_label: str
    unit: str
    quantity: Decimal
    windows: UsageWindows = None


class OpenPeriod(NamedTuple):
    contract: Contract
    usage: list[ProvisionalUsage]

    @property
    def period(self) -> Period:
        return Period(self.usage[0].period_start, self.usage[0].period_end)


def running_totals(*, now: datetime) -> list[Total]:
    """Totals of the open periods, the provider's side first, by currency."""
    own, totals = current_company().pk, dict[tuple[str, str], Total]()
    running = Contract.objects.filter(state=Contract.State.ACTIVE)
    for cost in running_cost(running, now).values():
        side = PROVIDER if cost.contract.author_id == own else CUSTOMER
        key = (side, cost.contract.currency)
        totals[key] = _with(totals.get(key) or Total(*key), cost)
    return [totals[key] for key in sorted(totals, key=lambda key: (key[0] != PROVIDER, key[1]))]


def _with(total: Total, cost: RunningCost) -> Total:
    heard = [at for at in (cost.last_reading_at, total.last_reading_at) if at is not None]
    latest = max(heard, default=None)
    if cost.rated is None:
        return replace(total, without=total.without + 1, last_reading_at=latest)
    return replace(
        total, contracts=total.contracts + 1, last_reading_at=latest,
        net_minor=total.net_minor + cost.rated.totals.net_minor,
        gross_minor=total.gross_minor + cost.rated.totals.gross_minor,
    )  # fmt: skip


def open_periods(condition: Q, now: datetime) -> list[OpenPeriod]:
    """Running contracts whose open period has usage, with that usage. Two queries."""
    usage: dict[UUID, list[ProvisionalUsage]] = {}
    for row in ProvisionalUsage.objects.filter(period_start__lte=now, period_end__gt=now):
        usage.setdefault(row.contract_id, []).append(row)
    contracts = Contract.objects.filter(condition, state=Contract.State.ACTIVE, id__in=list(usage))
    return [OpenPeriod(contract, usage[contract.id]) for contract in contracts]


def cost_of_days(*, side: str, currency: str, now: datetime) -> list[tuple[date, Decimal]]:
    """What each day's usage added to the net amount, in whole currency units.

    A day's cost is the price of all usage up to it less that of the days before, so that tiers
    count as they will on the invoice; fees that no usage causes are not in it.
    """
    own = current_company().pk
    ours = Q(author=own) if side == PROVIDER else Q(customer=own)
    opened = open_periods(ours & Q(currency=currency), now)
    conditions = conditions_of([(item.contract, item.period) for item in opened])
    cost: dict[date, Decimal] = {}
    for item in opened:
        for day, minor in _contract_days(item, conditions):
            cost[day] = cost.get(day, Decimal(0)) + minor
    return sorted(cost.items())


def _contract_days(item: OpenPeriod, conditions: Conditions) -> Iterator[tuple[date, Decimal]]:
    sums = {row.id: Decimal(0) for row in item.usage}
    by_day = _by_day(item.usage)
    try:
        before = conditions.rate(item.contract, item.period, _measured(item.usage, sums))
        for day in sorted(by_day):
            for row_id, quantity in by_day[day]:
                sums[row_id] = add(sums[row_id], quantity)
            after = conditions.rate(item.contract, item.period, _measured(item.usage, sums))
            minor = after.totals.net_minor - before.totals.net_minor
            yield day, Decimal(minor).scaleb(-minor_digits(item.contract.currency))
            before = after
    except (PricingError, PlanError, BadValue):
        return


def _by_day(rows: Iterable[ProvisionalUsage]) -> dict[date, list[tuple[UUID, Decimal]]]:
    found: dict[date, list[tuple[UUID, Decimal]]] = {}
    for row in rows:
        for entry in row.daily:
            read = _entry(entry)
            if read is not None:
                found.setdefault(read[0], []).append((row.id, read[1]))
    return found


def _entry(entry: Mapping[str, str]) -> tuple[date, Decimal] | None:
    try:
        return date.fromisoformat(entry["day"]), parse_decimal(entry["quantity"])
    except (KeyError, ValueError, BadValue):
        return None


def _measured(rows: Iterable[ProvisionalUsage], sums: Mapping[UUID, Decimal]) -> list[Measured]:
    return [
        Measured(row.meter, row.asset_id, row.asset_label, row.unit, sums[row.id]) for row in rows
    ]
