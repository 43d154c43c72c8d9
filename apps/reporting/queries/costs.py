"""What the open periods cost so far, and which day's usage cost how much."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Q

from apps.billing.queries.rates import Conditions, conditions_of
from apps.billing.queries.running import RunningCost, running_cost
from apps.common.money import minor_digits
from apps.common.period import Period
from apps.common.quantity import BadValue, add, parse_decimal
from apps.contracts.models import Contract
from apps.metering.domain.told_apart import windows_from_text
from apps.metering.models import ProvisionalUsage
from apps.pricing.changes import UsageWindows, windows_added
from apps.pricing.groups import Group
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
    group: Group | None = None


class _Used(NamedTuple):
    """How much was used, and by windows of the week where the plan has some."""

    quantity: Decimal
    windows: UsageWindows = None


_NOTHING = _Used(Decimal(0))
Sums = dict[UUID, _Used]


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
    sums: Sums = {row.id: _NOTHING for row in item.usage}
    by_day = _by_day(item.usage)
    try:
        before = conditions.rate(item.contract, item.period, _measured(item.usage, sums))
        for day in sorted(by_day):
            for row_id, used in by_day[day]:
                before_it = sums[row_id]
                sums[row_id] = _Used(
                    add(before_it.quantity, used.quantity),
                    windows_added(before_it.windows, used.windows),
                )
            after = conditions.rate(item.contract, item.period, _measured(item.usage, sums))
            minor = after.totals.net_minor - before.totals.net_minor
            yield day, Decimal(minor).scaleb(-minor_digits(item.contract.currency))
            before = after
    except (PricingError, PlanError, BadValue):
        return


def _by_day(rows: Iterable[ProvisionalUsage]) -> dict[date, list[tuple[UUID, _Used]]]:
    found: dict[date, list[tuple[UUID, _Used]]] = {}
    for row in rows:
        for entry in row.daily:
            read = _entry(entry)
            if read is not None:
                found.setdefault(read[0], []).append((row.id, read[1]))
    return found


def _entry(entry: Mapping[str, Any]) -> tuple[date, _Used] | None:
    try:
        windows = windows_from_text(entry.get("by_window"))
        return date.fromisoformat(entry["day"]), _Used(parse_decimal(entry["quantity"]), windows)
    except (KeyError, ValueError, BadValue):
        return None


def _measured(rows: Iterable[ProvisionalUsage], sums: Sums) -> list[Measured]:
    return [
        Measured(row.meter, row.asset_id, row.asset_label, row.unit, *sums[row.id], row.group)
        for row in rows
    ]
