"""Contracts of value networks, as far as the current company sees them."""

from uuid import UUID

from django.db.models import Q, QuerySet

from apps.contracts.models import Contract


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
