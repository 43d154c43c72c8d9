"""The provider's messages: signed, once, in any order, in the right company."""

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone

from apps.events.models import OutboxEvent
from apps.events.operations import run_waiting_jobs
from apps.payments.domain.webhooks import Forged
from apps.payments.models import Payment, Refund, StripeAccount, WebhookEvent
from apps.payments.models.inbox import key_of
from apps.payments.operations import receive_webhook
from apps.payments.operations.applying import CAPABLE
from apps.payments.tasks import route
from apps.tenancy.context import as_platform, company_context, no_company
from portal.local.stripe import connect
from tests.integration.payments.signing import SECRET, intent, message, refund, signature

STATE = WebhookEvent.State


@pytest.fixture(autouse=True)
def _secret(settings: Any) -> None:
    settings.STRIPE_WEBHOOK_SECRETS = [SECRET]


def arrive(body: bytes, now: datetime) -> bool:
    stamp = int(now.timestamp())
    with no_company():
        return receive_webhook(body=body, signature=signature(body, stamp), now=now)


def apply_all(company: Any, now: datetime) -> None:
    """As the platform worker and then the company's worker do it."""
    while route():
        pass
    with company_context(company):
        run_waiting_jobs(now=timezone.now() + timedelta(seconds=1))


def state_of(event_id: str) -> str:
    with as_platform():
        return WebhookEvent.objects.get(pk=key_of(event_id)).state


def test_a_payment_is_noted_once_in_its_company(cast: dict[str, Any], now: datetime) -> None:
    provider = cast["provider"]
    body = message("payment_intent.succeeded", intent(1, provider.pk))
    assert [arrive(body, now) for _ in range(3)] == [True, False, False]
    apply_all(provider, now)
    with company_context(provider):
        paid = Payment.objects.get()
        assert (paid.amount_minor, paid.currency, paid.state) == (1000, "EUR", "succeeded")
        assert (paid.reference, paid.provider_ref) == ("doc_1", "pi_1")
        assert OutboxEvent.objects.filter(name="payments.received").count() == 1
    assert state_of("evt_1") == STATE.APPLIED
    with company_context(cast["customer"]):
        assert not Payment.objects.exists()
        assert not WebhookEvent.objects.exists()


def test_a_refund_that_comes_first_waits_for_its_payment(
    cast: dict[str, Any], now: datetime
) -> None:
    """Made by hand at the provider; with the payment known, the company is found by it."""
    provider = cast["provider"]
    early = refund(1, 300, metadata={"company": str(provider.pk)})
    arrive(message("refund.created", early, "evt_refund"), now)
    apply_all(provider, now)
    assert state_of("evt_refund") == STATE.WAITING
    arrive(message("payment_intent.succeeded", intent(1, provider.pk), "evt_pay"), now)
    apply_all(provider, now)
    arrive(message("refund.created", refund(1, 700, "re_2"), "evt_hand"), now)
    apply_all(provider, now)
    with company_context(provider):
        paid = Payment.objects.get()
        assert (paid.refunded_minor, paid.state) == (1000, "refunded")
        assert Counter(Refund.objects.values_list("amount_minor", flat=True)) == {300: 1, 700: 1}


def test_more_than_the_payment_has_left_is_refused(cast: dict[str, Any], now: datetime) -> None:
    provider = cast["provider"]
    arrive(message("payment_intent.succeeded", intent(1, provider.pk), "evt_pay"), now)
    apply_all(provider, now)
    arrive(message("refund.created", refund(1, 1001), "evt_refund"), now)
    apply_all(provider, now)
    assert state_of("evt_refund") == STATE.REFUSED
    with company_context(provider):
        assert Payment.objects.get().refunded_minor == 0


def test_a_late_message_never_takes_back_what_is_settled(
    cast: dict[str, Any], now: datetime
) -> None:
    provider = cast["provider"]
    for number, kind in enumerate(["succeeded", "processing", "payment_failed"]):
        arrive(message(f"payment_intent.{kind}", intent(1, provider.pk), f"evt_{number}"), now)
        apply_all(provider, now)
    with company_context(provider):
        assert Payment.objects.get().state == Payment.State.SUCCEEDED


