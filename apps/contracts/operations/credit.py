"""Credit limits: counted by who knows what is owed; above one, new things need finance."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from apps.common.money import Money, format_money
from apps.contracts.models import CreditUse
from apps.contracts.queries.credit import use_above
from apps.tenancy.context import current_company
from apps.tenancy.models import Company


@dataclass(frozen=True, slots=True)
class Counted:
    """One customer and currency, minor units: its limit, what is open, overdue of it, not billed yet."""

    customer: Company
    currency: str
    limit_minor: int
    open_minor: int
    overdue_minor: int
    unbilled_minor: int


@transaction.atomic
def note_credit_use(*, counted: Iterable[Counted], now: datetime) -> int:
    """Write how much credit is used; rows of customers without a limit go. Returns how many stand."""
    own, kept = current_company(), []
    for item in counted:
        row, _made = CreditUse.objects.update_or_create(
            author=own, customer=item.customer, currency=item.currency,
            defaults={
                "parties": [own.pk], "customer_name": item.customer.name,
                "limit_minor": item.limit_minor, "open_minor": item.open_minor,
                "overdue_minor": item.overdue_minor, "unbilled_minor": item.unbilled_minor,
                "counted_at": now,
            },
        )  # fmt: skip
        kept.append(row.pk)
    CreditUse.objects.written_by(own).exclude(pk__in=kept).delete()
    return len(kept)


def must_have_credit(customer_id: int, currency: str, by_finance: bool) -> None:
    """Raises ValidationError on `customer` above the limit, unless finance does it."""
    use = None if by_finance else use_above(customer_id, currency)
    if use is None:
        return
    language = get_language() or "en"
    given = {
        "used": format_money(Money(use.used_minor, currency), language),
        "limit": format_money(Money(use.limit_minor, currency), language),
    }
    text = _(
        "This customer has used %(used)s of its credit limit of %(limit)s. Finance drafts what is new."
    )
    raise ValidationError({"customer": [text % given]})
