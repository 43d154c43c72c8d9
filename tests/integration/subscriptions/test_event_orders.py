"""In whatever order its messages come, doubled and late: in the end our rows are the provider's.

A state machine acts at the stand-in (orders, cards, time, ends, changes) and delivers whatever it likes of what was
told so far; beside it stands a naive reading of the provider's own objects.
"""

import random
from contextlib import ExitStack, suppress
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from apps.payments.models import WebhookEvent
from apps.subscriptions.models import Plan, PlanInvoice, Subscription
from apps.subscriptions.operations import change_plan, end_plan
from apps.tenancy.context import company_context
from portal.local.stripe import changes, invoices, portal, subscriptions
from portal.local.stripe.errors import Refused
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

ALIVE = {"trialing", "active", "past_due", "unpaid"}
BAD = {"reminded", "read_only", "suspended"}


def truth(fake: Any) -> dict[str, Any] | None:
    """The newest of the customer's subscriptions that lives, else the newest; of one second the later id."""
    rows = list(fake.store.all("subscription"))
    alive = [one for one in rows if one["status"] in ALIVE]
    return max(alive or rows, key=lambda one: (one["created"], one["id"]), default=None)


class Provider(RuleBasedStateMachine):
    """One company, its provider's clock in days, and the messages told so far."""

    fake: Any
    company: Any
    told_with: Any

    @initialize()
    def begin(self) -> None:
        self.stack = ExitStack()
        self.stack.enter_context(transaction.atomic())
        for kept in (self.fake.store.things, self.fake.store.answers, self.fake.store.due):
            kept.clear()
        self.fake.store.ahead, self.days = 0.0, 0
        without_plan(self.company)

    @property
    def now(self) -> Any:
        return timezone.now() + timedelta(days=self.days)

    @rule(plan=st.sampled_from(["business", "network"]), card=st.sampled_from([GOOD_CARD, ASKS]))
    def orders(self, plan: str, card: str) -> None:
        try:
            order(self.fake, self.company, self.now, plan, card)
        except ValidationError:
            row = row_of(self.company)
            assert row.status in ALIVE or row.unpaid_since is not None

    @rule(days=st.integers(1, 40))
    def waits(self, days: int) -> None:
        self.days += days
        go_on(self.fake, days)

    @rule(card=st.sampled_from([GOOD_CARD, POOR, ASKS]))
    def gives_a_card(self, card: str) -> None:
        for one in self.fake.store.all("customer"):
            portal.save_card(self.fake.store, one["id"], card)

    @rule(ends=st.booleans())
    def ends_at_the_provider(self, ends: bool) -> None:
        found = truth(self.fake)
        if found is not None and found["status"] in ALIVE:
            changes.update(self.fake.store, found["id"], {"cancel_at_period_end": str(ends)})

    @rule(act=st.sampled_from(["cancel", "keep"]))
    def ends_on_the_providers_page(self, act: str) -> None:
        found = truth(self.fake)
        if found is not None:
            session = {"customer": found["customer"]}
            portal.act(self.fake.store, session, {"subscription": found["id"], "act": act})

    @rule()
    def is_cut_off_at_the_provider(self) -> None:
        found = truth(self.fake)
        if found is not None and found["status"] in ALIVE:
            changes.cancel(self.fake.store, found["id"], {})

    @rule()
    def tries_there_without_a_card(self) -> None:
        """By the operator, at the provider: at its end it pauses, unless there is a card."""
        paused_trial(self.fake)

    @rule()
    def goes_on_after_a_pause(self) -> None:
        for one in list(self.fake.store.all("subscription")):
            if one["status"] == "paused":
                subscriptions.resume(self.fake.store, one["id"])

    @rule(plan=st.sampled_from(["business", "network"]))
    def changes(self, plan: str) -> None:
        with company_context(self.company), suppress(ValidationError):
            change_plan(plan=Plan.objects.get(pk=plan), now=self.now, actor="Anna")

    @rule(ends=st.booleans())
    def ends_here(self, ends: bool) -> None:
        with company_context(self.company), suppress(ValidationError):
            end_plan(ends=ends, now=self.now, actor="Anna")

    @rule()
    def pays_what_is_open(self) -> None:
        for one in list(self.fake.store.all("invoice")):
            if one["status"] == "open":
                with suppress(Refused):
                    invoices.pay(self.fake.store, one["id"], {"paid_out_of_band": "true"})

    @rule(seed=st.integers(0, 10**6), part=st.floats(0, 1))
    def some_messages_come(self, seed: int, part: float) -> None:
        chance = random.Random(seed)
        all_of_them = messages(self.fake)
        some = chance.choices(all_of_them, k=int(part * len(all_of_them))) if all_of_them else []
        tell(self.company, some, self.told_with, self.now)

    def teardown(self) -> None:
        if not hasattr(self, "stack"):
            return
        try:
            rest = messages(self.fake)
            random.Random(len(rest)).shuffle(rest)
            tell(self.company, rest * 2, self.told_with, self.now)
            self.compare()
        finally:
            transaction.set_rollback(True)
            self.stack.close()

    def compare(self) -> None:
        found = truth(self.fake)
        if found is None or not messages_about(self.fake, found["id"]):
            return
        row = row_of(self.company)
        assert (row.subscription_ref, row.status) == (found["id"], found["status"])
        assert (row.cancel_at is not None) == (found["cancel_at"] is not None)
        with company_context(self.company):
            kept = {bill.invoice_ref: bill.state for bill in PlanInvoice.objects.all()}
            assert Subscription.objects.count() == 1
            waiting = WebhookEvent.objects.exclude(state__in=["applied", "refused"])
            assert not waiting.exists()
        assert kept == {
            one["id"]: one["status"]
            for one in self.fake.store.all("invoice") if one["status"] != "draft"
        }  # fmt: skip
        open_ones = [s for s in kept.values() if s in ("open", "uncollectible")]
        assert row.standing not in BAD or open_ones


