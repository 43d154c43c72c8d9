"""Money that is here again after a failed refund goes back anew; what never fits is closed by a person."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.events.models import AuditRow
from apps.events.operations import run_waiting_jobs
from apps.payments.models import BankFile, Payment, Refund, RefundRequest, WebhookEvent
from apps.payments.operations import (
    Approval,
    Wish,
    approve_refund,
    ask_refund,
    close_message,
    is_refundable,
    make_main,
    open_account,
    refunding,
    send_refund,
    show_payment_details,
)
from apps.tenancy.context import company_context
from tests.integration.payments.conftest import IBANS, with_account
from tests.integration.payments.signing import SECRET, intent, message, refund
from tests.integration.payments.test_checkout import deliver
from tests.integration.payments.test_payouts import LONG_AGO
from tests.integration.payments.test_refunds_at_provider import FAILS_LATER, approved, wait
from tests.integration.payments.test_webhooks import apply_all, arrive, state_of


@pytest.fixture(autouse=True)
def _files(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def people(cast: dict[str, Any], person_of: Callable[..., Any]) -> tuple[Any, Any]:
    one, other = (person_of(cast["provider"], name) for name in ("finance", "director"))
    return one, other


@pytest.fixture
def again(
    cast: dict[str, Any], person_of: Callable[..., Any], stripe_fake: Any, settings: Any
) -> Payment:
    """20.00 of 119.00 were refunded, and the payer's bank did not take them."""
    approved(cast, person_of, stripe_fake, settings, FAILS_LATER)
    with company_context(cast["provider"]):
        run_waiting_jobs(now=timezone.now())
    wait(stripe_fake)
    deliver(stripe_fake, cast, settings)
    with company_context(cast["provider"]):
        return Payment.objects.get(provider_ref__endswith=":failed")


def customer_shows(cast: dict[str, Any], since: datetime) -> None:
    with_account(cast["customer"], since)
    with company_context(cast["customer"]):
        show_payment_details(companies=[cast["provider"]])


def ask(payment: Payment, people: Any, amount: int = 2_000) -> RefundRequest:
    now = timezone.now()
    return ask_refund(payment=payment, wish=Wish(amount, "again"), now=now, person=people[0])


def approve(asked: RefundRequest, people: Any) -> RefundRequest:
    now = timezone.now()
    return approve_refund(request=asked, approval=Approval(people[1], now), now=now)


def test_it_goes_to_the_account_that_the_payer_shows(
    cast: dict[str, Any], again: Payment, people: Any, client_of: Callable[..., Any]
) -> None:
    with_account(cast["provider"], timezone.now() - LONG_AGO)
    customer_shows(cast, timezone.now() - LONG_AGO)
    path = f"/payments/{again.public_id}/"
    page = client_of(cast["provider"], "finance").get(path).content.decode()
    assert "Ask for the refund" in page
    assert "It goes to the payer&#x27;s bank account" in page or "payer's bank account" in page
    with company_context(cast["provider"]):
        asked = approve(ask(again, people), people)
        assert (asked.iban, asked.state) == (IBANS["customer"], "approved")
        assert BankFile.objects.get(kind="transfers").total_minor == 2_000


def test_a_new_account_of_the_payer_cools_down_and_a_changed_one_is_asked_for_anew(
    cast: dict[str, Any], again: Payment, people: Any
) -> None:
    with_account(cast["provider"], timezone.now() - LONG_AGO)
    customer_shows(cast, timezone.now())
    with company_context(cast["provider"]):
        asked = ask(again, people)
        with pytest.raises(ValidationError, match="are new"):
            approve(asked, people)
    with company_context(cast["customer"]):
        new = open_account(holder_name="C", iban=IBANS["maker"], creditor_id="", now=timezone.now(),
                           actor="Carl")  # fmt: skip
        make_main(account=new, now=timezone.now(), actor="Carl")
    with company_context(cast["provider"]):
        with pytest.raises(ValidationError, match="another now"):
            approve(asked, people)
        assert not BankFile.objects.filter(kind="transfers").exists()


def test_without_an_account_the_provider_is_asked_once_more(
    cast: dict[str, Any], again: Payment, people: Any, stripe_fake: Any, settings: Any
) -> None:
    with company_context(cast["provider"]):
        first = Payment.objects.exclude(pk=again.pk).get()
        asked = approve(ask(again, people), people)
        assert asked.iban == ""
        assert [send_refund(request_id=asked.pk, now=timezone.now()) for _ in "ab"] == ["made"] * 2
    _failed, made = sorted(stripe_fake.store.all("refund"), key=lambda one: one["status"])
    assert (made["payment_intent"], made["amount"]) == (first.provider_ref, 2_000)
    deliver(stripe_fake, cast, settings)
    with company_context(cast["provider"]):
        again.refresh_from_db()
        first.refresh_from_db()
        assert (again.state, first.refunded_minor) == ("refunded", 2_000)
        assert Refund.objects.filter(payment=again).get().provider_ref == made["id"]


