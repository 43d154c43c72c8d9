"""Plans ordered at the stand-in for Stripe: whatever happens there, our row is what it says."""

import random
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from apps.payments.models import WebhookEvent
from apps.subscriptions.domain.limits import Counted
from apps.subscriptions.domain.registry import _counts
from apps.subscriptions.models import Plan, PlanInvoice, Subscription, UseReport
from apps.subscriptions.operations import (
    change_plan,
    end_plan,
    follow_provider,
    note_use,
    send_use,
    start_order,
    start_trial,
)
from apps.subscriptions.queries import plan_in_force, uses
from apps.tenancy.context import as_platform, company_context, no_company
from portal.local.stripe import changes, invoices, portal, subscriptions
from tests.conftest import signed_in
from tests.integration.subscriptions.ordering import (
    ASKS,
    GOOD_CARD,
    POOR,
    go_on,
    messages,
    order,
    paused_trial,
    row_of,
    tell,
    without_plan,
)


@pytest.fixture
def now() -> datetime:
    """The provider's clock runs with the machine's: what it tells is of today."""
    from django.utils import timezone

    return timezone.now()


@pytest.fixture
def maker(cast: dict[str, Any]) -> Any:
    without_plan(cast["maker"])
    return cast["maker"]


def follow(company: Any, now: datetime) -> Subscription:
    with company_context(company):
        follow_provider(now=now)
    return row_of(company)


def new_card(fake: Any, row: Subscription, number: str) -> None:
    portal.save_card(fake.store, row.customer_ref, number)


def test_an_order_is_in_force_once_the_provider_says_so(
    maker: Any, stripe_fake: Any, settings: Any, now: datetime
) -> None:
    row = order(stripe_fake, maker, now)
    with company_context(maker):
        assert plan_in_force(row_of(maker), now).pk == "participant"
    tell(maker, messages(stripe_fake), settings, now)
    row = row_of(maker)
    assert (row.basis, row.plan_id, row.status, row.standing) == (
        "provider", "business", "active", "good",
    )  # fmt: skip
    with company_context(maker):
        [bill] = PlanInvoice.objects.all()
        # 99.00 and 19 % tax.
        assert (bill.state, bill.net_minor, bill.tax_minor, bill.total_minor) == (
            "paid", 9_900, 1_881, 11_781,
        )  # fmt: skip
    assert not WebhookEvent.objects.exists()


def test_prices_are_made_once(maker: Any, cast: Any, stripe_fake: Any, now: datetime) -> None:
    without_plan(cast["workshop"])
    order(stripe_fake, maker, now)
    order(stripe_fake, cast["workshop"], now)
    keys = [one["lookup_key"] for one in stripe_fake.store.all("price")]
    assert sorted(keys) == [
        "peruse-business-assets-eur-200", "peruse-business-fee-eur-9900",
        "peruse-business-readings-eur-100", "peruse-business-statements-eur-50",
    ]  # fmt: skip
    assert len(list(stripe_fake.store.all("billing.meter"))) == 3
    # The workshop is in Austria and has a VAT id: it owes the tax itself.
    taxed = {one["customer"]: one["total_taxes"] for one in stripe_fake.store.all("invoice")}
    assert sorted(len(taxes) for taxes in taxed.values()) == [0, 1]


def test_what_is_left_of_a_trial_stays_free(maker: Any, stripe_fake: Any, now: datetime) -> None:
    with company_context(maker):
        start_trial(plan=Plan.objects.get(pk="business"), now=now)
    order(stripe_fake, maker, now)
    row = follow(maker, now)
    assert (row.status, row.basis) == ("trialing", "provider")
    assert row.trial_until is not None
    assert abs(row.trial_until - (now + timedelta(days=30))) < timedelta(seconds=2)
    go_on(stripe_fake, 31)
    row = follow(maker, now + timedelta(days=31))
    assert row.status == "active"
    with company_context(maker):
        assert {bill.total_minor for bill in PlanInvoice.objects.all()} == {0, 11_781}


