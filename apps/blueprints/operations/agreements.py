"""Contracts of a scenario: drafted, offered and signed as their two companies would."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from apps.blueprints.domain.terms import ContractPart, OpeningPart
from apps.blueprints.operations.covering import covered
from apps.blueprints.operations.places import RefusedAt
from apps.common.money import round_half_up
from apps.contracts.domain.clause import ClauseEntry
from apps.contracts.domain.commercial import DunningTerms, ReminderTerms
from apps.contracts.domain.facts import ContractFacts
from apps.contracts.domain.opening import NOTHING_BEFORE, OpeningBalances, OpenItem
from apps.contracts.domain.service import NO_PROMISE
from apps.contracts.models import Contract
from apps.contracts.operations import (
    draft_contract,
    offer_contract,
    sign_contract,
    write_clause,
)
from apps.contracts.queries import content_sha256
from apps.events.operations import run_waiting_jobs
from apps.networks.queries import networks_of_member
from apps.telemetry.operations import sync_channels
from apps.tenancy.context import company_context
from apps.tenancy.models import Company

ACTOR = "scenario"


def load_contract(
    *, part: ContractPart, provider: Company, customer: Company, now: datetime,
    clause: Sequence[ClauseEntry] = (),
) -> bool:  # fmt: skip
    """Draft the contract and take it as far as the part says. False when it stands already.

    Known by provider, customer and title. Raises ValidationError of the operations.
    """
    with company_context(provider):
        known = Contract.objects.written_by(provider).filter(customer=customer, title=part.title)
        if known.exists():
            return False
        contract = _drafted(part, customer, now)
        if clause:
            contract = write_clause(contract=contract, entries=clause, now=now, actor=ACTOR)
        if part.state != "draft":
            contract = offer_contract(contract=contract, now=now, actor=ACTOR)
    if part.state == "active":
        _sign(contract, provider, customer, now)
    return True


def _drafted(part: ContractPart, customer: Company, now: datetime) -> Contract:
    items = [covered(item, f"items[{place}]") for place, item in enumerate(part.items)]
    sync_channels(asset_ids=[item.asset_id for item in items])
    return draft_contract(facts=_facts(part, customer), items=items, plan=part.plan, now=now)


def _facts(part: ContractPart, customer: Company) -> ContractFacts:
    if part.starts_on is None:
        raise RefusedAt("starts_on", _("A contract of a scenario has a first day."))
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
        opening=_opening(part.opening, part.currency),
        network_id=_network(part.network),
        dunning=_dunning(part),
        deposit_minor=_minor(part.deposit, part.currency),
        credit_limit_minor=_minor(part.credit_limit, part.currency),
        notice=part.notice.terms if part.notice else None,
        service=part.service.levels if part.service else NO_PROMISE,
    )


def _network(name: str) -> UUID | None:
    if not name:
        return None
    found = networks_of_member().filter(name=name).first()
    if found is None:
        text = _("The provider is in no network “%(name)s”.")
        raise RefusedAt("network", text % {"name": name})
    return found.pk


def _dunning(part: ContractPart) -> DunningTerms:
    levels = tuple(
        ReminderTerms(
            level.after_days, round_half_up(level.fee, part.currency).minor, level.with_lump
        )
        for level in part.reminders
    )
    return DunningTerms(part.late_points, levels)


def _minor(amount: Decimal | None, currency: str) -> int | None:
    return None if amount is None else round_half_up(amount, currency).minor


def _opening(part: OpeningPart | None, currency: str) -> OpeningBalances:
    if part is None:
        return NOTHING_BEFORE
    return OpeningBalances(
        part.year_from,
        {code: round_half_up(net, currency).minor for code, net in part.charged.items()},
        dict(part.included_used),
        tuple(
            OpenItem(item.number, item.due_on, round_half_up(item.amount, currency).minor)
            for item in part.open_items
        ),
    )  # fmt: skip


def _sign(contract: Contract, provider: Company, customer: Company, now: datetime) -> None:
    with company_context(customer):
        actor: Any = ACTOR
        content = content_sha256(Contract.objects.get(pk=contract.pk))
        sign_contract(contract_id=contract.pk, content=content, now=now, actor=actor)
    with company_context(provider):
        run_waiting_jobs(now=now)
