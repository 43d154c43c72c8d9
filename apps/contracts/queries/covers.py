"""Changes of what a contract in force covers."""

from datetime import date, datetime
from typing import Any

from django.db.models import Exists

from apps.common.canonical import digest
from apps.common.period import local_date
from apps.contracts.models import Contract, ContractItem, CoverChange
from apps.contracts.queries.proposals import waits_for_yes
from apps.contracts.queries.spans import is_covered_on


def change_content(
    contract: Contract, valid_from: date, added: list[Any], withdrawn: list[str]
) -> str:
    """SHA-256 of what both sign: these channels come and go, of this contract, from this day."""
    return digest({
        "contract": contract.public_id, "valid_from": valid_from, "added": added,
        "withdrawn": withdrawn,
    })  # fmt: skip


def open_change(contract: Contract) -> CoverChange | None:
    rows = CoverChange.objects.filter(contract=contract, state=CoverChange.State.OPEN)
    found: CoverChange | None = rows.first()
    return found


def can_be_accepted(contract: Contract, change: CoverChange, now: datetime) -> bool:
    """A change may be accepted until the day before it is to hold, of a contract in force then."""
    today = local_date(now, contract.time_zone)
    is_open = change.state == CoverChange.State.OPEN and is_covered_on(contract, change.valid_from)
    return is_open and today < change.valid_from


def covers_to_accept(today: date) -> Exists:
    """A condition on contracts: a change of assets waits for the current company's yes."""
    return waits_for_yes(CoverChange, today)


def covered_on(contract: Contract, day: date) -> list[ContractItem]:
    """The items that are covered on a day, in the contract's order. One query."""
    items = ContractItem.objects.filter(contract=contract)
    return [
        item for item in items
        if (item.starts_on is None or item.starts_on <= day)
        and (item.covered_until is None or day < item.covered_until)
    ]  # fmt: skip
