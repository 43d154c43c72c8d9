"""A customer saves a SEPA mandate with the provider; what is due is collected by it, once, or not."""

from collections.abc import Callable
from datetime import date
from typing import Any
from unittest.mock import Mock

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.events.operations import run_waiting_jobs
from apps.payments.models import (
    DebitRun,
    ExpectedPayment,
    OnlineDebit,
    Payment,
    Refund,
    SavedMandate,
)
from apps.payments.operations import (
    Approval,
    Expected,
    approve_debits,
    detach_method,
    draft_debits,
    expect_payments,
    online_debits,
    revoke_saved,
    send_online,
    start_saving,
)
from apps.tenancy.context import company_context
from portal.local.stripe.api import do_what_is_due
from tests.integration.local.test_stripe_fake import fill_in
from tests.integration.payments.test_checkout import deliver
from tests.integration.payments.test_payouts import connected

GOOD, FAILS, RETURNED = (
    "DE89370400440532013000", "DE62370400440532013001", "DE35370400440532013002",
)  # fmt: skip


@pytest.fixture
def people(cast: dict[str, Any], person_of: Callable[..., Any]) -> tuple[Any, Any]:
    one, other = (person_of(cast["provider"], name) for name in ("finance", "director"))
    return one, other


@pytest.fixture
def account(cast: dict[str, Any], stripe_fake: Any) -> str:
    return connected(cast["provider"], stripe_fake, timezone.now())


def begin(cast: dict[str, Any]) -> SavedMandate:
    with company_context(cast["customer"]):
        return start_saving(creditor=cast["provider"], now=timezone.now(), actor="Carl")


def saved(cast: dict[str, Any], fake: Any, settings: Any, iban: str = GOOD) -> SavedMandate:
    """Given on the provider's page, and noted."""
    row = begin(cast)
    fill_in(fake.store.get("checkout.session", row.session_id)["url"], iban=iban)
    deliver(fake, cast, settings)
    with company_context(cast["customer"]):
        row.refresh_from_db()
    assert row.state == "active"
    return row


def expect(cast: dict[str, Any], amount: int = 11_900) -> None:
    with company_context(cast["provider"]):
        expect_payments(items=[
            Expected(reference="inv_a", label="RE-2026-a", currency="EUR", amount_minor=amount,
                     payer_id=cast["customer"].pk, payer_name="Customer", due_on=date(2026, 11, 30))
        ])  # fmt: skip


def draft(cast: dict[str, Any], person: Any) -> DebitRun:
    now = timezone.now()
    return draft_debits(references=["inv_a"], collected_on=now.date(), now=now, person=person,
                        method="stripe")  # fmt: skip


def approved(cast: dict[str, Any], people: Any) -> OnlineDebit:
    """Drafted by one and approved by another; no job has run."""
    expect(cast)
    now = timezone.now()
    with company_context(cast["provider"]):
        run = draft(cast, people[0])
        for _click in range(2):
            approve_debits(run=run, approval=Approval(people[1], now), now=now)
        return OnlineDebit.objects.get()


def send(cast: dict[str, Any], row: OnlineDebit) -> str:
    with company_context(cast["provider"]):
        return send_online(debit_id=row.pk, now=timezone.now())


def bank_answers(fake: Any, cast: dict[str, Any], settings: Any) -> Payment:
    with fake.store.lock:
        fake.store.ahead += 5
        do_what_is_due(fake.store)
    deliver(fake, cast, settings)
    with company_context(cast["provider"]):
        return Payment.objects.get()


def intents(fake: Any) -> list[Any]:
    return list(fake.store.all("payment_intent"))


def test_a_mandate_is_saved_seen_and_revoked_on_pages(
    cast: dict[str, Any], stripe_fake: Any, settings: Any, account: str,
    client_of: Callable[..., Any],
) -> None:  # fmt: skip
    client = client_of(cast["customer"], "director")
    form = {"saved-creditor": cast["provider"].pk}
    path = client.post("/payment-settings/saved-mandates/", form)["Location"]
    assert client.post("/payment-settings/saved-mandates/", form)["Location"] == path
    (session,) = stripe_fake.store.all("checkout.session")
    assert session["url"] in client.get(path).content.decode()
    assert fill_in(session["url"], iban=GOOD)[0] == 303
    assert "being noted" in client.get(path).content.decode()
    assert client.post("/payment-settings/saved-mandates/", form).status_code == 422
    deliver(stripe_fake, cast, settings)
    page = client.get(path).content.decode()
    assert "DE•• •••• 3000" in page
    assert GOOD not in page
    with CaptureQueriesContext(connection) as queries:
        assert path in client.get("/payment-settings/").content.decode()
    assert len(queries) <= 14, "what sets the company and person counts too"
    provider = client_of(cast["provider"], "director")
    assert "DE•• •••• 3000" in provider.get("/payment-settings/").content.decode()
    for slug in ("provider", "stranger"):
        other = client_of(cast[slug], "director")
        assert other.get(path).status_code == 404
        assert other.post(path + "revocation/").status_code == 404
    for _click in range(2):
        assert client.post(path + "revocation/")["Location"] == path
    with company_context(cast["customer"]):
        assert SavedMandate.objects.get().state == "revoked"
        run_waiting_jobs(now=timezone.now())
        assert detach_method(mandate_id=SavedMandate.objects.get().pk) == "gone"
    (mandate,) = stripe_fake.store.all("mandate")
    assert mandate["status"] == "inactive"


