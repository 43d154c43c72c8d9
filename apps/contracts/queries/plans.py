"""Plan versions of a contract, the open proposal of a next one, and what is signed for it."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Exists

from apps.common.canonical import digest
from apps.common.period import local_date, midnight, period_of
from apps.contracts.models import Contract, PlanProposal, PlanVersion
from apps.contracts.queries.proposals import waits_for_yes
from apps.contracts.queries.spans import is_covered_on


def proposal_content(contract: Contract, valid_from: date, plan: dict[str, Any]) -> str:
    """SHA-256 of what both sign: this plan, for this contract, from this day."""
    return digest({"contract": contract.public_id, "valid_from": valid_from, "plan": plan})


def open_proposal(contract: Contract) -> PlanProposal | None:
    rows = PlanProposal.objects.filter(contract=contract, state=PlanProposal.State.OPEN)
    found: PlanProposal | None = rows.first()
    return found


def starts_a_period(contract: Contract, day: date) -> bool:
    """Whether a billing period of the contract begins on the day."""
    return next_period_start(contract, day, 0) == day


def next_period_start(contract: Contract, day: date, steps: int = 1) -> date:
    """The first day of the period that holds the day (0), or of one that many later."""
    kind, zone = contract.period_kind, contract.time_zone
    period = period_of(kind, zone, midnight(day, zone))
    for _step in range(steps):
        period = period_of(kind, zone, period.end)
    return local_date(period.start, zone)


def acceptable(contract: Contract, proposal: PlanProposal, now: datetime) -> bool:
    """A proposal may be accepted until the day before it is to hold, of a contract in force then."""
    today, begins = local_date(now, contract.time_zone), proposal.valid_from
    is_open = proposal.state == PlanProposal.State.OPEN and is_covered_on(contract, begins)
    return is_open and today < begins


def prices_to_accept(today: date) -> Exists:
    """A condition on contracts: new prices wait for the current company's yes."""
    return waits_for_yes(PlanProposal, today)


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A version as the contract's page lists it."""

    version: PlanVersion
    in_force: bool
    later: bool


def versions_of(contract: Contract, now: datetime) -> list[VersionRow]:
    """All versions, the latest first. One query, none where they were prefetched."""
    today = max(local_date(now, contract.time_zone), contract.starts_on)
    rows = sorted(contract.plans.all(), key=lambda row: -row.number)
    begun = [row for row in rows if row.valid_from <= today]
    current = max(begun, key=lambda row: (row.valid_from, row.number), default=None)
    return [VersionRow(row, row is current, row.valid_from > today) for row in rows]
