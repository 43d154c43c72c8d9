"""A network made from what was answered: founded, companies asked, types and contracts drafted.

Everything goes through the operations people use, in the own company alone; the others answer in
their own portals. Made again it adds what was missing: a place filled later, assets registered since.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.assets.models import Asset, AssetType
from apps.blueprints.domain.answers import OURS, Answers, ContractAnswer, with_prices
from apps.blueprints.domain.blueprint import Blueprint, split_among
from apps.blueprints.domain.terms import ContractPart
from apps.blueprints.models import NetworkSetup
from apps.blueprints.operations.covering import measure_of
from apps.blueprints.operations.registering import register_type
from apps.blueprints.operations.setting_up import blueprint_of_setup, contract_answer, locked
from apps.common.period import local_date
from apps.contracts.domain.clause import ClauseEntry
from apps.contracts.domain.facts import ContractFacts, ItemFacts
from apps.contracts.domain.service import NO_PROMISE
from apps.contracts.domain.split import SplitRefused
from apps.contracts.models import Contract, ContractItem, Signature, SplitVersion
from apps.contracts.operations import (
    change_draft,
    discard_draft,
    draft_contract,
    draft_split,
    write_clause,
)
from apps.contracts.queries.clause import clause_channels
from apps.networks.models import ValueNetwork
from apps.networks.operations import found_network, invite_company, take_role
from apps.telemetry.operations import sync_channels
from apps.tenancy.context import current_company
from apps.tenancy.models import Company

STATE = NetworkSetup.State


@dataclass(slots=True)
class _Making:
    setup: NetworkSetup
    blueprint: Blueprint
    answers: Answers
    filled: Mapping[str, int]
    now: datetime
    actor: Any

    def is_ours(self, place: str) -> bool:
        filling = self.answers.places.get(place)
        return filling is not None and filling.who == OURS


@transaction.atomic
def make_network(*, setup: NetworkSetup, now: datetime, actor: Any) -> ValueNetwork:
    """Make what is missing of the network. Twice at once is once.

    Raises ValidationError where answers are missing or an operation refuses them.
    """
    setup = locked(setup.pk)
    answers = Answers.from_dict(setup.answers)
    filled = answers.companies(current_company().pk)
    if current_company().pk not in filled.values():
        raise ValidationError(_("Choose at least one place that your company fills."))
    making = _Making(setup, blueprint_of_setup(setup), answers, filled, now, actor)
    network = _network(making)
    _members(making, network)
    _types(making)
    for number, part in enumerate(making.blueprint.contracts):
        _contract(making, network, number, part)
    setup.state, setup.network, setup.changed_at = STATE.MADE, network, now
    setup.save(update_fields=["state", "network", "drafts", "clauses", "changed_at"])
    return network


def _network(making: _Making) -> ValueNetwork:
    if making.setup.network is not None:
        return making.setup.network
    answers = making.answers
    return found_network(
        name=answers.name, purpose=answers.purpose, members_meet=answers.members_meet, roles=[],
        now=making.now, actor=making.actor,
    )  # fmt: skip


def _members(making: _Making, network: ValueNetwork) -> None:
    companies = Company.objects.in_bulk(set(making.filled.values()))
    for place, key in making.filled.items():
        for role in making.blueprint.members[place].roles:
            if making.is_ours(place):
                take_role(network=network, role=role, now=making.now)
            else:
                invite_company(
                    network=network, company=companies[key], role=role, now=making.now,
                    actor=making.actor,
                )  # fmt: skip


def _types(making: _Making) -> None:
    for part in making.blueprint.types:
        if making.is_ours(part.company):
            register_type(part=part, now=making.now)


def _contract(making: _Making, network: ValueNetwork, number: int, part: ContractPart) -> None:
    """Draft a contract that is ours to draft, or cover what was registered since."""
    customer = making.filled.get(part.customer)
    answer = contract_answer(making.setup, number, part.title, _today(making))
    if not making.is_ours(part.provider) or customer is None or not answer.wanted:
        return
    if customer == current_company().pk:
        return
    facts = ContractFacts(
        customer_id=customer, title=answer.title, starts_on=answer.starts_on or _today(making),
        ends_on=part.ends_on, period_kind=part.period, time_zone=current_company().time_zone,
        currency=current_company().currency, tax_category=part.tax_category,
        payment_days=part.payment_days, corrections=part.corrections, network_id=network.pk,
        notice=part.notice.terms if part.notice else None,
        service=part.service.levels if part.service else NO_PROMISE,
    )  # fmt: skip
    plan = with_prices(part.plan, answer.prices, current_company().currency)
    items = _items(part, customer)
    _forget_others(making, number, customer)
    drafted = making.setup.drafts.get(str(number))
    contract: Contract | None
    if drafted is None:
        contract = draft_contract(
            facts=facts, items=items, plan={**plan, "name": answer.title}, now=making.now,
            actor=making.actor,
        )  # fmt: skip
        making.setup.drafts[str(number)] = str(contract.pk)
    else:
        contract = Contract.objects.filter(pk=UUID(drafted)).first()
    if contract is None or contract.state != Contract.State.DRAFT:
        return  # What was offered or discarded is its people's.
    if items and not _covers(contract):
        contract = _covering(making, contract, items, plan)
    _clause(making, contract, number, part, answer)
    _split(making, contract, part)


def _forget_others(making: _Making, number: int, customer: int) -> None:
    """What was drafted for who filled the place before is not this customer's: it would show the one
    the other's terms and assets. A draft that nobody was offered is discarded."""
    drafted = making.setup.drafts.get(str(number))
    contract = Contract.objects.filter(pk=UUID(drafted)).first() if drafted else None
    if contract is None or contract.customer_id == customer:
        return
    offered = Signature.objects.filter(contract=contract).exists()
    if contract.state == Contract.State.DRAFT and not offered:
        discard_draft(contract=contract, now=making.now, actor=making.actor)
    del making.setup.drafts[str(number)]
    making.setup.clauses = [key for key in making.setup.clauses if key != number]