def messages_about(fake: Any, key: str) -> list[Any]:
    return [one for one in messages(fake) if one["data"]["object"].get("id") == key]


def run(cast: dict[str, Any], fake: Any, told_with: Any, examples: int, steps: int) -> None:
    machine = type(
        "TheProvider", (Provider,),
        {"fake": fake, "company": cast["maker"], "told_with": told_with},
    )  # fmt: skip
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, deadline=None, database=None,
            suppress_health_check=list(HealthCheck), print_blob=True,
        ),
    )  # fmt: skip


def test_any_order_ends_where_the_provider_is(
    cast: dict[str, Any], stripe_fake: Any, settings: Any
) -> None:
    run(cast, stripe_fake, settings, 2, 5)


@pytest.mark.long
def test_many_orders_end_where_the_provider_is(
    cast: dict[str, Any], stripe_fake: Any, settings: Any
) -> None:
    run(cast, stripe_fake, settings, 60, 15)


@pytest.mark.long
def test_a_thousand_messages_shuffled_and_doubled(
    cast: dict[str, Any], stripe_fake: Any, settings: Any
) -> None:
    """Years of renewals, failures and new cards."""
    maker = cast["maker"]
    without_plan(maker)
    now = timezone.now()
    order(stripe_fake, maker, now)
    days, number = 0, 0
    while len(messages(stripe_fake)) < 1_000:
        card = (GOOD_CARD, POOR, GOOD_CARD, ASKS)[number % 4]
        portal.save_card(stripe_fake.store, row_of(maker).customer_ref, card)
        go_on(stripe_fake, 11)
        days, number = days + 11, number + 1
    chance = random.Random(20261130)
    told = messages(stripe_fake) * 2
    chance.shuffle(told)
    tell(maker, told, settings, now + timedelta(days=days))
    found = truth(stripe_fake)
    assert found is not None
    row = row_of(maker)
    assert (row.status, row.subscription_ref) == (found["status"], found["id"])
    with company_context(maker):
        kept = {bill.invoice_ref: bill.state for bill in PlanInvoice.objects.all()}
    there = {
        one["id"]: one["status"]
        for one in stripe_fake.store.all("invoice") if one["status"] != "draft"
    }  # fmt: skip
    assert kept == there
