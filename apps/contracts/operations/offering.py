"""Offers: the provider signs, and the customer sees."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.common.canonical import digest, exact
from apps.contracts.events import ContractOffered, OfferWithdrawn
from apps.contracts.models import Contract, ContractItem, PlanVersion, Signature
from apps.contracts.operations.common import are_members, both, locked
from apps.contracts.operations.indices import show_series_to
from apps.contracts.operations.judging import judged_rows
from apps.contracts.queries import content_of
from apps.contracts.queries.clause import data_sheet_of
from apps.events.operations import publish, record
from apps.pricing.plan import PricePlan


@transaction.atomic
def offer_contract(*, contract: Contract, now: datetime, actor: Any) -> Contract:
    """Show the draft to the customer and sign it. Twice is once. Raises ValidationError."""
    contract = locked(contract.pk)
    if contract.state == Contract.State.OFFERED:
        return contract
    if contract.state != Contract.State.DRAFT:
        raise ValidationError(_("Only a draft can be offered."))
    if not are_members(contract):
        text = _("Both companies must have joined the network %(name)s first.")
        raise ValidationError(text % {"name": contract.network})
    _must_cover(contract)
    _show_to(contract, both(contract))
    for version in PlanVersion.objects.filter(contract=contract):
        show_series_to(plan=PricePlan.from_dict(version.plan), parties=contract.parties)
    contract.state, contract.offered_at = Contract.State.OFFERED, now
    contract.data_sheet = data_sheet_of(contract)
    contract.save(update_fields=["state", "offered_at", "parties", "data_sheet"])
    wording = content_of(contract)
    content = digest(wording)
    Signature.objects.get_or_create(
        author_id=contract.author_id, contract=contract, content_sha256=content,
        defaults={
            "parties": both(contract), "signed_by": str(actor)[:200], "signed_at": now,
            "content": exact(wording),
        },
    )  # fmt: skip
    record(
        action="contract_offered", subject=contract.public_id, now=now, actor=actor,
        also=[contract.customer_id], details={"content": content},
    )  # fmt: skip
    event = ContractOffered(contract.pk)
    publish(name=event.name, payload=event.payload, now=now, to=[contract.customer_id])
    return contract


@transaction.atomic
def withdraw_offer(*, contract: Contract, now: datetime, actor: Any) -> Contract:
    """Take an offer back; it is a draft again. Twice is once. Raises ValidationError."""
    contract = locked(contract.pk)
    if contract.state == Contract.State.DRAFT:
        return contract
    if contract.state != Contract.State.OFFERED:
        raise ValidationError(_("Only an offer can be withdrawn; this contract is in force."))
    record(
        action="offer_withdrawn", subject=contract.public_id, now=now, actor=actor,
        also=[contract.customer_id],
    )  # fmt: skip
    contract.state, contract.offered_at = Contract.State.DRAFT, None
    contract.data_sheet = {}
    contract.save(update_fields=["state", "offered_at", "data_sheet"])
    _show_to(contract, [contract.author_id])
    contract.save(update_fields=["parties"])
    event = OfferWithdrawn(contract.pk, contract.title)
    publish(name=event.name, payload=event.payload, now=now, to=[contract.customer_id])
    return contract


def _must_cover(contract: Contract) -> None:
    """Raises ValidationError where nothing feeds what the plan prices."""
    version = PlanVersion.objects.filter(contract=contract).order_by("number").first()
    if version is not None:
        rows = list(ContractItem.objects.filter(contract=contract))
        judged_rows(rows, PricePlan.from_dict(version.plan))


def _show_to(contract: Contract, parties: Sequence[int]) -> None:
    contract.parties = list(parties)
    for model in (ContractItem, PlanVersion):
        model.objects.filter(contract=contract).update(parties=contract.parties)
