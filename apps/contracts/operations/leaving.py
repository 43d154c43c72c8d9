"""A company leaves a value network: contracts there end with it, and offers are taken back."""

from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction

from apps.common.period import local_date
from apps.contracts.models import Contract
from apps.contracts.operations.ending import end_contract
from apps.contracts.operations.offering import withdraw_offer
from apps.contracts.queries.networks import going_on, of_company
from apps.tenancy.context import current_company

ACTOR = "network"


@transaction.atomic
def end_with_member(*, network_id: UUID, company_id: int, left_at: datetime, now: datetime) -> int:
    """In a provider's company: end its contracts with, or as, a company that left their network.

    The day it left is the last one covered. Returns how many contracts changed; twice is once.
    """
    own = going_on(network_id).filter(author=current_company())
    contracts = list(own.filter(of_company(company_id)).order_by("id"))
    for contract in contracts:
        if contract.state == Contract.State.OFFERED:
            withdraw_offer(contract=contract, now=now, actor=ACTOR)
            continue
        day = first_day_after(contract, left_at, now)
        if contract.ends_on is None or day < contract.ends_on:
            end_contract(contract=contract, ends_on=day, now=now, actor=ACTOR)
    return len(contracts)


def first_day_after(contract: Contract, left_at: datetime, now: datetime) -> date:
    """The first day not covered any more, never before today; one that has not begun has its first day."""
    after = local_date(left_at, contract.time_zone) + timedelta(days=1)
    today = local_date(now, contract.time_zone)
    return max(after, today, contract.starts_on + timedelta(days=1))
