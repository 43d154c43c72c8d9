"""Debit runs and refunds: one person asks, another approves, and nothing happens twice."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Event
from time import sleep
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from apps.events.operations import run_waiting_jobs
from apps.payments.models import BankFile, DebitRun, ExpectedPayment, Payment, Refund, RefundRequest
from apps.payments.operations import (
    Approval,
    Expected,
    Wish,
    approve_debits,
    approve_refund,
    ask_refund,
    draft_debits,
    expect_payments,
    revoke_mandate,
    sign_mandate,
    start_checkout,
)
from apps.tenancy.context import company_context
from tests.integration.local.test_stripe_fake import fill_in
from tests.integration.payments.conftest import with_account
from tests.integration.payments.test_bank import CREDITOR
from tests.integration.payments.test_checkout import deliver, start
from tests.integration.payments.test_payouts import LONG_AGO, connected


@pytest.fixture(autouse=True)
def _files(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def people(cast: dict[str, Any], person_of: Callable[..., Any]) -> tuple[Any, Any]:
    """One who asks and one who approves."""
    one, other = (person_of(cast["provider"], name) for name in ("finance", "director"))
    return one, other


@pytest.fixture
def mandate(cast: dict[str, Any]) -> Any:
    """The customer lets the provider collect; three documents of it are open, one of them disputed."""
    long_ago = timezone.now() - LONG_AGO
    with_account(cast["provider"], long_ago, CREDITOR)
    with_account(cast["customer"], long_ago)
    with company_context(cast["customer"]):
        signed = sign_mandate(creditor=cast["provider"], now=long_ago, actor="Carl")
    with company_context(cast["provider"]):
        expect_payments(items=[
            Expected(reference=f"inv_{name}", label=f"RE-2026-{name}", currency=currency,
                     payer_id=cast["customer"].pk, payer_name="Customer", amount_minor=amount,
                     due_on=date(2026, 11, 30), disputed_minor=disputed)
            for name, amount, currency, disputed in (
                ("a", 11_900, "EUR", 0), ("b", 5_000, "EUR", 2_000), ("c", 900, "EUR", 900),
                ("d", 700, "USD", 0),
            )
        ])  # fmt: skip
    return signed


def day() -> str:
    return (timezone.now().date() + timedelta(days=4)).isoformat()


def test_a_run_is_drafted_seen_through_and_made_a_file(
    cast: dict[str, Any], people: Any, mandate: Any, client_of: Callable[..., Any]
) -> None:
    drafter, second = (client_of(cast["provider"], name) for name in ("finance", "director"))
    page = drafter.get("/debits/new/").content.decode()
    assert "RE-2026-a" in page
    assert "30.00" in page, "without what is disputed"
    assert "RE-2026-c" not in page, "disputed as a whole"
    assert "RE-2026-d" not in page, "not in euros"
    form = {"reference": ["inv_a", "inv_b", "inv_nonsense"], "collected_on": day()}
    assert drafter.post("/debits/new/", {**form, "reference": []}).status_code == 422
    assert drafter.post("/debits/new/", {**form, "collected_on": "2020-01-01"}).status_code == 422
    path = drafter.post("/debits/new/", form)["Location"]
    assert drafter.post("/debits/new/", form).status_code == 422, "a second click drafts nothing"
    with company_context(cast["provider"]):
        assert DebitRun.objects.count() == 1
        assert Payment.objects.count() == 0
    assert drafter.post(path + "approval/").status_code == 422
    for _click in range(2):
        assert second.post(path + "approval/").status_code == 302
    content = second.get(path + "file/").content
    assert b"<CtrlSum>149.00</CtrlSum>" in content
    with company_context(cast["provider"]):
        assert sorted(Payment.objects.values_list("reference", "amount_minor", "state")) == [
            ("inv_a", 11_900, "pending"), ("inv_b", 3_000, "pending"),
        ]  # fmt: skip
        assert BankFile.objects.count() == 1
        with pytest.raises(Exception, match=r"frozen|change"), transaction.atomic():
            DebitRun.objects.update(drafted_by="another")
    assert "Nothing to collect" in drafter.get("/debits/new/").content.decode()
    assert second.post(path + "discarding/").status_code == 302
    assert client_of(cast["customer"], "director").get(path).status_code == 404


def test_what_moved_since_the_draft_is_refused_whole(
    cast: dict[str, Any], people: Any, mandate: Any, client_of: Callable[..., Any]
) -> None:
    drafter, second = (client_of(cast["provider"], name) for name in ("finance", "director"))
    form = {"reference": ["inv_a", "inv_b"], "collected_on": day()}
    path = drafter.post("/debits/new/", form)["Location"]
    with company_context(cast["provider"]):
        ExpectedPayment.objects.filter(reference="inv_a").update(amount_minor=11_899)
    page = second.post(path + "approval/")
    assert page.status_code == 422
    assert "RE-2026-a" in page.content.decode()
    with company_context(cast["provider"]):
        ExpectedPayment.objects.filter(reference="inv_a").update(amount_minor=11_900)
    with company_context(cast["customer"]):
        revoke_mandate(mandate=mandate, now=timezone.now(), actor="Carl")
    assert second.post(path + "approval/").status_code == 422
    with company_context(cast["provider"]):
        assert DebitRun.objects.get().state == "drafted"
        assert not Payment.objects.exists()
    drafter.post(path + "discarding/")
    assert second.post(path + "approval/").status_code == 422


def drafted_of(cast: dict[str, Any], person: Any) -> DebitRun:
    now = timezone.now()
    return draft_debits(
        references=["inv_a"], collected_on=now.date() + timedelta(days=4), now=now, person=person
    )


def test_who_drafted_a_run_does_not_approve_it(
    cast: dict[str, Any], people: Any, mandate: Any
) -> None:
    now, (one, other) = timezone.now(), people
    with company_context(cast["provider"]):
        run = drafted_of(cast, one)
        with pytest.raises(ValidationError, match="a second person approves it"):
            approve_debits(run=run, approval=Approval(one, now), now=now)
        assert not Payment.objects.exists()
        assert not BankFile.objects.exists()
        assert approve_debits(run=run, approval=Approval(other, now), now=now).state == "approved"


def test_a_double_click_drafts_one_run(
    own_database: str, cast: dict[str, Any], people: Any, mandate: Any
) -> None:
    """The second waits for the first, and then sees what it drafted."""
    begun = Event()

    def click(number: int) -> bool:
        try:
            with company_context(cast["provider"]), transaction.atomic():
                if number:
                    assert begun.wait(10)
                drafted_of(cast, people[0])
                begun.set()
                sleep(0 if number else 1)
            return True
        except ValidationError:
            return False
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(click, range(2))) == [True, False]
    with company_context(cast["provider"]):
        assert DebitRun.objects.count() == 1


def paid_online(cast: dict[str, Any], fake: Any, settings: Any) -> Payment:
    connected(cast["provider"], fake, timezone.now())
    start(cast)
    (session,) = fake.store.all("checkout.session")
    fill_in(session["url"], card="4242424242424242")
    deliver(fake, cast, settings)
    with company_context(cast["provider"]):
        return Payment.objects.select_related("author").get()


def test_a_refund_is_asked_approved_and_made_once(
    cast: dict[str, Any], people: Any, stripe_fake: Any, settings: Any, client_of: Any
) -> None:
    paid = paid_online(cast, stripe_fake, settings)
    drafter, second = (client_of(cast["provider"], name) for name in ("finance", "director"))
    path = f"/payments/{paid.public_id}/"
    assert "Ask for the refund" in drafter.get(path).content.decode()
    assert drafter.post(path + "refunds/", {"amount": "119.01", "reason": "x"}).status_code == 422
    assert drafter.post(path + "refunds/", {"amount": "20.00", "reason": ""}).status_code == 422
    for _click in range(2):
        done = drafter.post(path + "refunds/", {"amount": "20.00", "reason": "goodwill"})
        assert done.status_code == 302
    with company_context(cast["provider"]):
        (asked,) = RefundRequest.objects.all()
    approval = f"/refunds/{asked.public_id}/approval/"
    assert drafter.post(approval).status_code == 422
    assert not list(stripe_fake.store.all("refund"))
    for _click in range(2):
        assert second.post(approval).status_code == 302
    with company_context(cast["provider"]):
        run_waiting_jobs(now=timezone.now())
    deliver(stripe_fake, cast, settings)
    (refund,) = stripe_fake.store.all("refund")
    assert refund["amount"] == 2_000
    with company_context(cast["provider"]):
        assert [row.amount_minor for row in Refund.objects.all()] == [2_000]
        paid.refresh_from_db()
        assert (paid.refunded_minor, paid.state) == (2_000, "succeeded")
        assert RefundRequest.objects.get().state == "made"
    assert "goodwill" in second.get(path).content.decode()
    theirs = client_of(cast["customer"], "finance").get(path).content.decode()
    assert "20.00" in theirs
    assert "Ask for the refund" not in theirs
    assert client_of(cast["stranger"], "finance").get(path).status_code == 404


def test_one_person_alone_refunds_nothing(
    cast: dict[str, Any], people: Any, stripe_fake: Any, settings: Any
) -> None:
    paid, (one, _other) = paid_online(cast, stripe_fake, settings), people
    now = timezone.now()
    with company_context(cast["provider"]):
        asked = ask_refund(payment=paid, wish=Wish(500, "why"), now=now, person=one)
        with pytest.raises(ValidationError, match="waits already"):
            ask_refund(payment=paid, wish=Wish(501, "why"), now=now, person=one)
        with pytest.raises(ValidationError, match="second person"):
            approve_refund(request=asked, approval=Approval(one, now), now=now)
        with pytest.raises(IntegrityError), transaction.atomic():
            RefundRequest.objects.update(state="approved", approved_by_id=one.pk, approved_at=now)


@pytest.mark.parametrize(
    ("currency", "minor", "asked"), [("JPY", 500, 500), ("ISK", 500, 50_000), ("KWD", 1_230, 1_230)]
)
def test_currencies_of_other_decimals_are_asked_for_as_the_provider_counts(
    cast: dict[str, Any], stripe_fake: Any, currency: str, minor: int, asked: int
) -> None:
    connected(cast["provider"], stripe_fake, timezone.now())
    with company_context(cast["customer"]):
        start_checkout(
            payee=cast["provider"], reference="inv_a", title="RE-2026-a", amount_minor=minor,
            currency=currency, return_url="/invoices/", now=timezone.now(),
        )  # fmt: skip
        (session,) = stripe_fake.store.all("checkout.session")
        assert session["amount_total"] == asked
        if currency == "KWD":
            with pytest.raises(ValidationError, match=r"steps of 0\.01"):
                start_checkout(
                    payee=cast["provider"], reference="inv_b", title="RE-2026-b", currency="KWD",
                    amount_minor=1_231, return_url="/invoices/", now=timezone.now(),
                )  # fmt: skip
