"""Ordering a plan at the provider: its customer, the Checkout page, the customer's own page there."""

from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from apps.accounts.addresses import company_url
from apps.events.operations import record
from apps.payments.domain.amounts import from_provider
from apps.payments.operations.provider import ask
from apps.subscriptions.domain.provider import OWED
from apps.subscriptions.domain.standing import IN_FORCE, Basis
from apps.subscriptions.models import Plan, Subscription
from apps.subscriptions.operations.agreeing import locked_subscription
from apps.subscriptions.operations.catalogue import FEE, prices_of, tax_rates
from apps.subscriptions.operations.closing_page import close_page
from apps.subscriptions.operations.following import follow_provider
from apps.subscriptions.operations.telling import new_customer, tell_facts
from apps.tenancy.context import current_company

# A trial there ends two days after Checkout at the earliest (docs.stripe.com/api/checkout/sessions).
SHORTEST_TRIAL = timedelta(days=2)


def start_order(*, plan: Plan, now: datetime, actor: Any) -> Subscription:
    """Have the provider make a page on which the current company orders a plan.

    What is left of a trial stays free. Raises ValidationError for a plan that is not sold, while one ordered
    before is in force there (it is changed instead) or a payment is missing, and in the provider's words. What
    was read there is noted even so.
    """
    if not plan.is_sold:
        raise ValidationError(_("This plan is not for sale."))
    with transaction.atomic():
        row = _row(plan, now)
        if row.customer_ref:
            follow_provider(now=now)
            row.refresh_from_db()
        refusal = _refusal(row)
        if not refusal:
            _begin(row, plan, now, actor)
    if refusal:
        raise ValidationError(refusal)
    return row


def _refusal(row: Subscription) -> str:
    """Why nothing is ordered now, by what the provider says and the page that was begun before."""
    if row.basis == Basis.PROVIDER and row.status in IN_FORCE:
        return _("Your company has an ordered plan: change that one.")
    if row.unpaid_since is not None:
        return _("Pay what is open first.")
    if not close_page(row.checkout_ref):
        return _("Your order has arrived at the payment provider.")
    return ""


def _begin(row: Subscription, plan: Plan, now: datetime, actor: Any) -> None:
    if row.customer_ref:
        tell_facts(now=now)
        row.refresh_from_db()
    else:
        row.customer_ref, row.told_facts = new_customer()
    row.checkout_ref = _session(row, plan, now)
    row.save(update_fields=["customer_ref", "told_facts", "checkout_ref"])
    record(
        action="subscriptions.ordered", subject=row.public_id, now=now, actor=actor,
        details={"plan": plan.pk},
    )  # fmt: skip


def _row(plan: Plan, now: datetime) -> Subscription:
    found = locked_subscription()
    if found is not None:
        return found
    own = current_company()
    Subscription.objects.get_or_create(
        author=own,
        defaults={"parties": [own.pk], "plan": plan, "basis": Basis.NONE, "since": now},
    )
    # Where another tab made it meanwhile, it is held from here on.
    made = locked_subscription()
    assert made is not None
    return made


def _session(row: Subscription, plan: Plan, now: datetime) -> str:
    told = {"company": str(row.author_id), "plan": plan.pk}
    lines = [
        {"price": price, **({"quantity": 1} if name == FEE else {})}
        for name, price in prices_of(plan).items()
    ]
    page = company_url(current_company(), reverse("plan_checkout"))
    rates = tax_rates()
    until = row.trial_until if row.basis == Basis.TRIAL else None
    is_left = until is not None and until - now > SHORTEST_TRIAL
    params: Any = {
        "mode": "subscription", "customer": row.customer_ref, "line_items": lines,
        "success_url": page, "cancel_url": company_url(current_company(), reverse("plan")),
        "locale": "de" if (get_language() or "").startswith("de") else "en", "metadata": told,
        "subscription_data": {
            "metadata": told, **({"default_tax_rates": rates} if rates else {}),
            **({"trial_end": int(until.timestamp())} if until is not None and is_left else {}),
        },
    }  # fmt: skip
    return str(ask(lambda stripe: stripe.v1.checkout.sessions.create(params)).id)


def order_page(row: Subscription) -> str:
    """Where the order is completed; empty once it was, or nothing was begun. Raises ValidationError."""
    if not row.checkout_ref:
        return ""
    found = ask(lambda stripe: stripe.v1.checkout.sessions.retrieve(row.checkout_ref))
    return str(found.url or "") if found.status == "open" else ""


def customer_page(row: Subscription) -> str:
    """The customer's own page at the provider: cards, and what was paid. Good for minutes, never stored."""
    params: Any = {
        "customer": row.customer_ref,
        "return_url": company_url(current_company(), reverse("plan")),
        "locale": "de" if (get_language() or "").startswith("de") else "en",
    }
    return str(ask(lambda stripe: stripe.v1.billing_portal.sessions.create(params)).url)


def invoice_page(invoice_ref: str) -> str:
    """Where an invoice that is owed is paid; empty where there is nothing to pay."""
    found = ask(lambda stripe: stripe.v1.invoices.retrieve(invoice_ref))
    return str(found.hosted_invoice_url or "") if found.status in OWED else ""


def next_invoice(row: Subscription) -> dict[str, Any] | None:
    """As it would be now: {net_minor, total_minor, currency, on, lines: (text, amount)}; None where nothing is ordered or it is ending."""
    if row.status not in IN_FORCE or row.cancel_at is not None:
        return None
    params: Any = {"subscription": row.subscription_ref}
    found = ask(lambda stripe: stripe.v1.invoices.create_preview(params)).to_dict()
    currency = str(found["currency"]).upper()
    return {
        "net_minor": from_provider(found["total_excluding_tax"], currency),
        "total_minor": from_provider(found["total"], currency),
        "currency": currency, "on": row.period_end,
        "lines": [
            (one["description"], from_provider(one["amount"], currency))
            for one in found["lines"]["data"]
        ],
    }  # fmt: skip
