"""A page of the provider opened before a debit run is approved: paid there or collected, not both."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event
from time import sleep
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone

from apps.events.operations import run_waiting_jobs
from apps.payments.models import CheckoutRequest, DebitRun, OnlineDebit, Payment
from apps.payments.operations import (
    Approval,
    approve_debits,
    closing_pages,
    draft_debits,
    online_debits,
    sign_mandate,
)
from apps.tenancy.context import company_context
from tests.integration.local.test_stripe_fake import fill_in
from tests.integration.payments.conftest import with_account
from tests.integration.payments.test_bank import CREDITOR
from tests.integration.payments.test_checkout import deliver, start
from tests.integration.payments.test_payouts import LONG_AGO, connected
from tests.integration.payments.test_saved_mandates import approved, expect, saved, send

CARD = "4242424242424242"


@pytest.fixture(autouse=True)
def _files(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def people(cast: dict[str, Any], person_of: Callable[..., Any]) -> tuple[Any, Any]:
    return person_of(cast["provider"], "finance"), person_of(cast["provider"], "director")


@pytest.fixture
def page(cast: dict[str, Any], stripe_fake: Any, settings: Any) -> Any:
    """The customer has saved a mandate, and has the document's page open: what is at the provider."""
    connected(cast["provider"], stripe_fake, timezone.now())
    saved(cast, stripe_fake, settings)
    start(cast)
    return next(
        one for one in stripe_fake.store.all("checkout.session") if one["mode"] == "payment"
    )


def collected(fake: Any) -> list[Any]:
    return [one for one in fake.store.all("payment_intent") if one["metadata"].get("debit")]


def test_the_page_is_closed_before_the_debit_is_asked_for(
    cast: dict[str, Any], stripe_fake: Any, settings: Any, page: Any, people: Any
) -> None:
    row = approved(cast, people)
    with pytest.raises(ValidationError, match="under way already"):
        start(cast)
    assert page["status"] == "open", "the approval itself asks nobody"
    assert [send(cast, row) for _try in range(2)] == ["made", "made"]
    assert page["status"] == "expired"
    assert fill_in(f"{stripe_fake.base}/c/pay/{page['id']}", card=CARD)[0] != 303
    deliver(stripe_fake, cast, settings)
    with company_context(cast["customer"]):
        assert CheckoutRequest.objects.get().state == "expired"
    assert len(collected(stripe_fake)) == 1


def test_what_was_paid_on_the_page_first_is_not_collected(
    cast: dict[str, Any], stripe_fake: Any, settings: Any, page: Any, people: Any
) -> None:
    """Whether we heard of it or not."""
    row = approved(cast, people)
    fill_in(page["url"], card=CARD)
    assert send(cast, row) == "failed"
    assert collected(stripe_fake) == []
    deliver(stripe_fake, cast, settings)
    with company_context(cast["provider"]):
        assert OnlineDebit.objects.get().failure == "The document was paid online meanwhile."
        assert Payment.objects.get().state == "succeeded"


def test_what_was_paid_and_noted_but_not_yet_allocated_is_not_collected(
    cast: dict[str, Any], stripe_fake: Any, settings: Any, page: Any, people: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """The page is over for us too: it is the payment that is found."""
    row = approved(cast, people)
    fill_in(page["url"], card=CARD)
    with monkeypatch.context() as patch:
        # Only the provider's messages are worked on, not the debit.
        patch.setattr("apps.payments.tasks.send_online", lambda **_given: "later")
        deliver(stripe_fake, cast, settings)
    assert send(cast, row) == "failed"
    with company_context(cast["provider"]):
        assert OnlineDebit.objects.get().failure == "The document is being paid another way."


def test_without_closing_it_comes_twice(
    cast: dict[str, Any], stripe_fake: Any, page: Any, people: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What closing is for."""
    monkeypatch.setattr(online_debits, "close_pages", lambda _references: set())
    row = approved(cast, people)
    fill_in(page["url"], card=CARD)
    assert send(cast, row) == "made"
    assert len(collected(stripe_fake)) == 1


def test_a_silent_provider_collects_nothing_yet(
    cast: dict[str, Any], stripe_fake: Any, settings: Any, page: Any, people: Any
) -> None:
    row = approved(cast, people)
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    with pytest.raises(ValidationError, match="does not answer"):
        send(cast, row)
    settings.STRIPE_API_BASE = stripe_fake.base
    assert send(cast, row) == "made"


@pytest.fixture
def file_run(cast: dict[str, Any], stripe_fake: Any, people: Any) -> DebitRun:
    """By bank file, of a document whose page is open; its job has not run."""
    now = timezone.now()
    connected(cast["provider"], stripe_fake, now)
    with_account(cast["provider"], now - LONG_AGO, CREDITOR)
    with_account(cast["customer"], now - LONG_AGO)
    with company_context(cast["customer"]):
        sign_mandate(creditor=cast["provider"], now=now - LONG_AGO, actor="Carl")
    expect(cast)
    start(cast)
    with company_context(cast["provider"]):
        run = draft_debits(
            references=["inv_a"], collected_on=now.date() + timedelta(days=4), now=now,
            person=people[0],
        )  # fmt: skip
        return approve_debits(run=run, approval=Approval(people[1], now), now=now)


def test_a_bank_file_closes_the_pages_of_its_documents(
    cast: dict[str, Any], stripe_fake: Any, file_run: DebitRun
) -> None:
    (page,) = stripe_fake.store.all("checkout.session")
    with company_context(cast["provider"]):
        run_waiting_jobs(now=timezone.now())
        assert page["status"] == "expired"
        assert closing_pages.close_pages_of_run(run_id=file_run.pk) == [], "twice is once"


def test_what_comes_twice_is_named_on_the_page_of_the_run(
    cast: dict[str, Any], stripe_fake: Any, settings: Any, file_run: DebitRun, client_of: Any
) -> None:
    client, path = client_of(cast["provider"], "finance"), f"/debits/{file_run.public_id}/"
    assert "Paid another way as well" not in client.get(path).content.decode()
    (page,) = stripe_fake.store.all("checkout.session")
    fill_in(page["url"], card=CARD)
    with company_context(cast["provider"]):
        assert closing_pages.close_pages_of_run(run_id=file_run.pk) == ["inv_a"]
    deliver(stripe_fake, cast, settings)
    with company_context(cast["provider"]):
        online = Payment.objects.get(method="checkout")
        assert Payment.objects.exclude(pk=online.pk).get().state == "pending"
    text = client.get(path).content.decode()
    assert "Paid another way as well" in text
    assert online.public_id in text


def test_a_page_that_is_being_made_is_waited_for(
    own_database: str, cast: dict[str, Any], stripe_fake: Any, settings: Any, people: Any
) -> None:
    """It was begun before the approval could be seen, and is committed after it."""
    connected(cast["provider"], stripe_fake, timezone.now())
    saved(cast, stripe_fake, settings)
    begun, going = Event(), Event()

    def customer() -> None:
        try:
            with company_context(cast["customer"]), transaction.atomic():
                start(cast)
                begun.set()
                assert going.wait(20)
                sleep(1)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        clicked = pool.submit(customer)
        assert begun.wait(20)
        row = approved(cast, people)
        going.set()
        assert send(cast, row) == "made"
        clicked.result()
    (page,) = (one for one in stripe_fake.store.all("checkout.session") if one["mode"] == "payment")
    assert page["status"] == "expired"