def test_a_refused_key_does_not_pass_for_a_forgotten_account(
    cast: dict[str, Any], stripe_fake: Any, settings: Any, account: str
) -> None:
    mandate = saved(cast, stripe_fake, settings)
    with company_context(cast["customer"]):
        revoke_saved(mandate=mandate, now=timezone.now(), actor="")
        settings.STRIPE_API_KEY = "sk_live_wrong"
        with pytest.raises(ValidationError, match="refused"):
            detach_method(mandate_id=mandate.pk)
        (method,) = stripe_fake.store.all("payment_method")
        assert method["customer"], "nothing was forgotten"


def test_who_takes_nothing_online_is_given_no_mandate(
    cast: dict[str, Any], stripe_fake: Any
) -> None:
    with pytest.raises(ValidationError, match="takes no payments online"):
        begin(cast)
    with company_context(cast["customer"]):
        assert not SavedMandate.objects.exists()


def test_what_is_due_is_collected_by_it_once(
    cast: dict[str, Any], stripe_fake: Any, settings: Any, account: str, people: Any
) -> None:
    mandate = saved(cast, stripe_fake, settings)
    row = approved(cast, people)
    assert [send(cast, row) for _try in range(2)] == ["made", "made"]
    (intent,) = intents(stripe_fake)
    assert (intent["amount"], intent["on_behalf_of"], intent["status"]) == (
        11_900, account, "processing",
    )  # fmt: skip
    with company_context(cast["provider"]):
        under_way = Payment.objects.get()
        assert (under_way.state, under_way.mandate_reference) == ("pending", mandate.reference)
        with pytest.raises(ValidationError, match="Nothing of this"):
            draft(cast, people[0])
    paid = bank_answers(stripe_fake, cast, settings)
    assert (paid.state, paid.reference, paid.amount_minor) == ("succeeded", "inv_a", 11_900)
    assert (paid.payer_id, paid.method) == (cast["customer"].pk, "sepa_debit")


