"""What an open period costs so far: the price the run would invoice for the usage up to now."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from apps.billing.domain.rating import RatedPeriod
from apps.billing.queries.rates import conditions_of
from apps.common.period import Period
from apps.common.quantity import BadValue
from apps.contracts.models import Contract
from apps.metering.models import ProvisionalUsage
from apps.pricing.registry import PlanError
from apps.pricing.values import PricingError


@dataclass(frozen=True, slots=True)
class RunningCost:
    """Provisional figures of one contract; `rated` None: `reason` says why there is no price."""

    contract: Contract
    period: Period
    rated: RatedPeriod | None
    reason: str
    last_reading_at: datetime | None
    as_of: datetime

    @property
    def net_minor(self) -> int | None:
        return None if self.rated is None else self.rated.totals.net_minor

    @property
    def gross_minor(self) -> int | None:
        return None if self.rated is None else self.rated.totals.gross_minor


def running_cost(contracts: Iterable[Contract], now: datetime) -> dict[UUID, RunningCost]:
    """By contract, where there is provisional usage of the period that holds `now`.

    For both sides of a contract; five queries, however many contracts.
    """
    chosen = {contract.id: contract for contract in contracts}
    usage: dict[UUID, list[ProvisionalUsage]] = {}
    rows = ProvisionalUsage.objects.filter(
        contract_id__in=list(chosen), period_start__lte=now, period_end__gt=now
    )
    for row in rows:
        usage.setdefault(row.contract_id, []).append(row)
    wanted = [(chosen[key], _period(found)) for key, found in usage.items()]
    conditions = conditions_of(wanted)
    costs: dict[UUID, RunningCost] = {}
    for contract, period in wanted:
        rated, reason = None, ""
        try:
            rated = conditions.rate(contract, period, usage[contract.id])
        except (PricingError, PlanError, BadValue) as problem:
            reason = problem.reason
        costs[contract.id] = RunningCost(
            contract,
            period,
            rated,
            reason,
            _latest(usage[contract.id]),
            max(row.as_of for row in usage[contract.id]),
        )
    return costs


def _period(rows: list[ProvisionalUsage]) -> Period:
    return Period(rows[0].period_start, rows[0].period_end)


def _latest(rows: list[ProvisionalUsage]) -> datetime | None:
    heard = [row.last_reading_at for row in rows if row.last_reading_at is not None]
    return max(heard, default=None)
