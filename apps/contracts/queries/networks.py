"""Contracts of value networks, as far as the current company sees them."""

from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from apps.contracts.models import Contract
from apps.events.models import AuditRow
from apps.networks.queries import member_companies

# Noted of a contract when a company that reads or earns under it leaves its network.
RECIPIENT_LEFT = "recipient_left"


def contracts_in(network_id: UUID) -> QuerySet[Contract]:
    """Contracts of a network, the latest first."""
    rows: QuerySet[Contract] = Contract.objects.filter(network=network_id)
    return rows


def going_on(network_id: UUID) -> QuerySet[Contract]:
    """Those offered or in force."""
    return contracts_in(network_id).filter(
        state__in=[Contract.State.OFFERED, Contract.State.ACTIVE]
    )


def of_company(company_id: int) -> Q:
    """Contracts a company provides or is the customer of."""
    return Q(author=company_id) | Q(customer=company_id)


def names_recipient(company_id: int) -> Q:
    """Contracts whose data clause names a company."""
    return Q(data_clause__contains=[{"company": company_id}])


def companies_gone(contract: Contract) -> set[int]:
    """Companies that have left the network of an own contract since it named them, and are not back."""
    if contract.network_id is None:
        return set()
    rows = AuditRow.objects.filter(subject=contract.public_id, action=RECIPIENT_LEFT)
    gone = {int(details["company"]) for details in rows.values_list("details", flat=True)}
    return gone - member_companies(contract.network_id) if gone else gone


def standing_clause(contract: Contract) -> tuple[dict[str, Any], ...]:
    """The data clause without companies that have left the network."""
    gone = companies_gone(contract) if contract.data_clause else set()
    return tuple(row for row in contract.data_clause if row["company"] not in gone)
