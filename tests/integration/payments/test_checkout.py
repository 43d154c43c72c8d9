"""A customer pays at the provider's page: from the click to the payment in the payee's company."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.events.operations import run_waiting_jobs
from apps.payments.models import CheckoutRequest, Payment, WebhookEvent
from apps.payments.operations import Incoming, receive_webhook, record_payment, start_checkout
from apps.payments.tasks import route
from apps.tenancy.context import as_platform, company_context, no_company
from portal.local.stripe.delivery import signature
from portal.local.stripe.store import shown
from tests.integration.local.test_stripe_fake import fill_in
from tests.integration.payments.signing import SECRET
from tests.integration.payments.test_payouts import connected


def start(cast: dict[str, Any], amount: int = 11_900) -> str:
    with company_context(cast["customer"]):
        return start_checkout(
            payee=cast["provider"], reference="inv_a", title="RE-2026-a", amount_minor=amount,
            currency="EUR", return_url="/invoices/", now=timezone.now(),
        )  # fmt: skip


def deliver(fake: Any, cast: dict[str, Any], settings: Any) -> None:
    """What the provider tells, in the order of its events, twice each."""
    import json

    settings.STRIPE_WEBHOOK_SECRETS = [SECRET]
    now = timezone.now()
    for event in [*reversed(list(fake.store.all("event")))] * 2:
        body = json.dumps(shown(event)).encode()
        with no_company():
            receive_webhook(
                body=body, signature=signature(body, SECRET, int(now.timestamp())), now=now
            )
    route()
    for slug in ("provider", "customer"):
        with company_context(cast[slug]):
            run_waiting_jobs(now=timezone.now())


def test_the_customer_pays_and_the_payee_has_the_payment(
    cast: dict[str, Any], stripe_fake: Any, settings: Any, client_of: Callable[..., Any]
) -> None:
    account = connected(cast["provider"], stripe_fake, timezone.now())
    path = start(cast)
    assert start(cast) == path, "two clicks are one"
    client = client_of(cast["customer"], "finance")
    (session,) = stripe_fake.store.all("checkout.session")
    page = client.get(path).content.decode()
    assert session["url"] in page
    assert "119.00" in page
    policy = client.get(path).headers["Content-Security-Policy"]
    assert stripe_fake.base not in policy, "the policy for forms stays as it is"
    assert fill_in(session["url"], card="4242424242424242")[0] == 303
    assert "being noted" in client.get(path).content.decode()
    deliver(stripe_fake, cast, settings)
    with company_context(cast["provider"]):
        paid = Payment.objects.get()
        assert (paid.reference, paid.amount_minor, paid.state) == ("inv_a", 11_900, "succeeded")
        assert (paid.payer_id, paid.payer_name) == (cast["customer"].pk, "Customer Foods GmbH")
    (intent,) = stripe_fake.store.all("payment_intent")
    assert (intent["on_behalf_of"], intent["transfer_group"]) == (account, "inv_a")
    with company_context(cast["customer"]):
        assert CheckoutRequest.objects.get().state == "completed"
    assert "Thank you" in client.get(path).content.decode()
    with as_platform():
        assert not WebhookEvent.objects.filter(state__in=["received", "waiting"]).exists()
    stranger = client_of(cast["stranger"], "finance")
    assert stranger.get(path).status_code == 404
    assert client_of(cast["provider"], "finance").get(path).status_code == 404


def test_a_declined_card_is_a_failed_payment_and_the_page_stays(
    cast: dict[str, Any], stripe_fake: Any, settings: Any, client_of: Callable[..., Any]
) -> None:
    connected(cast["provider"], stripe_fake, timezone.now())
    start(cast)
    (session,) = stripe_fake.store.all("checkout.session")
    fill_in(session["url"], card="4000000000000002")
    deliver(stripe_fake, cast, settings)
    with company_context(cast["provider"]):
        failed = Payment.objects.get()
        assert (failed.state, failed.failure) == ("failed", "declined:generic_decline")
    page = client_of(cast["provider"]).get("/payments/").content.decode()
    assert "The bank declined the payment and told no reason." in page
    fill_in(session["url"], card="4242424242424242")
    deliver(stripe_fake, cast, settings)
    with company_context(cast["provider"]):
        assert Payment.objects.get().state == "succeeded"


def test_an_expired_page_is_followed_by_a_new_one(
    cast: dict[str, Any], stripe_fake: Any, settings: Any
) -> None:
    from portal.local.stripe import checkout

    connected(cast["provider"], stripe_fake, timezone.now())
    first = start(cast)
    with stripe_fake.store.lock:
        checkout.expire(stripe_fake.store, next(stripe_fake.store.all("checkout.session"))["id"])
    assert start(cast) != first
    with company_context(cast["customer"]):
        assert sorted(CheckoutRequest.objects.values_list("state", flat=True)) == [
            "expired",
            "open",
        ]


@pytest.mark.parametrize("amount", [0, -1])
def test_nothing_open_is_not_paid(cast: dict[str, Any], stripe_fake: Any, amount: int) -> None:
    connected(cast["provider"], stripe_fake, timezone.now())
    with pytest.raises(ValidationError, match="Nothing is open"):
        start(cast, amount)


def test_who_takes_no_payments_online_says_so(
    cast: dict[str, Any], stripe_fake: Any, settings: Any
) -> None:
    with pytest.raises(ValidationError, match="takes no payments online"):
        start(cast)
    connected(cast["provider"], stripe_fake, timezone.now())
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    with pytest.raises(ValidationError, match="does not answer"):
        start(cast)
    with company_context(cast["customer"]):
        assert not CheckoutRequest.objects.exists(), "nothing of it is kept"


def test_what_is_being_debited_is_not_paid_online_as_well(
    cast: dict[str, Any], stripe_fake: Any
) -> None:
    connected(cast["provider"], stripe_fake, timezone.now())
    debit = Incoming(
        provider_ref="pay_debit", amount_minor=11_900, currency="EUR", method="sepa_debit",
        reference="inv_a", payer_id=cast["customer"].pk,
    )  # fmt: skip
    with company_context(cast["provider"]):
        record_payment(payment=debit, state="pending", now=timezone.now())
    with pytest.raises(ValidationError, match="under way"):
        start(cast)
    assert not list(stripe_fake.store.all("checkout.session"))
    with company_context(cast["provider"]):
        record_payment(payment=debit, state="failed", now=timezone.now())
    assert start(cast)
