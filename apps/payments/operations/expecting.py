"""What documents ask for, told by whoever issues them, so that bank entries find them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db import transaction

from apps.payments.models import ExpectedPayment
from apps.tenancy.context import current_company


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """A document's public id, its number, and what is still open on it (0: nothing more)."""

    reference: str
    label: str
    payer_id: int | None
    payer_name: str
    amount_minor: int
    currency: str
    due_on: date
    disputed_minor: int = 0


@transaction.atomic
def expect_payments(*, items: Sequence[Expected]) -> int:
    """Make or bring up to date what the current company expects. Returns how many."""
    own = current_company()
    for item in sorted(items, key=lambda one: one.reference):
        ExpectedPayment.objects.update_or_create(
            author=own, reference=item.reference,
            defaults={
                "parties": [own.pk], "label": item.label, "payer_id": item.payer_id,
                "payer_name": item.payer_name[:120], "amount_minor": item.amount_minor,
                "disputed_minor": item.disputed_minor, "currency": item.currency, "due_on": item.due_on,
                "is_open": item.amount_minor > 0,
            },
        )  # fmt: skip
    return len(items)
