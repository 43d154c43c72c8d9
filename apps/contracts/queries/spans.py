"""From the days a contract names to instants in its zone."""

from datetime import date, datetime

from django.db.models import F, Q

from apps.common.period import midnight
from apps.contracts.models import Contract, ContractItem

# Of a proposal: what begins on its day begins while its contract is in force.
BEGINS_IN_FORCE = Q(contract__state=Contract.State.ACTIVE) & (
    Q(contract__ends_on=None) | Q(valid_from__lt=F("contract__ends_on"))
)


def contract_span(contract: Contract) -> tuple[datetime, datetime | None]:
    """The instants a contract begins and ends at (None: open)."""
    zone, end = contract.time_zone, contract.ends_on
    return midnight(contract.starts_on, zone), None if end is None else midnight(end, zone)


def item_span(contract: Contract, item: ContractItem) -> tuple[datetime, datetime | None]:
    """When an item is covered: its own days within those of the contract."""
    zone = contract.time_zone
    first = max(contract.starts_on, item.starts_on or contract.starts_on)
    ends = [day for day in (contract.ends_on, item.covered_until) if day is not None]
    return midnight(first, zone), midnight(min(ends), zone) if ends else None


def is_covered_on(contract: Contract, day: date) -> bool:
    """Whether what begins on a day begins while the contract is in force."""
    in_force = contract.state == Contract.State.ACTIVE
    return in_force and (contract.ends_on is None or day < contract.ends_on)
