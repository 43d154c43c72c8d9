"""The customer records of an erased company at the payment provider: deleted there, asked until it is confirmed."""

from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import F

from apps.payments.models import SavedMandate
from apps.payments.operations.provider import Unfitting, ask
from apps.subscriptions.models import Certificate, Subscription
from apps.tenancy.models import Company

SOONEST, LATEST = timedelta(minutes=1), timedelta(hours=6)


def customers_of(company: Company) -> list[str]:
    """As the platform, before the company's rows go: who pays its plan there, and whose mandates it saved there."""
    models: tuple[Any, ...] = (Subscription, SavedMandate)
    rows = [model.all_parties.filter(author=company).exclude(customer_ref="") for model in models]
    return sorted({key for found in rows for key in found.values_list("customer_ref", flat=True)})


def forget_customers(*, now: datetime) -> int:
    """As the platform's worker: ask for what is not confirmed yet. Returns how many certificates were settled.

    A try is noted before the provider is asked, so that one which kills its worker holds up nobody.
    """
    open_ones = Certificate.objects.filter(customers_gone_at=None, customers_try_at__lte=now)
    settled = 0
    for key in list(open_ones.order_by("customers_try_at").values_list("pk", flat=True)[:20]):
        row = Certificate.objects.get(pk=key)
        noted = open_ones.filter(pk=key).update(
            customers_tries=F("customers_tries") + 1, customers_try_at=now + _wait(row.customers_tries),
            customers_asked_at=row.customers_asked_at or now,
        )  # fmt: skip
        if noted:
            settled += _forget(row, now)
    return settled


def _wait(tries: int) -> timedelta:
    """Doubled with each try: a provider that is away is asked soon, a wrong key a few times a day."""
    return min(SOONEST * 2 ** min(tries, 9), LATEST)


def _forget(row: Certificate, now: datetime) -> bool:
    rows = Certificate.objects.filter(pk=row.pk)
    try:
        for reference in row.customers:
            _delete(reference)
    except ValidationError as refusal:
        rows.update(customers_said=" ".join(refusal.messages)[:300])
        return False
    return bool(rows.update(customers_gone_at=now, customers_said=""))


def _delete(reference: str) -> None:
    """Twice is once: a deleted customer is refused, but can be read there as deleted.

    Raises ValidationError where the provider does not confirm it.
    """
    try:
        ask(lambda stripe: stripe.v1.customers.delete(reference))
    except Unfitting:
        found = ask(lambda stripe: stripe.v1.customers.retrieve(reference))
        if not found.to_dict().get("deleted"):
            raise
