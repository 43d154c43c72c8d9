"""Which periods a run bills."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from apps.billing.models import Correction
from apps.common.period import Period, month_period
from apps.contracts.models import Contract
from apps.metering.models import BilledPeriod
from apps.metering.queries import periods_due
from apps.tenancy.context import current_company

# Zones reach 14 hours ahead of UTC and 12 behind.
WIDEST = timedelta(hours=14)
# What a run looks at in each of its contracts.
ASKED = ("author", "starts_on", "ends_on", "period_kind", "time_zone", "currency")
BILLABLE = (Contract.State.ACTIVE, Contract.State.ENDED)


def parked_periods(among: Iterable[UUID]) -> list[UUID]:
    """Billed periods of these whose correction is parked."""
    parked = Correction.objects.written_by(current_company()).filter(
        billed_period__among=list(among), state=Correction.State.PARKED
    )
    return list(parked.values_list("billed_period_id", flat=True))


def due_periods(
    label: str, now: datetime, contracts: Iterable[Contract] | None = None
) -> list[tuple[Contract, Period]]:
    """Unbilled periods that are over and end within the month or before, of our own contracts."""
    own = Contract.objects.written_by(current_company()).filter(state__in=BILLABLE).only(*ASKED)
    if contracts is not None:
        own = own.filter(id__among=[contract.id for contract in contracts])
    chosen = {contract.id: contract for contract in own.order_by("id")}
    latest = min(now, month_period(label, "UTC").end + WIDEST)
    due = {key: set(found) for key, found in periods_due(list(chosen.values()), latest).items()}
    for key, period in _opened_again(chosen, latest):
        due[key].add(period)
    return [
        (chosen[key], period)
        for key, periods in due.items()
        for period in sorted(periods)
        if period.end <= month_period(label, chosen[key].time_zone).end
    ]


def _opened_again(
    contracts: Mapping[UUID, Contract], latest: datetime
) -> Iterator[tuple[UUID, Period]]:
    """Periods that were metered once and are not billed, such as those of a discarded draft."""
    rows = BilledPeriod.objects.filter(contract_id__among=list(contracts), end__lte=latest)
    for row in rows.exclude(state=BilledPeriod.State.BILLED):
        yield row.contract_id, Period(row.start, row.end)