def test_a_card_that_fails_reminds_and_a_new_one_mends(
    maker: Any, stripe_fake: Any, settings: Any, now: datetime
) -> None:
    row = order(stripe_fake, maker, now)
    new_card(stripe_fake, row_of(maker), POOR)
    go_on(stripe_fake, 32)
    at = now + timedelta(days=32)
    tell(maker, messages(stripe_fake), settings, at)
    row = row_of(maker)
    assert (row.status, row.standing) == ("past_due", "reminded")
    with company_context(maker), pytest.raises(ValidationError, match="Pay what is open first"):
        change_plan(plan=Plan.objects.get(pk="network"), now=at, actor="Anna")
    new_card(stripe_fake, row, GOOD_CARD)
    go_on(stripe_fake, 4)
    row = follow(maker, at + timedelta(days=4))
    assert (row.status, row.standing, row.unpaid_since) == ("active", "good", None)


def test_nobody_pays_it_is_canceled_and_the_debt_goes_on_until_it_is_paid(
    maker: Any, stripe_fake: Any, now: datetime
) -> None:
    order(stripe_fake, maker, now)
    new_card(stripe_fake, row_of(maker), POOR)
    go_on(stripe_fake, 31 + 20)
    # The month that was ordered has 28 to 31 days.
    row = follow(maker, now + timedelta(days=47))
    assert (row.status, row.standing) == ("canceled", "reminded")
    row = follow(maker, now + timedelta(days=31 + 22))
    assert row.standing == "read_only"
    row = follow(maker, now + timedelta(days=31 + 61))
    assert row.standing == "suspended"
    [owed] = [one for one in stripe_fake.store.all("invoice") if one["status"] == "open"]
    invoices.pay(stripe_fake.store, owed["id"], {"paid_out_of_band": "true"})
    row = follow(maker, now + timedelta(days=31 + 61))
    assert (row.standing, row.unpaid_since) == ("good", None)
    with company_context(maker):
        assert plan_in_force(row, now).pk == "participant"


def test_a_bank_that_asks_again_is_answered_on_the_invoice(
    maker: Any, stripe_fake: Any, now: datetime
) -> None:
    order(stripe_fake, maker, now, card=ASKS)
    assert follow(maker, now).status == "active"
    new_card(stripe_fake, row_of(maker), ASKS)
    go_on(stripe_fake, 32)
    at = now + timedelta(days=32)
    assert (follow(maker, at).status, row_of(maker).standing) == ("past_due", "reminded")
    [asks] = [one for one in stripe_fake.store.all("invoice") if one["status"] == "open"]
    invoices.attempt(stripe_fake.store, asks, invoices.method_for(stripe_fake.store, asks), True)
    assert (follow(maker, at).status, row_of(maker).standing) == ("active", "good")


def test_an_end_can_be_taken_back_until_it_has_come(
    maker: Any, stripe_fake: Any, now: datetime
) -> None:
    order(stripe_fake, maker, now)
    follow(maker, now)
    with company_context(maker):
        assert end_plan(ends=True, now=now, actor="Anna").cancel_at is not None
        assert end_plan(ends=False, now=now, actor="Anna").cancel_at is None
        end_plan(ends=True, now=now, actor="Anna")
    go_on(stripe_fake, 32)
    row = follow(maker, now + timedelta(days=32))
    assert (row.status, row.standing) == ("canceled", "good")
    with company_context(maker):
        with pytest.raises(ValidationError, match="no ordered plan"):
            end_plan(ends=True, now=now, actor="Anna")
        # And ordered anew.
    order(stripe_fake, maker, now + timedelta(days=32), plan="network")
    row = follow(maker, now + timedelta(days=32))
    assert (row.status, row.plan_id) == ("active", "network")


def test_an_end_on_the_providers_page_is_seen_and_taken_back_here(
    maker: Any, stripe_fake: Any, now: datetime
) -> None:
    order(stripe_fake, maker, now)
    row = follow(maker, now)
    page = {"customer": row.customer_ref}
    portal.act(stripe_fake.store, page, {"subscription": row.subscription_ref, "act": "cancel"})
    row = follow(maker, now)
    assert row.cancel_at == row.period_end
    with company_context(maker):
        assert end_plan(ends=False, now=now, actor="Anna").cancel_at is None
    go_on(stripe_fake, 32)
    assert follow(maker, now + timedelta(days=32)).status == "active"
    portal.act(stripe_fake.store, page, {"subscription": row.subscription_ref, "act": "cancel"})
    go_on(stripe_fake, 32)
    assert follow(maker, now + timedelta(days=64)).status == "canceled"


