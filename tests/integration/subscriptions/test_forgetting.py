"""The customer record of an erased company is deleted at the provider: asked until it is confirmed, said as it is."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.test import Client

from apps.events.operations import run_waiting_jobs
from apps.payments.operations.provider import ask
from apps.subscriptions.models import Certificate
from apps.subscriptions.operations import ask_to_leave, erasing
from apps.subscriptions.operations.certifying import mail_certificates
from apps.subscriptions.operations.erasing import erase_departed
from apps.subscriptions.operations.forgetting import forget_customers
from apps.subscriptions.wording import customers_in_words
from apps.tenancy.context import acting_as, as_platform, company_context, no_company
from tests.conftest import NOW, make_person
from tests.integration.subscriptions.ordering import order, without_plan

NOBODY_LISTENS = "http://127.0.0.1:9"
MINUTE = timedelta(minutes=1)


def customer(name: str = "Stranger AG") -> str:
    return str(ask(lambda stripe: stripe.v1.customers.create({"name": name})).id)


def certificate(company: Any, *customers: str) -> Certificate:
    with no_company(), as_platform():
        found: Certificate = Certificate.objects.create(
            company=company, made_at=NOW, body={}, public_key="", signature="", language="en",
            email="anna@stranger.example", customers=list(customers), customers_try_at=NOW,
        )  # fmt: skip
    return found


def worker(row: Certificate, now: Any) -> int:
    with no_company(), as_platform():
        done = forget_customers(now=now)
        row.refresh_from_db()
    return done


def is_gone(reference: str) -> bool:
    found = ask(lambda stripe: stripe.v1.customers.retrieve(reference))
    return bool(found.to_dict().get("deleted"))


def test_both_customers_are_deleted_once(cast: Any, stripe_fake: Any) -> None:
    payer, debtor, other = customer(), customer(), customer("Somebody else")
    row = certificate(cast["stranger"], payer, debtor)
    assert "in a moment" in customers_in_words(row)
    assert worker(row, NOW) == 1
    assert (is_gone(payer), is_gone(debtor), is_gone(other)) == (True, True, False)
    assert (row.customers_asked_at, row.customers_gone_at, row.customers_tries) == (NOW, NOW, 1)
    # In the console's columns and on the page: words alone.
    words = "Deleted; the provider confirmed it on 2 Nov 2026 09:00."
    assert customers_in_words(row).replace("\xa0", " ") == words
    assert worker(row, NOW + timedelta(days=1)) == 0
    assert row.customers_tries == 1


def test_a_provider_that_is_away_is_asked_until_it_answers(
    cast: Any, stripe_fake: Any, settings: Any
) -> None:
    reference, there = customer(), settings.STRIPE_API_BASE
    row = certificate(cast["stranger"], reference)
    settings.STRIPE_API_BASE = NOBODY_LISTENS
    assert worker(row, NOW) == 0
    assert "does not answer" in row.customers_said
    assert (row.customers_asked_at, row.customers_gone_at) == (NOW, None)
    assert "not confirmed yet" in customers_in_words(row)
    # Not at once again, and later less often.
    assert row.customers_try_at == NOW + MINUTE
    settings.STRIPE_API_BASE = there
    assert worker(row, NOW + MINUTE / 2) == 0
    assert not is_gone(reference)
    assert worker(row, NOW + MINUTE) == 1
    assert (is_gone(reference), row.customers_said) == (True, "")
    assert (row.customers_asked_at, row.customers_gone_at) == (NOW, NOW + MINUTE)


def test_a_lost_answer_does_no_harm(
    cast: Any, stripe_fake: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The provider did it and the worker died before it noted that."""
    reference = customer()
    row = certificate(cast["stranger"], reference)
    monkeypatch.setattr(
        "apps.subscriptions.operations.forgetting._delete", lambda key: 1 / 0, raising=True
    )
    ask(lambda stripe: stripe.v1.customers.delete(reference))
    with pytest.raises(ZeroDivisionError):
        worker(row, NOW)
    monkeypatch.undo()
    assert worker(row, NOW + MINUTE) == 1


def test_what_the_provider_does_not_know_is_not_called_deleted(cast: Any, stripe_fake: Any) -> None:
    """Such as with the key of another account: it is asked on, and the console says why."""
    row = certificate(cast["stranger"], "cus_of_another_account")
    assert worker(row, NOW) == 0
    assert "No such customer" in row.customers_said
    assert row.customers_gone_at is None
    at = NOW
    for _try in range(12):
        at = row.customers_try_at or at
        worker(row, at)
    assert row.customers_try_at == at + timedelta(hours=6)


def test_without_a_key_it_waits(cast: Any, settings: Any) -> None:
    settings.STRIPE_API_KEY = ""
    row = certificate(cast["stranger"], "cus_1")
    assert worker(row, NOW) == 0
    assert "not set up" in row.customers_said


def test_nothing_is_confirmed_that_was_not_asked(cast: Any) -> None:
    row = certificate(cast["stranger"], "cus_1")
    with no_company(), as_platform(), pytest.raises(IntegrityError), transaction.atomic():
        Certificate.objects.filter(pk=row.pk).update(
            customers_gone_at=NOW, customers_asked_at=NOW + MINUTE
        )


def test_a_company_that_leaves_leaves_no_customer(
    own_database: str, cast: Any, stripe_fake: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger, due = cast["stranger"], NOW + timedelta(days=30)
    without_plan(stranger)
    row = order(stripe_fake, stranger, NOW)
    monkeypatch.setattr("apps.subscriptions.operations.departing.leaving_holds", lambda now: [])
    monkeypatch.setattr(erasing, "leaving_holds", lambda now: [])
    person = make_person(stranger)
    with company_context(stranger):
        ask_to_leave(now=NOW, actor=person)
        run_waiting_jobs(now=NOW)
    with no_company(), as_platform():
        for minutes in (0, 2, 4):
            erase_departed(now=due + minutes * MINUTE, inside=acting_as)
        found = Certificate.objects.get(company=stranger)
        assert found.customers == [row.customer_ref]
        assert found.body["provider"] == {"customers_to_delete": 1}
        mail_certificates(now=due + 4 * MINUTE)
    assert not is_gone(row.customer_ref)
    assert "is asked for in a moment" in _page()
    assert worker(found, due + 4 * MINUTE) == 1
    assert is_gone(row.customer_ref)
    assert "the provider confirmed it" in _page()
    states = {one["status"] for one in stripe_fake.store.all("subscription")}
    assert states == {"canceled"}, "nothing is charged any more"
    kept = [one for one in stripe_fake.store.all("invoice") if one["customer"] == row.customer_ref]
    assert kept, "the provider's invoices stay"


def _page() -> str:
    """What the mailed link shows."""
    [letter] = [one.body for one in mail.outbox if "/certificate/" in one.body]
    [link] = re.findall(r"http://\S+(/certificate/\?token=\S+)", letter)
    client = Client(HTTP_HOST="peruse.localhost")
    client.get(link)
    return client.get("/certificate/").content.decode()