def test_the_provider_told_it_before_we_noted_it(
    cast: dict[str, Any], stripe_fake: Any, settings: Any, account: str, people: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """The worker is killed after the provider began: the next try finds the same payment."""
    saved(cast, stripe_fake, settings)
    row = approved(cast, people)

    def killed(**_given: Any) -> None:
        raise SystemExit

    with monkeypatch.context() as patch, pytest.raises(SystemExit):
        patch.setattr(online_debits, "record_payment", killed)
        send(cast, row)
    deliver(stripe_fake, cast, settings)
    with company_context(cast["provider"]):
        assert Payment.objects.get().state == "pending"
    assert send(cast, row) == "made"
    assert len(intents(stripe_fake)) == 1
    with company_context(cast["provider"]):
        assert Payment.objects.count() == 1


def test_a_try_after_the_provider_forgot_the_key_finds_the_debit(
    cast: dict[str, Any], stripe_fake: Any, settings: Any, account: str, people: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """It keeps keys for a day alone; a job may be tried again later."""
    saved(cast, stripe_fake, settings)
    row = approved(cast, people)
    with monkeypatch.context() as patch, pytest.raises(SystemExit):
        patch.setattr(online_debits, "record_payment", Mock(side_effect=SystemExit))
        send(cast, row)
    stripe_fake.store.answers.clear()
    assert send(cast, row) == "made"
    (intent,) = intents(stripe_fake)
    with company_context(cast["provider"]):
        assert Payment.objects.get().provider_ref == intent["id"]


def test_a_debit_that_fails_may_be_collected_again(
    cast: dict[str, Any], stripe_fake: Any, settings: Any, account: str, people: Any
) -> None:
    saved(cast, stripe_fake, settings, FAILS)
    send(cast, approved(cast, people))
    failed = bank_answers(stripe_fake, cast, settings)
    assert failed.state == "failed"
    assert failed.failure
    with company_context(cast["provider"]):
        assert draft(cast, people[0]).state == "drafted"


def test_a_returned_debit_is_a_return_of_the_payment(
    cast: dict[str, Any], stripe_fake: Any, settings: Any, account: str, people: Any
) -> None:
    saved(cast, stripe_fake, settings, RETURNED)
    send(cast, approved(cast, people))
    returned = bank_answers(stripe_fake, cast, settings)
    assert (returned.state, returned.refunded_minor) == ("refunded", 11_900)
    with company_context(cast["provider"]):
        assert Refund.objects.get().kind == "return"


def test_a_mandate_revoked_after_the_approval_collects_nothing(
    cast: dict[str, Any], stripe_fake: Any, settings: Any, account: str, people: Any
) -> None:
    mandate = saved(cast, stripe_fake, settings)
    row = approved(cast, people)
    with company_context(cast["customer"]):
        assert revoke_saved(mandate=mandate, now=timezone.now(), actor="Carl")
    # The provider has not forgotten the account yet: it is our own refusal that counts.
    assert send(cast, row) == "failed"
    assert intents(stripe_fake) == []
    with company_context(cast["provider"]):
        assert OnlineDebit.objects.get().failure == "The mandate is revoked."
        assert not Payment.objects.exists()
        with pytest.raises(ValidationError, match="Nothing of this"):
            draft(cast, people[0])


def test_a_mandate_revoked_before_the_approval_stops_the_run(
    cast: dict[str, Any], stripe_fake: Any, settings: Any, account: str, people: Any
) -> None:
    mandate, now = saved(cast, stripe_fake, settings), timezone.now()
    expect(cast)
    with company_context(cast["provider"]):
        run = draft(cast, people[0])
    with company_context(cast["customer"]):
        revoke_saved(mandate=mandate, now=now, actor="Carl")
    with company_context(cast["provider"]):
        with pytest.raises(ValidationError, match="another mandate"):
            approve_debits(run=run, approval=Approval(people[1], now), now=now)
        assert not OnlineDebit.objects.exists()


def test_what_is_paid_meanwhile_is_not_collected(
    cast: dict[str, Any], stripe_fake: Any, settings: Any, account: str, people: Any
) -> None:
    saved(cast, stripe_fake, settings)
    row = approved(cast, people)
    with company_context(cast["provider"]):
        ExpectedPayment.objects.update(amount_minor=11_899)
    assert send(cast, row) == "failed"
    assert intents(stripe_fake) == []


def test_silence_leaves_it_to_the_next_try(
    cast: dict[str, Any], stripe_fake: Any, settings: Any, account: str, people: Any
) -> None:
    saved(cast, stripe_fake, settings)
    row, base = approved(cast, people), settings.STRIPE_API_BASE
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    with pytest.raises(ValidationError, match="does not answer"):
        send(cast, row)
    with company_context(cast["provider"]):
        assert OnlineDebit.objects.get().state == "asked"
        with pytest.raises(ValidationError, match="Nothing of this"):
            draft(cast, people[0])
    settings.STRIPE_API_BASE = base
    assert send(cast, row) == "made"


def test_the_provider_ends_a_mandate(
    cast: dict[str, Any], stripe_fake: Any, settings: Any, account: str
) -> None:
    row = saved(cast, stripe_fake, settings)
    with stripe_fake.store.lock:
        mandate = next(stripe_fake.store.all("mandate"))
        mandate["status"] = "inactive"
        stripe_fake.store.emit("mandate.updated", mandate)
    deliver(stripe_fake, cast, settings)
    with company_context(cast["customer"]):
        row.refresh_from_db()
    assert row.state == "revoked"


def test_an_unused_page_is_followed_by_a_new_one(
    cast: dict[str, Any], stripe_fake: Any, settings: Any, account: str
) -> None:
    from portal.local.stripe import checkout

    first = begin(cast)
    with stripe_fake.store.lock:
        checkout.expire(stripe_fake.store, first.session_id)
    deliver(stripe_fake, cast, settings)
    second = begin(cast)
    assert second.pk != first.pk
    assert second.customer_ref == first.customer_ref
    with company_context(cast["customer"]):
        first.refresh_from_db()
    assert first.state == "expired"


def test_a_run_through_the_provider_on_pages(
    cast: dict[str, Any], stripe_fake: Any, settings: Any, account: str, people: Any,
    client_of: Callable[..., Any],
) -> None:  # fmt: skip
    saved(cast, stripe_fake, settings)
    expect(cast)
    drafter, second = (client_of(cast["provider"], name) for name in ("finance", "director"))
    assert "RE-2026-a" not in drafter.get("/debits/new/").content.decode()
    assert "DE•• •••• 3000" in drafter.get("/debits/new/?way=stripe").content.decode()
    form = {"reference": "inv_a"}
    assert drafter.post("/debits/new/?way=stripe", {"reference": ""}).status_code == 422
    path = drafter.post("/debits/new/?way=stripe", form)["Location"]
    assert drafter.post(path + "approval/").status_code == 422
    for _click in range(2):
        assert second.post(path + "approval/").status_code == 302
    with company_context(cast["provider"]):
        run_waiting_jobs(now=timezone.now())
    assert len(intents(stripe_fake)) == 1
    with CaptureQueriesContext(connection) as queries:
        page = second.get(path).content.decode()
    assert "under way" in page
    assert len(queries) <= 12
    assert second.get(path + "file/").status_code == 404