def test_an_ordered_plan_is_not_ordered_twice(maker: Any, stripe_fake: Any, now: datetime) -> None:
    order(stripe_fake, maker, now)
    follow(maker, now)
    with company_context(maker), pytest.raises(ValidationError, match="change that one"):
        start_order(plan=Plan.objects.get(pk="network"), now=now, actor="Anna")


def test_an_order_begun_twice_can_be_completed_once(
    maker: Any, stripe_fake: Any, now: datetime
) -> None:
    with company_context(maker):
        for plan in ("business", "network"):
            row = start_order(plan=Plan.objects.get(pk=plan), now=now, actor="Anna")
    states = {one["id"]: one["status"] for one in stripe_fake.store.all("checkout.session")}
    assert sorted(states.values()) == ["expired", "open"]
    assert states[row.checkout_ref] == "open"


def test_use_beyond_the_plan_is_told_once_and_billed(
    maker: Any, stripe_fake: Any, now: datetime, monkeypatch: Any
) -> None:
    order(stripe_fake, maker, now)
    follow(maker, now)
    have = {"assets": 27, "readings": 1_250_000}
    for what in have:
        monkeypatch.setitem(_counts, what, lambda since, what=what: have[what])
    at = now + timedelta(days=1)
    go_on(stripe_fake, 1)
    with company_context(maker):
        assert (note_use(now=at), note_use(now=at)) == (2, 0)
        assert (send_use(now=at), send_use(now=at)) == (2, 0)
        have["assets"] = 26
        assert note_use(now=at) == 0
        have["assets"] = 30
        assert (note_use(now=at), send_use(now=at)) == (1, 1)
        # A worker that died after it had sent: the same identifier is refused there and counts as sent.
        UseReport.objects.filter(what="assets").update(sent_at=None)
        assert send_use(now=at) == 2
    go_on(stripe_fake, 31)
    follow(maker, now + timedelta(days=32))
    with company_context(maker):
        bill = PlanInvoice.objects.order_by("-net_minor").first()
    assert bill is not None
    # The fee, five further assets at 2.00, three started packs of readings at 1.00.
    assert bill.net_minor == 9_900 + 5 * 200 + 3 * 100


def test_settlements_and_orders_are_on_the_same_invoice(
    maker: Any, stripe_fake: Any, now: datetime, monkeypatch: Any
) -> None:
    """An app above counts orders by registering them; its fee is a figure of the plan."""
    with no_company(), as_platform():
        Plan.objects.filter(pk="business").update(order_fee_minor=80, included_orders=2)
    for what, count in ((Counted.STATEMENTS, 31), (Counted.ORDERS, 5)):
        monkeypatch.setitem(_counts, what, lambda since, count=count: count)
    order(stripe_fake, maker, now)
    follow(maker, now)
    go_on(stripe_fake, 1)
    at = now + timedelta(days=1)
    with company_context(maker):
        shown = {use.what: use.charge_minor for use in uses(row_of(maker), at)}
        assert (note_use(now=at), send_use(now=at)) == (2, 2)
    assert (shown[Counted.STATEMENTS], shown[Counted.ORDERS]) == (6 * 50, 3 * 80)
    go_on(stripe_fake, 31)
    follow(maker, now + timedelta(days=32))
    with company_context(maker):
        bill = PlanInvoice.objects.order_by("-net_minor").first()
    assert bill is not None
    assert bill.net_minor == 9_900 + 6 * 50 + 3 * 80
    assert sorted(line["net_minor"] for line in bill.lines if line["net_minor"]) == [
        240,
        300,
        9_900,
    ]
    page = signed_in(maker).get(f"/plan/invoices/{bill.public_id}/").content.decode()
    assert "6 × Peruse Business: statements" in page


