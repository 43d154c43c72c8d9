"""The customer's yes, in its own portal, to exactly what its page shows."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.contracts.events import ContractSigned
from apps.contracts.models import Contract, Signature
from apps.contracts.operations.common import both
from apps.contracts.queries import content_sha256
from apps.events.operations import publish, record
from apps.subscriptions.operations import note_sponsor
from apps.tenancy.context import current_company


class OfferChanged(ValidationError):
    """What was on the page is not what is offered now."""


@transaction.atomic
def sign_contract(*, contract_id: UUID, content: str, now: datetime, actor: Any) -> Signature:
    """Sign the content with this SHA-256. Twice is once.

    An offer withdrawn and made again unchanged keeps its signature; it is announced again.
    Raises Contract.DoesNotExist, OfferChanged, ValidationError.
    """
    company = current_company()
    contract = Contract.objects.select_related("author").get(pk=contract_id, customer=company)
    earlier = Signature.objects.filter(author=company, contract=contract, content_sha256=content)
    found: Signature | None = earlier.first()
    if found is not None:
        if contract.state == Contract.State.OFFERED:
            _announce(contract, now)
        if contract.offered_at and found.signed_at < contract.offered_at:
            _record(contract, content, now, actor)
        return found
    if contract.state != Contract.State.OFFERED:
        raise ValidationError(_("This contract is not offered any more."))
    if content != content_sha256(contract):
        raise OfferChanged(_("The offer changed since you opened the page. Look at it again."))
    signature: Signature = Signature.objects.create(
        author=company, parties=both(contract), contract=contract, content_sha256=content,
        signed_by=str(actor)[:200], signed_at=now,
    )  # fmt: skip
    note_sponsor(sponsor=contract.author, now=now)
    _record(contract, content, now, actor)
    _announce(contract, now)
    return signature


def _record(contract: Contract, content: str, now: datetime, actor: Any) -> None:
    record(
        action="contract_signed", subject=contract.public_id, now=now, actor=actor,
        also=[contract.author_id], details={"content": content},
    )  # fmt: skip


def _announce(contract: Contract, now: datetime) -> None:
    event = ContractSigned(contract.pk)
    publish(name=event.name, payload=event.payload, now=now, to=[contract.author_id])