def test_told_before_it_is_noted_it_is_taken_off_the_money_that_came_again(
    cast: dict[str, Any], again: Payment, people: Any, stripe_fake: Any, settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """The worker is killed; the provider's message comes first. And that refund fails as well."""
    with company_context(cast["provider"]):
        asked = approve(ask(again, people), people)

        def killed(**_given: Any) -> None:
            raise SystemExit

        with monkeypatch.context() as patch, pytest.raises(SystemExit):
            patch.setattr(refunding, "record_refund", killed)
            send_refund(request_id=asked.pk, now=timezone.now())
    deliver(stripe_fake, cast, settings)
    with company_context(cast["provider"]):
        again.refresh_from_db()
        assert again.state == "refunded"
        assert RefundRequest.objects.get(pk=asked.pk).state == "made"
    wait(stripe_fake)
    deliver(stripe_fake, cast, settings)
    with company_context(cast["provider"]):
        third = Payment.objects.order_by("-noted_at").first()
        assert third.provider_ref not in (again.provider_ref, "")
        assert (third.amount_minor, third.state) == (2_000, "succeeded")
        assert is_refundable(third)


@pytest.fixture
def waiting(cast: dict[str, Any], settings: Any) -> WebhookEvent:
    """A refund that this portal never noted has failed; told four days ago."""
    settings.STRIPE_WEBHOOK_SECRETS = [SECRET]
    provider, then = cast["provider"], timezone.now() - timedelta(days=4)
    arrive(message("payment_intent.succeeded", intent(1, provider.pk), "evt_pay"), then)
    apply_all(provider, then)
    arrive(message("refund.failed", refund(1, 300, status="failed"), "evt_failed"), then)
    apply_all(provider, then)
    assert state_of("evt_failed") == "waiting"
    with company_context(provider):
        return WebhookEvent.objects.get(event_id="evt_failed")


def test_a_failure_that_fits_nothing_is_seen_and_closed_with_a_reason(
    cast: dict[str, Any], waiting: WebhookEvent, people: Any, client_of: Callable[..., Any]
) -> None:
    client = client_of(cast["provider"], "finance")
    assert "1 message of the payment provider" in client.get("/payments/").content.decode()
    page = client.get("/provider-messages/").content.decode()
    assert "evt_failed" in page
    assert "3.00" in page
    path, field = f"/provider-messages/{waiting.public_id}/closing/", f"{waiting.public_id}-reason"
    assert client.post(path, {field: ""}).status_code == 422
    for slug in ("customer", "stranger"):
        other = client_of(cast[slug], "finance")
        assert "evt_failed" not in other.get("/provider-messages/").content.decode()
        assert other.post(path, {field: "mine"}).status_code == 404
    assert client_of(cast["provider"], "viewer").post(path, {field: "x"}).status_code == 403
    for _click in range(2):
        assert client.post(path, {field: "made by hand"}).status_code == 302
    assert "Everything fits" in client.get("/provider-messages/").content.decode()
    assert "payment provider fits" not in client.get("/payments/").content.decode()
    with company_context(cast["provider"]):
        row = WebhookEvent.objects.get(pk=waiting.pk)
        assert (row.state, row.reason) == ("closed", "made by hand")
        assert AuditRow.objects.filter(action="payments.message_closed").count() == 1
        with pytest.raises(IntegrityError, match="payments_inbox_closed"), transaction.atomic():
            WebhookEvent.objects.filter(pk=waiting.pk).update(reason="")


def test_it_is_not_shown_before_three_days(
    cast: dict[str, Any], waiting: WebhookEvent, client_of: Callable[..., Any]
) -> None:
    with company_context(cast["provider"]):
        young = timezone.now() - timedelta(days=2, hours=23)
        WebhookEvent.objects.filter(pk=waiting.pk).update(received_at=young)
    client = client_of(cast["provider"], "finance")
    assert "evt_failed" not in client.get("/provider-messages/").content.decode()


def test_what_was_closed_is_applied_when_the_refund_comes_after_all(
    cast: dict[str, Any], waiting: WebhookEvent, people: Any
) -> None:
    provider, now = cast["provider"], timezone.now()
    with company_context(provider):
        close_message(event_id=waiting.pk, reason="gave up", now=now, person=people[0])
    arrive(message("refund.created", refund(1, 300, status="pending"), "evt_refund"), now)
    apply_all(provider, now)
    apply_all(provider, now + timedelta(seconds=1))
    assert state_of("evt_failed") == "applied"
    with company_context(provider):
        assert Payment.objects.filter(provider_ref="re_1:failed", amount_minor=300).exists()
        with pytest.raises(ValidationError, match="does not wait"):
            close_message(event_id=waiting.pk, reason="again", now=now, person=people[0])