def test_what_an_account_may_do_follows_the_providers_clock(
    cast: dict[str, Any], now: datetime
) -> None:
    provider, at = cast["provider"], int(now.timestamp())
    with company_context(provider):
        StripeAccount.objects.create(
            author=provider, parties=[provider.pk], account_id="acct_1", connected_at=now,
            told_at=now - timedelta(days=1),
        )  # fmt: skip
    told = {"id": "acct_1", "object": "account", "charges_enabled": True, "payouts_enabled": True}
    arrive(message("account.updated", told, "evt_new", at), now)
    arrive(message("account.updated", {**told, "charges_enabled": False}, "evt_old", at - 5), now)
    apply_all(provider, now)
    with company_context(provider):
        assert StripeAccount.objects.get().charges_enabled


@pytest.mark.parametrize("first", [True, False])
def test_of_two_of_one_second_the_account_itself_is_asked(
    cast: dict[str, Any], now: datetime, stripe_fake: Any, first: bool
) -> None:
    """In both orders it ends as the provider says: the account may take charges."""
    provider, at = cast["provider"], int(now.timestamp())
    with stripe_fake.store.lock:
        account = connect.new_account(stripe_fake.store, {})
        connect.onboarded(stripe_fake.store, account["id"])
    with company_context(provider):
        StripeAccount.objects.create(
            author=provider, parties=[provider.pk], account_id=account["id"], connected_at=now,
            told_at=now - timedelta(days=1),
        )  # fmt: skip
    told = {"id": account["id"], "object": "account"}
    for number, able in enumerate([first, not first]):
        thing = {**told, **dict.fromkeys(CAPABLE, able)}
        arrive(message("account.updated", thing, f"evt_{number}", at), now)
        apply_all(provider, now)
        assert state_of(f"evt_{number}") == STATE.APPLIED
    with company_context(provider):
        row = StripeAccount.objects.get()
        assert [getattr(row, name) for name in CAPABLE] == [True, True, True]


@pytest.mark.parametrize(
    "thing",
    [intent(1, 999_999), intent(1, 0, metadata={}), intent(1, 0, metadata={"company": "x"}),
     {"id": "acct_9", "object": "account"}],
)  # fmt: skip
def test_what_concerns_no_company_here_is_refused(
    cast: dict[str, Any], now: datetime, thing: dict[str, Any]
) -> None:
    kind = "account.updated" if thing["object"] == "account" else "payment_intent.succeeded"
    arrive(message(kind, thing), now)
    assert route() == 1
    assert state_of("evt_1") == STATE.REFUSED
    with as_platform(), no_company():
        assert not Payment.all_parties.exists()


def test_forged_and_stale_messages_are_refused_and_not_kept(
    cast: dict[str, Any], now: datetime
) -> None:
    body = message("payment_intent.succeeded", intent(1, cast["provider"].pk))
    stamp = int(now.timestamp())
    with no_company():
        for header in (signature(body, stamp, "whsec_other"), signature(body, stamp - 900), "x"):
            with pytest.raises(Forged):
                receive_webhook(body=body, signature=header, now=now)
    with as_platform():
        assert not WebhookEvent.objects.exists()
    assert arrive(body, now)


def test_nobody_reads_or_rewrites_the_inbox_but_the_company_concerned(
    cast: dict[str, Any], now: datetime
) -> None:
    provider = cast["provider"]
    arrive(message("payment_intent.succeeded", intent(1, provider.pk)), now)
    for company in (provider, cast["customer"]):
        with company_context(company):
            assert not WebhookEvent.objects.exists()
            assert WebhookEvent.objects.update(state=STATE.REFUSED) == 0
    with company_context(provider), pytest.raises(DatabaseError), transaction.atomic():
        WebhookEvent(
            id=key_of("mine"), event_id="mine", kind="x", body={}, made_at=now, received_at=now,
            company_id=provider.pk, state=STATE.ROUTED,
        ).save(force_insert=True)  # fmt: skip
    assert route() == 1
    with company_context(provider):
        assert WebhookEvent.objects.count() == 1


