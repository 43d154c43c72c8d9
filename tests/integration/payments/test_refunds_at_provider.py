"""Refunds that the provider makes: once, whatever is tried again."""

from collections.abc import Callable
from typing import Any
from unittest.mock import Mock

import pytest
from django.utils import timezone

from apps.payments.models import Payment, Refund, RefundRequest
from apps.payments.operations import Wish, approve_refund, ask_refund, refunding, send_refund
from apps.tenancy.context import company_context
from tests.integration.local.test_stripe_fake import fill_in
from tests.integration.payments.test_checkout import deliver, start
from tests.integration.payments.test_payouts import connected


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
        return approve_refund(request=asked, person=other, confirmed_at=now, now=now)


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
