"""Activation, in the provider's company: both have signed what the contract says now."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.contracts.events import ContractActivated
from apps.contracts.models import Contract, Signature
from apps.contracts.operations.common import are_members, both, locked
from apps.contracts.operations.grants import ask_for_data
from apps.contracts.queries import content_sha256
from apps.events.operations import publish, record


@transaction.atomic
def activate_contract(*, contract_id: UUID, now: datetime) -> bool:
    """Put a contract in force that both have signed. False when it is not, or is already."""
    contract = locked(contract_id)
    if contract.state != Contract.State.OFFERED or not _signed_by_both(contract):
        return False
    if not are_members(contract):
        return False
    contract.state, contract.activated_at = Contract.State.ACTIVE, now
    contract.agreed_ends_on = contract.ends_on
    contract.save(update_fields=["state", "activated_at", "agreed_ends_on"])
    record(
        action="contract_activated", subject=contract.public_id, now=now,
        also=[contract.customer_id],
    )  # fmt: skip
    ask_for_data(contract, now)
    event = ContractActivated(contract.pk)
    publish(name=event.name, payload=event.payload, now=now, to=both(contract))
    return True


def _signed_by_both(contract: Contract) -> bool:
    signatures = Signature.objects.filter(
        contract=contract, content_sha256=content_sha256(contract)
    )
    return set(both(contract)) <= set(signatures.values_list("author", flat=True))