def test_the_address_answers_what_it_did(cast: dict[str, Any], settings: Any) -> None:
    client = Client(HTTP_HOST=settings.PERUSE_DOMAIN, enforce_csrf_checks=True)
    body = message("payment_intent.succeeded", intent(1, cast["provider"].pk))
    stamp = int(timezone.now().timestamp())

    def post(content: bytes, header: str) -> int:
        return client.post(
            "/webhooks/stripe/", content, "application/json", headers={"Stripe-Signature": header}
        ).status_code  # fmt: skip

    assert post(body, signature(body, stamp)) == 200
    assert post(body, signature(body, stamp)) == 200
    assert post(body, signature(body, stamp, "x")) == 400
    assert post(b"[]", signature(b"[]", stamp)) == 400
    other = message("customer.created", {"id": "cus_1"}, "evt_other")
    assert post(other, signature(other, stamp)) == 200
    large = b"x" * (600 * 1024)
    assert post(large, signature(large, stamp)) == 413
    assert client.get("/webhooks/stripe/").status_code == 405
    with as_platform():
        assert WebhookEvent.objects.count() == 1


def storm(provider: Any, unique: int, forgeries: int, seed: int) -> None:
    """Payments and refunds, each 1–4 times, shuffled, over 8 threads, with forgeries between."""
    rng, now = random.Random(seed), timezone.now()
    bodies = []
    for number in range(unique):
        paid = number // 2
        kind, thing = "payment_intent.succeeded", intent(paid, provider.pk)
        if number % 2:
            kind = "refund.created"
            thing = refund(paid, 10, metadata={"company": str(provider.pk)})
        bodies.append((message(kind, thing, f"evt_{number}"), SECRET))
    many = [body for body in bodies for _ in range(rng.randint(1, 4))]
    many += [
        (message("payment_intent.succeeded", intent(10_000 + n, provider.pk), f"evt_x{n}"), "no")
        for n in range(forgeries)
    ]
    rng.shuffle(many)

    def send(one: tuple[bytes, str]) -> bool:
        body, secret = one
        header = signature(body, int(now.timestamp()), secret)
        try:
            return receive_webhook(body=body, signature=header, now=now)
        except Forged:
            return False

    def work(part: list[tuple[bytes, str]]) -> int:
        try:
            taken = sum(send(one) for one in part)
            route()
            with company_context(provider):
                run_waiting_jobs(now=timezone.now(), limit=unique)
            return taken
        finally:
            connection.close()

    parts = [many[start::8] for start in range(8)]
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(work, parts)) == unique, f"seed {seed}"
    for _ in range(3):
        apply_all(provider, now)
    with company_context(provider):
        assert Payment.objects.count() == (unique + 1) // 2
        assert Refund.objects.count() == unique // 2
        assert set(Payment.objects.values_list("refunded_minor", flat=True)) == {10}
        names = Counter(OutboxEvent.objects.values_list("name", flat=True))
        assert names == {"payments.received": unique // 2, "payments.refunded": unique // 2}
    with as_platform():
        states = Counter(WebhookEvent.objects.values_list("state", flat=True))
    assert states == {STATE.APPLIED: unique}


def test_doubled_shuffled_and_forged_in_parallel(own_database: str, cast: dict[str, Any]) -> None:
    storm(cast["provider"], unique=60, forgeries=30, seed=random.randrange(10**6))


@pytest.mark.long
def test_a_thousand_messages_and_five_hundred_forgeries(
    own_database: str, cast: dict[str, Any]
) -> None:
    storm(cast["provider"], unique=1000, forgeries=500, seed=random.randrange(10**6))
