"""A purchase order is noted for a contract; what was parked for want of one can be billed then."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.billing.models import PurchaseOrder
from apps.contracts.models import Contract
from apps.events.operations import record
from apps.tenancy.context import current_company


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """As the customer's order says; the amount is net, in minor units of the contract's currency."""

    number: str
    valid_from: date
    valid_until: date | None = None
    amount_minor: int | None = None


@transaction.atomic
def note_order(
    *, contract: Contract, facts: OrderFacts, now: datetime, person: Any
) -> PurchaseOrder:
    """Note an order, or change what is known of the one with this number. Twice is once.

    Raises ValidationError for a contract that is not the company's own, or days the wrong way.
    """
    company = current_company()
    if contract.author_id != company.pk:
        raise ValidationError(_("This contract is not one of yours."))
    if facts.valid_until is not None and facts.valid_until < facts.valid_from:
        raise ValidationError({"valid_until": _("The last day lies before the first.")})
    if not facts.number.strip():
        raise ValidationError({"number": _("Enter the order's number.")})
    order, _made = PurchaseOrder.objects.update_or_create(
        author=company, contract=contract, number=facts.number.strip()[:80],
        defaults={
            "parties": sorted({company.pk, contract.customer_id}), "currency": contract.currency,
            "valid_from": facts.valid_from, "valid_until": facts.valid_until,
            "amount_minor": facts.amount_minor, "noted_at": now, "noted_by": str(person)[:200],
        },
    )  # fmt: skip
    record(
        action="billing.order_noted", subject=contract.public_id, now=now, actor=person,
        details={"number": order.number}, also=[contract.customer_id],
    )  # fmt: skip
    return order
