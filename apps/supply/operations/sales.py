"""An accepted sale is a one-off contract: the seller draws it up, the buyer signs what it agreed to."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.common.money import Money
from apps.common.quantity import canonical
from apps.contracts.domain.facts import ContractFacts
from apps.contracts.models import Contract, PlanVersion
from apps.contracts.operations import OrderLine, accept_one_off, offer_one_off
from apps.contracts.queries import content_sha256
from apps.events.operations import publish
from apps.supply.events import SaleDrawnUp
from apps.supply.models import AssetTransfer
from apps.tenancy.context import current_company

ONE = Decimal(1)


def draw_up_sale(transfer: AssetTransfer, done_on: date, now: datetime) -> None:
    """In the seller's company: the contract of an accepted sale, offered to the buyer.

    Its credit was judged when the asset was offered.
    """
    own = current_company()
    title = f"{transfer.asset_label} ({transfer.serial})"[:120]
    facts = ContractFacts(
        customer_id=transfer.buyer_id, title=title, starts_on=done_on, time_zone=own.time_zone,
        currency=transfer.currency, tax_category=transfer.tax_category,
        payment_days=transfer.payment_days, order_number=transfer.public_id,
    )  # fmt: skip
    line = OrderLine({"en": title[:80], "de": title[:80]}, ONE, _price(transfer))
    transfer.contract = offer_one_off(
        facts=facts, done_on=done_on, lines=[line], now=now, actor=transfer.offered_by,
        by_finance=True,
    )  # fmt: skip
    transfer.save(update_fields=["contract"])
    event = SaleDrawnUp(transfer.pk)
    publish(name=event.name, payload=event.payload, now=now, to=[transfer.buyer_id])


def _price(transfer: AssetTransfer) -> Decimal:
    assert transfer.price_minor is not None
    return Money(transfer.price_minor, transfer.currency).to_decimal()


@transaction.atomic
def sign_sale(*, transfer_id: UUID, now: datetime) -> bool:
    """In the buyer's company: sign the contract of a sale that was accepted. Twice is once.

    False where it says anything else than what was accepted: then a person looks at it.
    Raises AssetTransfer.DoesNotExist.
    """
    rows = AssetTransfer.objects.select_related("answer", "contract")
    transfer: AssetTransfer = rows.get(pk=transfer_id, buyer=current_company())
    answer, contract = transfer.given, transfer.contract
    if answer is None or not answer.accepts or contract is None:
        return False
    if not _as_agreed(transfer, contract):
        return False
    accept_one_off(
        contract_id=contract.pk, content=content_sha256(contract), cost=None, now=now,
        actor=answer.answered_by,
    )  # fmt: skip
    return True


def _as_agreed(transfer: AssetTransfer, contract: Contract) -> bool:
    """Whether the contract asks for the price of the sale, once, from the seller, as was accepted."""
    said = (
        contract.author_id, contract.customer_id, contract.currency, contract.tax_category,
        contract.payment_days, contract.is_one_off, contract.order_number, contract.deposit_minor,
        contract.dunning,
    )  # fmt: skip
    agreed = (
        transfer.author_id, transfer.buyer_id, transfer.currency, transfer.tax_category,
        transfer.payment_days, True, transfer.public_id, None, None,
    )  # fmt: skip
    return said == agreed and _charges(contract) == [_fee(transfer)]


def _fee(transfer: AssetTransfer) -> dict[str, Any]:
    amount = canonical(_price(transfer))
    return {"model": "flat_fee", "amount": amount, "timing": "arrears", "proration": "none"}


def _charges(contract: Contract) -> list[dict[str, Any]]:
    """What the contract charges, without names."""
    version = PlanVersion.objects.filter(contract=contract).order_by("number").last()
    charges = version.plan["charges"] if version is not None else []
    return [
        {name: said for name, said in row.items() if name not in ("code", "title")}
        for row in charges
    ]
