"""Refunds that the provider makes: once, whatever is tried again, and what fails there later."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from unittest.mock import Mock

import pytest
from django.utils import timezone

from apps.events.models import Job, OutboxEvent
from apps.events.operations import enqueue_housekeeping, run_waiting_jobs
from apps.payments.models import Payment, Refund, RefundRequest
from apps.payments.operations import (
    Approval,
    Wish,
    approve_refund,
    ask_refund,
    refunding,
    send_refund,
)
from apps.payments.operations.asking_again import ask_again
from apps.payments.operations.provider import NoAnswer
from apps.tenancy.context import company_context
from portal.local.stripe.api import do_what_is_due
from tests.integration.local.test_stripe_fake import fill_in
from tests.integration.payments.signing import SECRET, intent, message, refund
from tests.integration.payments.test_checkout import deliver, start
from tests.integration.payments.test_payouts import connected
from tests.integration.payments.test_webhooks import apply_all, arrive, state_of

FAILS_LATER = "4000000000005126"


def approved(
    cast: dict[str, Any], person_of: Callable[..., Any], fake: Any, settings: Any,
    card: str = "4242424242424242",
) -> RefundRequest:  # fmt: skip
    """20.00 of 119.00 that were paid online; no job has run."""
    now = timezone.now()
    connected(cast["provider"], fake, now)
    start(cast)
    fill_in(next(fake.store.all("checkout.session"))["url"], card=card)
    deliver(fake, cast, settings)
    one, other = (person_of(cast["provider"], name) for name in ("finance", "director"))
    with company_context(cast["provider"]):
        wish = Wish(2_000, "goodwill")
        asked = ask_refund(payment=Payment.objects.get(), wish=wish, now=now, person=one)
        return approve_refund(request=asked, approval=Approval(other, now), now=now)


def killed_after_it_was_made(request: RefundRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch, pytest.raises(SystemExit):
        patch.setattr(refunding, "record_refund", Mock(side_effect=SystemExit))
        send_refund(request_id=request.pk, now=timezone.now())


def test_a_try_after_the_provider_forgot_the_key_finds_the_refund(
    cast: dict[str, Any], person_of: Any, stripe_fake: Any, settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    asked = approved(cast, person_of, stripe_fake, settings)
    with company_context(cast["provider"]):
        killed_after_it_was_made(asked, monkeypatch)
        stripe_fake.store.answers.clear()
        assert send_refund(request_id=asked.pk, now=timezone.now()) == "made"
        assert Refund.objects.get().amount_minor == 2_000
    assert len(list(stripe_fake.store.all("refund"))) == 1


def left_in_silence(
    cast: dict[str, Any], person_of: Any, fake: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> RefundRequest:
    """It was made, the answer was lost, and the provider was silent until the job gave up."""
    asked = approved(cast, person_of, fake, settings)
    made = refunding._new_refund

    def lost(*given: Any) -> Any:
        made(*given)
        raise NoAnswer("lost on the way")

    with company_context(cast["provider"]), monkeypatch.context() as patch:
        patch.setattr(refunding, "_new_refund", lost)
        run_waiting_jobs(now=timezone.now())
        patch.setattr(refunding, "ask", Mock(side_effect=NoAnswer("silence")))
        for seconds in (60, 120):
            run_waiting_jobs(now=timezone.now() + timedelta(seconds=seconds))
        assert Job.objects.get(kind=refunding.REFUND).state == "parked"
        asked.refresh_from_db()
    assert (asked.state, len(list(fake.store.all("refund")))) == ("approved", 1)
    # The provider keeps a key for a day alone.
    fake.store.answers.clear()
    return asked


def test_after_silence_the_provider_is_asked_before_anything_is_made(
    cast: dict[str, Any], person_of: Any, stripe_fake: Any, settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    asked = left_in_silence(cast, person_of, stripe_fake, settings, monkeypatch)
    with company_context(cast["provider"]):
        assert ask_again(now=timezone.now()) == {"known": 0}, "its job is under way still"
        later = timezone.now() + timedelta(days=2)
        with monkeypatch.context() as patch:
            patch.setattr(refunding, "ask", Mock(side_effect=NoAnswer("silence")))
            assert ask_again(now=later) == {"known": 0}
        enqueue_housekeeping(now=later, companies=[cast["provider"]])
        run_waiting_jobs(now=later)
        asked.refresh_from_db()
        assert (asked.state, Refund.objects.get().amount_minor) == ("made", 2_000)
        assert ask_again(now=later) == {"known": 0}, "nothing is unknown"
    assert len(list(stripe_fake.store.all("refund"))) == 1


def test_control_without_asking_it_would_be_made_twice(
    cast: dict[str, Any], person_of: Any, stripe_fake: Any, settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    left_in_silence(cast, person_of, stripe_fake, settings, monkeypatch)
    monkeypatch.setattr(refunding, "made_before", lambda *_given: None)
    with company_context(cast["provider"]):
        assert ask_again(now=timezone.now() + timedelta(hours=25)) == {"known": 1}
    assert len(list(stripe_fake.store.all("refund"))) == 2


def wait(fake: Any) -> None:
    with fake.store.lock:
        fake.store.ahead += 5
        do_what_is_due(fake.store)


def test_one_that_failed_there_is_not_made(
    cast: dict[str, Any], person_of: Any, stripe_fake: Any, settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    asked = approved(cast, person_of, stripe_fake, settings, FAILS_LATER)
    with company_context(cast["provider"]):
        killed_after_it_was_made(asked, monkeypatch)
        wait(stripe_fake)
        stripe_fake.store.answers.clear()
        assert send_refund(request_id=asked.pk, now=timezone.now()) == "failed"
        assert not Refund.objects.exists()
        assert "did not make" in RefundRequest.objects.get().failure


def test_one_that_fails_later_is_money_received_again(
    cast: dict[str, Any], person_of: Any, stripe_fake: Any, settings: Any, client_of: Any
) -> None:
    approved(cast, person_of, stripe_fake, settings, FAILS_LATER)
    with company_context(cast["provider"]):
        run_waiting_jobs(now=timezone.now())
        assert Refund.objects.get().amount_minor == 2_000
    wait(stripe_fake)
    for _time in range(2):
        deliver(stripe_fake, cast, settings)
    (made,) = stripe_fake.store.all("refund")
    assert made["status"] == "failed"
    with company_context(cast["provider"]):
        first, again = Payment.objects.order_by("noted_at")
        assert (first.refunded_minor, first.state) == (2_000, "succeeded")
        assert (again.amount_minor, again.state) == (2_000, "succeeded")
        assert (again.reference, again.provider_ref) == ("inv_a", f"{made['id']}:failed")
        assert again.payer_id == cast["customer"].pk
        assert OutboxEvent.objects.filter(name="payments.received").count() == 2
    page = client_of(cast["provider"]).get(f"/payments/{again.public_id}/").content.decode()
    assert "did not reach the payer (the card is expired or cancelled)" in page


def test_the_failure_may_be_told_before_the_refund(cast: dict[str, Any], settings: Any) -> None:
    settings.STRIPE_WEBHOOK_SECRETS = [SECRET]
    provider, now = cast["provider"], timezone.now()
    arrive(message("payment_intent.succeeded", intent(1, provider.pk), "evt_pay"), now)
    apply_all(provider, now)
    arrive(message("refund.failed", refund(1, 300, status="failed"), "evt_failed"), now)
    apply_all(provider, now)
    assert state_of("evt_failed") == "waiting"
    arrive(message("refund.created", refund(1, 300, status="pending"), "evt_refund"), now)
    apply_all(provider, now)
    arrive(message("refund.updated", refund(1, 300, status="canceled"), "evt_again"), now)
    apply_all(provider, now + timedelta(seconds=1))
    assert state_of("evt_failed") == "applied"
    with company_context(provider):
        assert Refund.objects.get().amount_minor == 300
        assert sorted(Payment.objects.values_list("amount_minor", flat=True)) == [300, 1_000]