def _covering(
    making: _Making, contract: Contract, items: list[ItemFacts], plan: Mapping[str, Any]
) -> Contract:
    """The draft with what was registered since; else as people left it."""
    stands = contract.plans.order_by("number").last()
    return change_draft(
        contract=contract, facts=_facts_of(contract), items=items,
        plan=stands.plan if stands else plan, now=making.now, actor=making.actor,
    )  # fmt: skip


def _today(making: _Making) -> date:
    return local_date(making.now, current_company().time_zone)


def _covers(contract: Contract) -> bool:
    return ContractItem.objects.filter(contract=contract).exists()


def _facts_of(contract: Contract) -> ContractFacts:
    """The facts as they stand, also where people changed them since."""
    names = (
        "customer_id", "title", "starts_on", "ends_on", "period_kind", "time_zone", "currency",
        "tax_category", "payment_days", "corrections", "buyer_reference", "order_number",
        "network_id", "deposit_minor", "credit_limit_minor", "is_one_off",
    )  # fmt: skip
    values = {name: getattr(contract, name) for name in names}
    return ContractFacts(
        **values, opening=contract.opening_balances, dunning=contract.dunning_terms,
        notice=contract.notice_terms, service=contract.service_levels,
    )  # fmt: skip


def _items(part: ContractPart, customer: int) -> list[ItemFacts]:
    """A channel of every own asset of the type that the customer uses."""
    found = []
    for cover in part.covers:
        kind = AssetType.objects.written_by(current_company()).filter(name=cover.type).first()
        assets = Asset.objects.written_by(current_company()).filter(
            asset_type=kind, customer=customer
        )
        found += [
            ItemFacts(
                asset.pk, cover.channel, cover.meter, follows_host=cover.follows_host,
                measure=measure_of(cover.measure),
            )
            for asset in (assets.order_by("name", "id") if kind else ())
        ]  # fmt: skip
    sync_channels(asset_ids=sorted({item.asset_id for item in found if not item.follows_host}))
    return found


def _clause(
    making: _Making, contract: Contract, number: int, part: ContractPart, answer: ContractAnswer
) -> None:
    """Who reads what besides, written once, when something is covered; people change it then."""
    if number in making.setup.clauses or not _covers(contract):
        return
    companies = Company.objects.in_bulk(set(making.filled.values()))
    sides = {current_company().pk, contract.customer_id}
    measured = {channel.code for channel in clause_channels(contract)}
    entries = [
        ClauseEntry(
            companies[key].pk, companies[key].name, row.kind, channels, row.resolution,
            row.purpose, row.revocable,
        )
        for row in part.data
        if row.key not in answer.withheld
        and (key := making.filled.get(row.company)) is not None and key not in sides
        and (channels := tuple(code for code in row.channels if code in measured))
    ]  # fmt: skip
    making.setup.clauses = [*making.setup.clauses, number]
    if entries and not contract.data_clause:
        write_clause(contract=contract, entries=entries, now=making.now, actor=making.actor)


def _split(making: _Making, contract: Contract, part: ContractPart) -> None:
    """Draft the split once; parts measured by a meter wait until something feeds it."""
    if part.split is None or SplitVersion.objects.filter(contract=contract).exists():
        return
    split = split_among(part.split, making.filled)
    measured = any("key" in step for step in part.split.get("line_steps", []))
    partners = set(making.filled.values()) - {current_company().pk, contract.customer_id}
    if split is None or not partners or (measured and not _covers(contract)):
        return
    try:
        draft_split(
            contract=contract, split={**split, "currency": contract.currency},
            valid_from=contract.starts_on, now=making.now, actor=making.actor,
            # The blueprint's own words, which say nothing of the customer.
            label=part.title,
        )  # fmt: skip
    except SplitRefused as refused:
        raise ValidationError(str(refused)) from refused
