"""One road: an accepted order or an approved work order is a one-off contract, billed like any other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.assets.models import Asset
from apps.common.quantity import canonical, multiply
from apps.contracts.domain.facts import ContractFacts
from apps.contracts.models import Contract, CostObject, Signature
from apps.contracts.operations.drafting import draft_contract
from apps.contracts.operations.offering import offer_contract
from apps.contracts.operations.signing import sign_contract
from apps.events.operations import record
from apps.tenancy.context import current_company

ONE_DAY = timedelta(days=1)
MOST_LINES = 100


@dataclass(frozen=True, slots=True)
class OrderLine:
    """What was ordered: `title` by language, a quantity, and the price of one in main units."""

    title: Mapping[str, str]
    quantity: Decimal
    unit_price: Decimal


@dataclass(frozen=True, slots=True)
class Cost:
    """The customer's own contract that an order serves, and the asset of it, if one."""

    serves: UUID
    asset: UUID | None = None


@transaction.atomic
def offer_one_off(
    *, facts: ContractFacts, done_on: date, lines: Sequence[OrderLine], now: datetime, actor: Any,
    by_finance: bool = False,
) -> Contract:  # fmt: skip
    """In the company that did the work: what is charged once, signed and shown to who ordered it.

    It covers the day `done_on` alone; runs bill it with the month of that day. Raises
    ValidationError with the fields of `draft_contract`, and on `lines`.
    """
    if not 0 < len(lines) <= MOST_LINES or any(line.quantity <= 0 for line in lines):
        raise ValidationError({"lines": [_("An order has 1 to 100 lines, each above zero.")]})
    dated = replace(facts, starts_on=done_on, ends_on=done_on + ONE_DAY, is_one_off=True)
    contract = draft_contract(
        facts=dated, items=(), plan=_plan(dated, lines), now=now, actor=actor,
        by_finance=by_finance,
    )  # fmt: skip
    return offer_contract(contract=contract, now=now, actor=actor)


def _plan(facts: ContractFacts, lines: Sequence[OrderLine]) -> dict[str, Any]:
    charges = [
        {
            "model": "flat_fee", "code": f"line_{place}", "title": dict(line.title),
            "amount": canonical(multiply(line.quantity, line.unit_price)), "proration": "none",
        }
        for place, line in enumerate(lines, start=1)
    ]  # fmt: skip
    return {"name": facts.title, "currency": facts.currency, "charges": charges}


@transaction.atomic
def accept_one_off(
    *, contract_id: UUID, content: str, cost: Cost | None, now: datetime, actor: Any
) -> Signature:
    """In the company that ordered: approve what its page showed, and note what it serves.

    Raises as `sign_contract` and `note_cost`.
    """
    signature = sign_contract(contract_id=contract_id, content=content, now=now, actor=actor)
    if cost is not None:
        note_cost(contract_id=contract_id, cost=cost, now=now, actor=actor)
    return signature


@transaction.atomic
def note_cost(*, contract_id: UUID, cost: Cost, now: datetime, actor: Any) -> CostObject:
    """Say which of its own contracts what the company is charged serves. Again: the newest counts.

    Who is paid learns nothing of it. Raises Contract.DoesNotExist, ValidationError.
    """
    own = current_company()
    contract = Contract.objects.get(pk=contract_id, customer=own)
    serves = Contract.objects.filter(pk=cost.serves, author=own).first()
    if serves is None:
        raise ValidationError({"serves": [_("Choose a contract that you provide.")]})
    asset = None if cost.asset is None else Asset.objects.filter(pk=cost.asset).first()
    if cost.asset is not None and asset is None:
        raise ValidationError({"asset": [_("Choose one of the assets you see.")]})
    found: CostObject = CostObject.objects.update_or_create(
        author=own, contract=contract,
        defaults={
            "parties": [own.pk], "serves": serves, "asset": asset,
            "asset_label": "" if asset is None else asset.name, "noted_at": now,
        },
    )[0]  # fmt: skip
    record(
        action="cost_object_noted", subject=contract.public_id, now=now, actor=actor,
        details={"serves": serves.public_id},
    )  # fmt: skip
    return found
