"""What every write of a contract needs: the row under lock, and who may write it."""

from uuid import UUID

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from apps.contracts.models import Contract
from apps.networks.queries import member_companies
from apps.tenancy.context import current_company


def locked(contract_id: UUID) -> Contract:
    """The own contract, locked until the transaction ends. Raises Contract.DoesNotExist."""
    rows = Contract.objects.written_by(current_company()).select_for_update(of=("self",))
    found: Contract = rows.select_related("customer", "author").get(pk=contract_id)
    return found


def must_be_draft(contract: Contract) -> None:
    """Raises ValidationError."""
    if contract.state != Contract.State.DRAFT:
        raise ValidationError(_("Only a draft can be changed. Withdraw the offer first."))


def both(contract: Contract) -> list[int]:
    """Keys of provider and customer."""
    return sorted({contract.author_id, contract.customer_id})


def are_members(contract: Contract) -> bool:
    """Whether both parties play a role in the contract's network now; of one without, always."""
    network = contract.network_id
    return network is None or set(both(contract)) <= member_companies(network)
