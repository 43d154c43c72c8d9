"""Who the company is, told to the provider: what stands on its invoices there, and how they are taxed."""

import json
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.db import transaction

from apps.events.operations import record
from apps.payments.operations.provider import ask
from apps.subscriptions.domain.standing import GOES_NO_FURTHER
from apps.subscriptions.models import Subscription
from apps.subscriptions.operations.agreeing import locked_subscription
from apps.subscriptions.operations.catalogue import own_tax, own_tax_id, tax_rates
from apps.tenancy.context import current_company
from apps.tenancy.models import Company


def new_customer() -> tuple[str, str]:
    """The company as a customer there: its id, and by what it was described."""
    facts, tax_id = _facts(), own_tax_id()
    own, mark = current_company(), _mark(facts, tax_id)
    # What is asked again with other facts is another question there.
    words = f"customer-{own.schema_name}-{own.created_at.timestamp():.0f}-{mark[:16]}"
    key: Any = {"idempotency_key": words}
    given: Any = {name: value for name, value in facts.items() if value}
    given |= {"tax_id_data": [tax_id]} if tax_id else {}
    return str(ask(lambda stripe: stripe.v1.customers.create(given, key)).id), mark


@transaction.atomic
def tell_facts(*, now: datetime) -> bool:
    """The customer there, and what it has ordered, become what the company is now. Whether anything was told.

    Raises ValidationError in the provider's words.
    """
    found = locked_subscription()
    if found is None or not found.customer_ref:
        return False
    described, taxed = _describe(found), _tax(found.customer_ref)
    if described or taxed:
        record(
            action="subscriptions.told_facts", subject=found.public_id, now=now,
            details={"described": described, "taxed": taxed},
        )  # fmt: skip
    return bool(described or taxed)


def _describe(found: Subscription) -> bool:
    facts, tax_id = _facts(), own_tax_id()
    mark = _mark(facts, tax_id)
    if found.told_facts == mark:
        return False
    ask(lambda stripe: stripe.v1.customers.update(found.customer_ref, facts))
    _tell_tax_id(found.customer_ref, tax_id)
    found.told_facts = mark
    found.save(update_fields=["told_facts"])
    return True


def _tell_tax_id(customer: str, wanted: Any) -> None:
    """Its tax ids there become this one, or none. An invoice keeps the ids it was finished with."""
    listed = ask(lambda stripe: stripe.v1.customers.tax_ids.list(customer, {"limit": 100})).data
    stands = False
    for one in listed:
        stands |= (is_it := wanted == {"type": one.type, "value": one.value})
        if not is_it:
            ask(lambda stripe, key=one.id: stripe.v1.customers.tax_ids.delete(customer, key))  # type: ignore[misc]
    if wanted and not stands:
        ask(lambda stripe: stripe.v1.customers.tax_ids.create(customer, wanted))


def _tax(customer: str) -> int:
    """How many of its subscriptions had another rate. One that was ordered meanwhile has that of its page."""
    params: Any = {"customer": customer, "status": "all", "limit": 100}
    there = [one.to_dict() for one in ask(lambda stripe: stripe.v1.subscriptions.list(params)).data]
    percent = float(own_tax().percent)
    wanted = [percent] if percent else []
    wrong = [
        one["id"] for one in there
        if one["status"] not in GOES_NO_FURTHER and _percents(one) != wanted
    ]  # fmt: skip
    rates: Any = {"default_tax_rates": tax_rates() or ""} if wrong else {}
    for key in wrong:
        ask(lambda stripe, key=key: stripe.v1.subscriptions.update(key, rates))  # type: ignore[misc]
    return len(wrong)


def _percents(subscription: dict[str, Any]) -> list[float]:
    return [float(rate["percentage"]) for rate in subscription.get("default_tax_rates") or []]


def _facts() -> Any:
    """As the provider's customer has them; an empty word removes what stood there."""
    own = Company.objects.get(pk=current_company().pk)
    return {
        "name": own.name, "email": own.email, "metadata": {"company": str(own.pk)},
        "preferred_locales": [own.language],
        "tax_exempt": "reverse" if own_tax().is_reversed else "none",
        "address": {"line1": own.street, "postal_code": own.postcode, "city": own.city,
                    "country": own.country},
    }  # fmt: skip


def _mark(facts: dict[str, Any], tax_id: dict[str, str]) -> str:
    told = {**facts, "tax_id": tax_id}
    return sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
