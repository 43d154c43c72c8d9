"""A customer's credit is used for another document of the same issuer and currency."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.billing.models import Allocation, CreditMove, CustomerCredit, Receivable
from apps.billing.operations.receivables.steps import Steps, lock_receivables
from apps.events.operations import record
from apps.tenancy.bulk import insert_all
from apps.tenancy.context import current_company


@transaction.atomic
def use_credit(*, receivable: Receivable | UUID, now: datetime, used_by: Any) -> int:
    """Settle what is open with the customer's credits, the oldest first.

    Returns how much, in minor units; a second click finds nothing left to do. Raises
    ValidationError when there is no credit, or nothing open.
    """
    key = receivable.id if isinstance(receivable, Receivable) else receivable
    found = lock_receivables([key]).get(key)
    if found is None or not found.open_minor:
        raise ValidationError(_("Nothing is open on this document any more."))
    credits = _credits_for(found)
    if not credits:
        raise ValidationError(_("The customer has no credit in this currency."))
    steps, moves = Steps(now), []
    for credit in credits:
        amount = min(credit.left_minor, found.open_minor)
        if amount:
            moves.append(_use(credit, found, amount, now))
            steps.add(found, Allocation.Source.CREDIT, moves[-1].id, amount)
    CustomerCredit.objects.bulk_update(credits, ["left_minor"])
    insert_all(CreditMove, moves)
    steps.keep()
    total = sum(move.amount_minor for move in moves)
    record(
        action="billing.credit_used", subject=found.invoice.public_id, now=now, actor=used_by,
        details={"amount_minor": total, "currency": found.currency}, also=[found.customer_id],
    )  # fmt: skip
    return total


def _credits_for(receivable: Receivable) -> list[CustomerCredit]:
    rows = CustomerCredit.objects.written_by(current_company()).filter(
        customer=receivable.customer_id, currency=receivable.currency, left_minor__gt=0
    )
    return list(rows.order_by("made_at", "id").select_for_update(of=("self",)))


def _use(credit: CustomerCredit, receivable: Receivable, amount: int, now: datetime) -> CreditMove:
    credit.left_minor -= amount
    return CreditMove(
        author_id=credit.author_id, parties=credit.parties, credit=credit,
        kind=CreditMove.Kind.USED, receivable=receivable, amount_minor=amount, at=now,
    )  # fmt: skip
