"""Payouts: two pairs of eyes, a password, a cool-down, one payout however often it is clicked."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from apps.events.models import OutboxEvent
from apps.events.operations import run_waiting_jobs
from apps.payments.models import BankFile, Payout, PayoutBatch, StripeAccount
from apps.payments.models.payouts import Way
from apps.payments.operations import (
    Approval,
    PayoutItem,
    approve_batch,
    discard_batch,
    draft_payouts,
    make_main,
    open_account,
    read_file,
    send_batch,
)
from apps.payments.operations.asking_again import ask_again
from apps.payments.operations.sending import note_paid_out
from apps.tenancy.context import company_context
from tests.integration.payments.conftest import with_account

LONG_AGO = timedelta(days=30)


def item(payee: Any, reference: str = "stm_1", amount: int = 12_345, **more: Any) -> PayoutItem:
    return PayoutItem(
        payee=payee, reference=reference, title=reference, amount_minor=amount, **more
    )


@pytest.fixture
def people(cast: dict[str, Any], person_of: Callable[..., Any]) -> tuple[Any, Any]:
    return person_of(cast["provider"], "finance"), person_of(cast["provider"], "director")


def drafted(cast: dict[str, Any], now: datetime, by: Any, **more: Any) -> PayoutBatch:
    return draft_payouts(
        items=[item(cast["maker"])], method=more.get("method", Way.SEPA), currency="EUR", now=now,
        drafted_by=by,
    )  # fmt: skip


def test_drafted_approved_sent_paid(
    cast: dict[str, Any], now: datetime, people: tuple[Any, Any], settings: Any, tmp_path: Any
) -> None:
    settings.MEDIA_ROOT = tmp_path
    one, other = people
    for slug in ("provider", "maker"):
        with_account(cast[slug], now - LONG_AGO)
    with company_context(cast["provider"]):
        batch = drafted(cast, now, one)
        approve_batch(batch=batch, approval=Approval(other, now), now=now)
        with company_context(cast["maker"]):
            assert not Payout.objects.exists(), "nobody sees a payout that is not sent"
        for _ in range(2):
            send_batch(batch=batch, now=now, actor=other)
        with refused("is sent"):
            discard_batch(batch=batch, now=now, actor=one)
        file = BankFile.objects.get()
        content = read_file(file).decode()
        payout = Payout.objects.get()
        assert (payout.state, payout.iban) == ("sent", "DE62370400440532013001")
        assert f"<EndToEndId>{payout.public_id.replace('_', '-')}</EndToEndId>" in content
        assert '<InstdAmt Ccy="EUR">123.45</InstdAmt>' in content
        assert note_paid_out(payout=payout, provider_ref="", now=now)
        assert not note_paid_out(payout=payout, provider_ref="", now=now)
        assert OutboxEvent.objects.filter(name="payments.paid_out").count() == 1
    with company_context(cast["maker"]):
        assert Payout.objects.get().state == "paid"
        assert not PayoutBatch.objects.exists()


def refused(text: str) -> Any:
    return pytest.raises(ValidationError, match=text)


def test_who_drafted_never_approves(
    cast: dict[str, Any], now: datetime, people: tuple[Any, Any]
) -> None:
    one, other = people
    with_account(cast["maker"], now - LONG_AGO)
    with company_context(cast["provider"]):
        batch = drafted(cast, now, one)
        with refused("second person"):
            approve_batch(batch=batch, approval=Approval(one, now), now=now)
        with pytest.raises(IntegrityError, match="payments_batch_two_people"), transaction.atomic():
            PayoutBatch.objects.filter(pk=batch.pk).update(
                state="approved", approved_by_id=one.pk, approved_at=now
            )
        with refused("Confirm who you are"):
            approve_batch(
                batch=batch, approval=Approval(other, now - timedelta(minutes=6)), now=now
            )
        with refused("second person approves this batch first"):
            send_batch(batch=batch, now=now, actor=one)
        batch.refresh_from_db()
        assert batch.state == "drafted"
        assert Payout.objects.get().state == "drafted"


def test_new_bank_details_cool_down(
    cast: dict[str, Any], now: datetime, people: tuple[Any, Any]
) -> None:
    one, other = people
    with_account(cast["maker"], now - timedelta(hours=71))
    with company_context(cast["provider"]):
        batch = drafted(cast, now, one)
        with refused("are new"):
            approve_batch(batch=batch, approval=Approval(other, now), now=now)
        later = now + timedelta(hours=1)
        approve_batch(batch=batch, approval=Approval(other, later), now=later)
        assert Payout.objects.get().iban == "DE62370400440532013001"


def test_bank_details_that_change_after_the_approval_stop_the_file(
    cast: dict[str, Any], now: datetime, people: tuple[Any, Any]
) -> None:
    one, other = people
    for slug in ("provider", "maker"):
        with_account(cast[slug], now - LONG_AGO)
    with company_context(cast["provider"]):
        batch = drafted(cast, now, one)
        approve_batch(batch=batch, approval=Approval(other, now), now=now)
    with company_context(cast["maker"]):
        new = open_account(
            holder_name="Thief", iban="DE35370400440532013002", creditor_id="", now=now, actor="X"
        )
        make_main(account=new, now=now, actor="X")
    with company_context(cast["provider"]):
        with refused("changed since the approval"):
            send_batch(batch=batch, now=now, actor=one)
        assert not BankFile.objects.exists()
        assert Payout.objects.get().state == "approved"
        for _click in range(2):
            discard_batch(batch=batch, now=now, actor=one)
        assert OutboxEvent.objects.filter(name="payments.payout_discarded").count() == 1
        batch.refresh_from_db()
        assert (batch.state, batch.approved_by_id) == ("discarded", other.pk)
        with refused("second person approves"):
            send_batch(batch=batch, now=now, actor=one)
        assert drafted(cast, now, one) != batch, "the others of the batch are free again"


def test_anothers_money_moves_only_through_the_provider(
    cast: dict[str, Any], now: datetime, people: tuple[Any, Any]
) -> None:
    held = item(cast["maker"], held_for=cast["customer"])
    with company_context(cast["provider"]):
        with refused("only through the payment provider"):
            draft_payouts(
                items=[held], method=Way.SEPA, currency="EUR", now=now, drafted_by=people[0]
            )
        assert not Payout.objects.exists()
        draft_payouts(
            items=[held], method=Way.STRIPE, currency="EUR", now=now, drafted_by=people[0]
        )
        with (
            pytest.raises(IntegrityError, match="payments_others_money_by_provider"),
            transaction.atomic(),
        ):
            Payout.objects.update(method=Way.SEPA)


@pytest.mark.parametrize(
    ("amounts", "currency", "text"),
    [([], "EUR", "nothing to pay"), ([0], "EUR", "positive"), ([-5], "EUR", "positive"),
     ([5], "USD", "euros alone"), ([5, 5], "EUR", "twice")],
)  # fmt: skip
def test_odd_batches_are_refused(
    cast: dict[str, Any], now: datetime, people: tuple[Any, Any], amounts: list[int],
    currency: str, text: str,
) -> None:  # fmt: skip
    items = [item(cast["maker"], amount=amount) for amount in amounts]
    with company_context(cast["provider"]), refused(text):
        draft_payouts(
            items=items, method=Way.SEPA, currency=currency, now=now, drafted_by=people[0]
        )


def test_a_discarded_reference_is_free_again(
    cast: dict[str, Any], now: datetime, people: tuple[Any, Any]
) -> None:
    with company_context(cast["provider"]):
        first = drafted(cast, now, people[0])
        assert drafted(cast, now, people[0]) == first
        with refused("Already in a batch"):
            draft_payouts(
                items=[item(cast["maker"]), item(cast["maker"], "stm_2")], method=Way.SEPA,
                currency="EUR", now=now, drafted_by=people[0],
            )  # fmt: skip
        for _ in range(2):
            discard_batch(batch=first, now=now, actor=people[0])
        assert OutboxEvent.objects.filter(name="payments.payout_discarded").count() == 1
        assert drafted(cast, now, people[0]) != first


def connected(company: Any, fake: Any, now: datetime) -> str:
    """An account at the stand-in that can be paid, with the row the portal keeps of it."""
    from apps.payments.operations import connect_stripe
    from portal.local.stripe import connect

    with company_context(company):
        account = connect_stripe(now=now, actor="Anna")
        with fake.store.lock:
            connect.onboarded(fake.store, account.account_id)
        StripeAccount.objects.update(
            charges_enabled=True, payouts_enabled=True, connected_at=now - LONG_AGO
        )
    return str(account.account_id)


def test_a_transfer_at_the_provider_is_made_once(
    cast: dict[str, Any], people: tuple[Any, Any], stripe_fake: Any
) -> None:
    now = timezone.now()
    one, other = people
    account = connected(cast["maker"], stripe_fake, now)
    with stripe_fake.store.lock:
        stripe_fake.store.make("topup", "tu", amount=20_000, currency="eur")
    with company_context(cast["provider"]):
        batch = drafted(cast, now, one, method=Way.STRIPE)
        approve_batch(batch=batch, approval=Approval(other, now), now=now)
        send_batch(batch=batch, now=now, actor=other)
        run_waiting_jobs(now=timezone.now())
        payout = Payout.objects.get()
        assert payout.state == "sent"
        # The worker died after the transfer was made, before it was noted.
        Payout.objects.update(state="approved", provider_ref="")
        from apps.payments.operations import send_transfer

        send_transfer(payout_id=payout.pk, now=now)
        assert Payout.objects.get().provider_ref == payout.provider_ref
    transfers = list(stripe_fake.store.all("transfer"))
    assert [(one["amount"], one["destination"]) for one in transfers] == [(12_345, account)]


def test_a_part_that_comes_back_is_no_return(
    cast: dict[str, Any], people: tuple[Any, Any], stripe_fake: Any, settings: Any, client_of: Any
) -> None:
    from portal.local.stripe import connect
    from tests.integration.payments.test_checkout import deliver

    now, (one, other) = timezone.now(), people
    connected(cast["maker"], stripe_fake, now)
    with stripe_fake.store.lock:
        stripe_fake.store.make("topup", "tu", amount=20_000, currency="eur")
    with company_context(cast["provider"]):
        batch = drafted(cast, now, one, method=Way.STRIPE)
        approve_batch(batch=batch, approval=Approval(other, now), now=now)
        send_batch(batch=batch, now=now, actor=other)
        run_waiting_jobs(now=timezone.now())
        key = Payout.objects.get().provider_ref
    connect.reverse(stripe_fake.store, key, {"amount": "1000"})
    deliver(stripe_fake, cast, settings)
    with company_context(cast["provider"]):
        assert Payout.objects.get().state == "paid"
        assert not OutboxEvent.objects.filter(name="payments.payout_failed").exists()
    page = client_of(cast["provider"]).get(f"/payouts/{batch.public_id}/").content.decode()
    assert "10.00" in page
    assert "came back" in page
    connect.reverse(stripe_fake.store, key, {})
    deliver(stripe_fake, cast, settings)
    with company_context(cast["provider"]):
        assert Payout.objects.get().state == "failed"


@pytest.mark.parametrize(
    ("zone", "day"), [("Europe/Berlin", "2026-11-03"), ("America/New_York", "2026-11-02")]
)
def test_the_file_is_for_the_companys_own_day(
    cast: dict[str, Any], people: tuple[Any, Any], settings: Any, tmp_path: Any, zone: str,
    day: str, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """At 23:30 UTC it is another day in one of them."""
    settings.MEDIA_ROOT, now = tmp_path, datetime(2026, 11, 2, 23, 30, tzinfo=UTC)
    monkeypatch.setattr(cast["provider"], "time_zone", zone)
    for slug in ("provider", "maker"):
        with_account(cast[slug], now - LONG_AGO)
    with company_context(cast["provider"]):
        batch = drafted(cast, now, people[0])
        approve_batch(batch=batch, approval=Approval(people[1], now), now=now)
        send_batch(batch=batch, now=now, actor=people[1])
        content = read_file(BankFile.objects.get()).decode()
    assert f"<ReqdExctnDt><Dt>{day}</Dt></ReqdExctnDt>" in content


def test_what_the_provider_refuses_fails_with_its_reason(
    cast: dict[str, Any], people: tuple[Any, Any], stripe_fake: Any
) -> None:
    now = timezone.now()
    connected(cast["maker"], stripe_fake, now)
    with company_context(cast["provider"]):
        batch = drafted(cast, now, people[0], method=Way.STRIPE)
        approve_batch(batch=batch, approval=Approval(people[1], now), now=now)
        send_batch(batch=batch, now=now, actor=people[1])
        run_waiting_jobs(now=timezone.now())
        payout = Payout.objects.get()
        assert payout.state == "failed"
        assert "insufficient available funds" in payout.failure
        assert OutboxEvent.objects.filter(name="payments.payout_failed").count() == 1
        assert drafted(cast, now, people[0]) != batch, "the reference is free again"


def test_silence_of_the_provider_fails_nothing(
    cast: dict[str, Any], people: tuple[Any, Any], stripe_fake: Any, settings: Any
) -> None:
    now = timezone.now()
    connected(cast["maker"], stripe_fake, now)
    with company_context(cast["provider"]):
        batch = drafted(cast, now, people[0], method=Way.STRIPE)
        approve_batch(batch=batch, approval=Approval(people[1], now), now=now)
        send_batch(batch=batch, now=now, actor=people[1])
        settings.STRIPE_API_BASE = "http://127.0.0.1:9"
        run_waiting_jobs(now=timezone.now())
        assert Payout.objects.get().state == "approved", "the job tries again"
        later = now + timedelta(hours=1)
        assert ask_again(now=later) == {"known": 0}
        assert Payout.objects.get().state == "approved"
        settings.STRIPE_API_BASE = stripe_fake.base
        with stripe_fake.store.lock:
            stripe_fake.store.make("topup", "tu", amount=20_000, currency="eur")
        assert ask_again(now=later) == {"known": 1}
        assert Payout.objects.get().state == "sent"
    assert len(list(stripe_fake.store.all("transfer"))) == 1


def test_fifty_clicks_are_one_payout(
    own_database: str, cast: dict[str, Any], person_of: Callable[..., Any]
) -> None:
    now, one = timezone.now(), person_of(cast["provider"], "finance")
    other = person_of(cast["provider"], "director")
    for slug in ("provider", "maker"):
        with_account(cast[slug], now - LONG_AGO)

    def click(_: int) -> Any:
        try:
            with company_context(cast["provider"]):
                batch = drafted(cast, now, one)
                approve_batch(batch=batch, approval=Approval(other, now), now=now)
                send_batch(batch=batch, now=now, actor=other)
                return batch.pk
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(click, range(50)))) == 1
    with company_context(cast["provider"]):
        assert (Payout.objects.count(), PayoutBatch.objects.count()) == (1, 1)
        assert BankFile.objects.count() == 1
