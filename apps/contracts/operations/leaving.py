"""A company leaves a value network: contracts there end with it, and offers are taken back."""

from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from apps.common.period import local_date
from apps.contracts.events import EndedWithNetwork, RecipientLeft
from apps.contracts.models import Contract, PartnerTerms, SplitVersion
from apps.contracts.operations.ending import cancel_unbegun, end_contract
from apps.contracts.operations.grants import ask_for_data
from apps.contracts.operations.offering import withdraw_offer
from apps.contracts.operations.splits import withdraw_split
from apps.contracts.queries.networks import (
    RECIPIENT_LEFT,
    companies_gone,
    going_on,
    names_recipient,
    of_company,
)
from apps.events.operations import publish, record
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
            _tell_own(contract, now)
            continue
        day = first_day_after(contract, left_at, now)
        if day == contract.starts_on:
            cancel_unbegun(contract=contract, now=now, actor=ACTOR)
            _tell_own(contract, now)
        elif contract.ends_on is None or day < contract.ends_on:
            end_contract(contract=contract, ends_on=day, now=now, actor=ACTOR)
            _tell_own(contract, now)
    return len(contracts)


@transaction.atomic
def shut_out(*, network_id: UUID, company_id: int, now: datetime) -> int:
    """In a provider's company: who left the network reads nothing more under the data clauses of its
    contracts there, and takes no part in splits that are not agreed. Returns how many contracts."""
    own = going_on(network_id).filter(author=current_company())
    terms = PartnerTerms.objects.filter(
        partner=company_id, version__state=SplitVersion.State.OFFERED, contract__in=own
    )
    partners = set(terms.values_list("contract", flat=True))
    touched = list(own.filter(names_recipient(company_id) | Q(pk__in=partners)).order_by("id"))
    for contract in touched:
        if company_id not in companies_gone(contract):
            record(
                action=RECIPIENT_LEFT, subject=contract.public_id, now=now, actor=ACTOR,
                details={"company": company_id},
            )  # fmt: skip
        if contract.pk in partners:
            withdraw_split(contract=contract, now=now, actor=ACTOR)
        if contract.state == Contract.State.ACTIVE:
            ask_for_data(contract, now)
            event = RecipientLeft(contract.pk)
            publish(name=event.name, payload=event.payload, now=now, to=[contract.author_id])
    return len(touched)


def _tell_own(contract: Contract, now: datetime) -> None:
    """The provider's people did not do it themselves: the portal did, in their name."""
    event = EndedWithNetwork(contract.pk)
    publish(name=event.name, payload=event.payload, now=now, to=[contract.author_id])


def first_day_after(contract: Contract, left_at: datetime, now: datetime) -> date:
    """The first day not covered any more, never before today; of one that has not begun its first."""
    after = local_date(left_at, contract.time_zone) + timedelta(days=1)
    today = local_date(now, contract.time_zone)
    return max(after, today, contract.starts_on)