def test_messages_doubled_and_shuffled_end_where_the_provider_is(
    maker: Any, stripe_fake: Any, settings: Any, now: datetime
) -> None:
    order(stripe_fake, maker, now)
    new_card(stripe_fake, row_of(maker), POOR)
    go_on(stripe_fake, 40)
    at = now + timedelta(days=40)
    told = messages(stripe_fake) * 2
    random.Random(7).shuffle(told)
    tell(maker, told, settings, at)
    truth = next(stripe_fake.store.all("subscription"))
    row = row_of(maker)
    assert (row.status, row.subscription_ref) == (truth["status"], truth["id"])
    with company_context(maker):
        kept = {bill.invoice_ref: bill.state for bill in PlanInvoice.objects.all()}
        states = set(WebhookEvent.objects.values_list("state", flat=True))
    assert kept == {one["id"]: one["status"] for one in stripe_fake.store.all("invoice")}
    assert states <= {"applied", "refused"}


def test_a_trial_that_pauses_at_its_end_is_no_plan_and_no_debt(
    maker: Any, stripe_fake: Any, settings: Any, now: datetime
) -> None:
    order(stripe_fake, maker, now)
    first = follow(maker, now)
    changes.cancel(stripe_fake.store, first.subscription_ref, {})
    customer = stripe_fake.store.get("customer", first.customer_ref)
    customer["invoice_settings"] = {}
    go_on(stripe_fake, 1)
    assert paused_trial(stripe_fake) is not None
    assert follow(maker, now).status == "trialing"
    go_on(stripe_fake, 15)
    at = now + timedelta(days=16)
    told = [one["type"] for one in messages(stripe_fake)]
    assert "customer.subscription.paused" in told
    tell(maker, messages(stripe_fake), settings, at)
    row = row_of(maker)
    assert (row.status, row.standing) == ("paused", "good")
    with company_context(maker):
        assert plan_in_force(row, at).pk == "participant"
    # Without a card it stays so, and nothing is owed; with one it goes on.
    subscriptions.resume(stripe_fake.store, row.subscription_ref)
    assert (follow(maker, at).status, follow(maker, at).standing) == ("paused", "good")
    new_card(stripe_fake, row, GOOD_CARD)
    subscriptions.resume(stripe_fake.store, row.subscription_ref)
    row = follow(maker, at)
    with company_context(maker):
        assert (row.status, plan_in_force(row, at).pk) == ("active", "business")


def test_lost_messages_are_made_good_by_the_nightly_look(
    maker: Any, stripe_fake: Any, now: datetime
) -> None:
    from apps.events.operations import enqueue, run_waiting_jobs

    order(stripe_fake, maker, now)
    with company_context(maker):
        enqueue(kind="subscriptions.reconcile", payload={}, now=now)
        run_waiting_jobs(now=now)
    assert row_of(maker).status == "active"


def test_another_companys_subscription_changes_nothing(
    maker: Any, cast: Any, stripe_fake: Any, settings: Any, now: datetime
) -> None:
    without_plan(cast["workshop"])
    order(stripe_fake, maker, now)
    tell(maker, messages(stripe_fake), settings, now)
    with company_context(cast["workshop"]):
        assert not Subscription.objects.exists()
        assert not PlanInvoice.objects.exists()


def test_without_a_provider_it_is_said(maker: Any, settings: Any, now: datetime) -> None:
    settings.STRIPE_API_KEY = ""
    with company_context(maker), pytest.raises(ValidationError, match="not set up"):
        start_order(plan=Plan.objects.get(pk="business"), now=now, actor="Anna")
    with company_context(maker):
        assert not Subscription.objects.exists()


def test_a_provider_that_is_away_changes_nothing(
    maker: Any, stripe_fake: Any, settings: Any, now: datetime
) -> None:
    order(stripe_fake, maker, now)
    before = follow(maker, now)
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    with company_context(maker), pytest.raises(ValidationError, match="does not answer"):
        follow_provider(now=now + timedelta(days=40))
    after = row_of(maker)
    assert (after.status, after.read_at) == (before.status, before.read_at)
