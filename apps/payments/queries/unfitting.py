"""Messages of the payment provider that wait too long for what they rest on."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from apps.common.money import CURRENCIES
from apps.payments.domain.amounts import from_provider
from apps.payments.domain.webhooks import NEVER_MADE, read_message
from apps.payments.models import Payment, WebhookEvent
from apps.tenancy.context import current_company

# The provider tells everything within; after that a person looks.
WAITS = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Unfitting:
    """A message that waits, in words; the amount in minor units where it names one, and the payment
    it is about where that is known."""

    event: WebhookEvent
    told: str
    amount_minor: int | None
    currency: str
    payment: Payment | None


def unfitting(now: datetime) -> list[Unfitting]:
    """Of the current company, the oldest first. Two queries."""
    rows = WebhookEvent.objects.filter(
        company_id=current_company().pk, state=WebhookEvent.State.WAITING,
        received_at__lte=now - WAITS,
    )  # fmt: skip
    events = list(rows.order_by("received_at", "id")[:200])
    subjects = {event.subject for event in events if event.subject}
    paid = Payment.objects.written_by(current_company()).filter(provider_ref__in=subjects)
    payments = {row.provider_ref: row for row in paid}
    return [_unfitting(event, payments.get(event.subject)) for event in events]


def _unfitting(event: WebhookEvent, payment: Payment | None) -> Unfitting:
    thing = read_message(event.body).thing
    currency, amount = str(thing.get("currency", "")).upper(), thing.get("amount")
    known = currency in CURRENCIES and type(amount) is int
    minor = from_provider(amount, currency) if known and amount is not None else None
    return Unfitting(event, _told(event.kind, thing), minor, currency if known else "", payment)


def _told(kind: str, thing: Any) -> str:
    if kind == "charge.dispute.closed":
        return _("A lost dispute of a payment that is not noted here.")
    if thing.get("status") in NEVER_MADE:
        return _(
            "A refund failed that is not noted here: nothing was taken off, nothing came back."
        )
    return _("A refund of a payment that is not noted here.")
