"""Drafts: written and changed by the provider alone, seen by the provider alone."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.contracts.domain.facts import ContractFacts, ItemFacts
from apps.contracts.domain.opening import OpeningBalances
from apps.contracts.models import Contract, ContractItem, PlanVersion, Signature
from apps.contracts.operations.common import locked, must_be_draft
from apps.contracts.operations.credit import must_have_credit
from apps.contracts.operations.groups import name_groups
from apps.contracts.operations.judging import (
    judged_customer,
    judged_items,
    judged_plan,
    refuse_mixed_tax,
)
from apps.contracts.operations.opening import judged_opening
from apps.events.operations import record
from apps.pricing.plan import PricePlan
from apps.tenancy.context import current_company
from apps.tenancy.models import Company


@transaction.atomic
def draft_contract(
    *, facts: ContractFacts, items: Sequence[ItemFacts], plan: Mapping[str, Any], now: datetime,
    actor: Any = None, by_finance: bool = False,
) -> Contract:  # fmt: skip
    """A new draft. Raises ValidationError with the fields of the facts, `items` and `plan`.

    For a customer above its credit limit only `by_finance`.
    """
    must_have_credit(facts.customer_id, facts.currency, by_finance)
    customer, value, rows, opening = _judged(facts, items, plan)
    company = current_company()
    contract = Contract(author=company, parties=[company.pk], drafted_at=now)
    _describe(contract, facts, customer, opening)
    contract.save(force_insert=True)
    _write(contract, rows, value, now)
    record(action="contract_drafted", subject=contract.public_id, now=now, actor=actor)
    return contract


@transaction.atomic
def change_draft(
    *, contract: Contract, facts: ContractFacts, items: Sequence[ItemFacts],
    plan: Mapping[str, Any], now: datetime, actor: Any = None,
) -> Contract:  # fmt: skip
    """Rewrite a draft whole. Raises ValidationError as `draft_contract`, and for an offer."""
    contract = locked(contract.pk)
    must_be_draft(contract)
    customer, value, rows, opening = _judged(facts, items, plan)
    _describe(contract, facts, customer, opening)
    contract.save()
    _clear(contract)
    _write(contract, rows, value, now)
    record(action="contract_changed", subject=contract.public_id, now=now, actor=actor)
    return contract


@transaction.atomic
def discard_draft(*, contract: Contract, now: datetime, actor: Any = None) -> None:
    """Delete a draft that was never offered. Raises ValidationError."""
    contract = locked(contract.pk)
    must_be_draft(contract)
    if Signature.objects.filter(contract=contract).exists():
        raise ValidationError(_("This contract was offered once; it stays in the books."))
    record(
        action="contract_discarded", subject=contract.public_id, now=now, actor=actor,
        details={"title": contract.title},
    )  # fmt: skip
    _clear(contract)
    contract.delete()


def _judged(
    facts: ContractFacts, items: Sequence[ItemFacts], plan: Mapping[str, Any]
) -> tuple[Company, PricePlan, list[ContractItem], OpeningBalances]:
    customer = judged_customer(facts)
    value = judged_plan(facts.currency, plan)
    refuse_mixed_tax(value, facts.tax_category)
    rows = judged_items(facts, items, value)
    return customer, value, rows, judged_opening(facts, value, rows)


def _describe(
    contract: Contract, facts: ContractFacts, customer: Company, opening: OpeningBalances
) -> None:
    for name, value in asdict(facts).items():
        setattr(contract, name, value.strip() if isinstance(value, str) else value)
    contract.opening = opening.to_dict() if opening else None
    contract.dunning = facts.dunning.to_dict() if facts.dunning else None
    contract.notice = facts.notice.to_dict() if facts.notice else None
    contract.service = facts.service.to_dict() if facts.service else None
    contract.customer = customer
    contract.provider_name, contract.customer_name = current_company().name, customer.name


def _clear(contract: Contract) -> None:
    ContractItem.objects.filter(contract=contract).delete()
    PlanVersion.objects.filter(contract=contract).delete()


def _write(
    contract: Contract, rows: Sequence[ContractItem], plan: PricePlan, now: datetime
) -> None:
    for row in rows:
        row.author_id, row.parties, row.contract = contract.author_id, contract.parties, contract
    name_groups(rows, contract.pk)
    ContractItem.objects.bulk_create(rows, batch_size=500)
    PlanVersion.objects.create(
        author_id=contract.author_id, parties=contract.parties, contract=contract, number=1,
        valid_from=contract.starts_on, plan=plan.to_dict(), plan_sha256=plan.hash, made_at=now,
    )  # fmt: skip
