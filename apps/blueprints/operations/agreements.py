"""Contracts of a scenario: drafted, offered and signed as their two companies would."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from apps.assets.models import Asset
from apps.blueprints.domain.scenario import ContractPart, ItemPart
from apps.contracts.domain.facts import ContractFacts, ItemFacts
from apps.contracts.models import Contract
from apps.contracts.operations import draft_contract, offer_contract, sign_contract
from apps.contracts.queries import content_sha256
from apps.events.operations import run_waiting_jobs
from apps.telemetry.operations import sync_channels
from apps.tenancy.context import company_context
from apps.tenancy.models import Company

ACTOR = "scenario"


def load_contract(
    *, part: ContractPart, provider: Company, customer: Company, now: datetime
) -> bool:
    """Draft the contract and take it as far as the part says. False when it stands already.

    Known by provider, customer and title. Raises ValidationError of the operations.
    """
    with company_context(provider):
        known = Contract.objects.written_by(provider).filter(customer=customer, title=part.title)
        if known.exists():
            return False
        contract = _drafted(part, customer, now)
        if part.state != "draft":
            contract = offer_contract(contract=contract, now=now, actor=ACTOR)
    if part.state == "active":
        _sign(contract, provider, customer, now)
    return True


def _drafted(part: ContractPart, customer: Company, now: datetime) -> Contract:
    items = [_item(item) for item in part.items]
    sync_channels(asset_ids=[item.asset_id for item in items])
    return draft_contract(facts=_facts(part, customer), items=items, plan=part.plan, now=now)


def _facts(part: ContractPart, customer: Company) -> ContractFacts:
    return ContractFacts(
        customer_id=customer.pk,
        title=part.title,
        starts_on=part.starts_on,
        ends_on=part.ends_on,
        period_kind=part.period,
        time_zone=part.time_zone,
        currency=part.currency,
        tax_category=part.tax_category,
        payment_days=part.payment_days,
        corrections=part.corrections,
        buyer_reference=part.buyer_reference,
        order_number=part.order_number,
    )


def _item(item: ItemPart) -> ItemFacts:
    asset = Asset.objects.filter(serial=item.asset).first()
    if asset is None:
        raise ValidationError(
            _("There is no asset with the serial number “%(serial)s”."),
            params={"serial": item.asset},
        )
    return ItemFacts(
        asset_id=asset.id, channel_code=item.channel, meter=item.meter,
        follows_host=item.follows_host,
    )  # fmt: skip


def _sign(contract: Contract, provider: Company, customer: Company, now: datetime) -> None:
    with company_context(customer):
        actor: Any = ACTOR
        content = content_sha256(Contract.objects.get(pk=contract.pk))
        sign_contract(contract_id=contract.pk, content=content, now=now, actor=actor)
    with company_context(provider):
        run_waiting_jobs(now=now)
