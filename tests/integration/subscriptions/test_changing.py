"""A larger plan counts at once; a smaller one from the end of the period that is paid."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from apps.subscriptions.domain.registry import _counts
from apps.subscriptions.models import Plan, PlanInvoice, Subscription
from apps.subscriptions.operations import (
    change_plan,
    end_plan,
    next_invoice,
    note_use,
    send_use,
    start_trial,
)
from apps.tenancy.context import as_platform, company_context, no_company
from tests.conftest import signed_in
from tests.integration.subscriptions.ordering import go_on, order, row_of
from tests.integration.subscriptions.test_provider import follow, maker, now

__all__ = ["maker", "now"]
BUSINESS, NETWORK = 9_900, 49_000


def change(company: Any, plan: str, now: datetime) -> Subscription:
    with company_context(company):
        return change_plan(plan=Plan.objects.get(pk=plan), now=now, actor="Anna")


def newest_bill(company: Any) -> PlanInvoice:
    with company_context(company):
        found: PlanInvoice | None = PlanInvoice.objects.order_by("-issued_at", "-id").first()
    assert found is not None
    return found


def bills(company: Any) -> int:
    with company_context(company):
        return PlanInvoice.objects.count()


def plans_there(fake: Any) -> set[str]:
    [found] = fake.store.all("subscription")
    return {item["price"]["lookup_key"].split("-")[1] for item in found["items"]["data"]}


@pytest.fixture
def network(maker: Any, stripe_fake: Any, now: datetime) -> Any:
    """Has the larger plan, paid for a month."""
    order(stripe_fake, maker, now, plan="network")
    follow(maker, now)
    return maker


def test_a_larger_one_is_charged_at_once(maker: Any, stripe_fake: Any, now: datetime) -> None:
    order(stripe_fake, maker, now)
    follow(maker, now)
    row = change(maker, "network", now)
    assert (row.plan_id, row.status, row.next_plan) == ("network", "active", None)
    # Nothing of the month has passed: the difference of the fees, give or take a second.
    assert abs(newest_bill(maker).net_minor - (NETWORK - BUSINESS)) <= 1
    assert plans_there(stripe_fake) == {"network"}


def test_what_the_fee_covers_stays_covered_until_the_period_is_over(
    network: Any, stripe_fake: Any, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """15 million readings of 20; the smaller plan includes one million."""
    began, have = row_of(network).period_start, {"first": 15_000_000, "later": 0}
    assert began is not None

    def readings(since: datetime) -> int:
        return have["first"] + have["later"] if since <= began else have["later"]

    monkeypatch.setitem(_counts, "readings", readings)
    at = now + timedelta(days=20)
    go_on(stripe_fake, 20)
    row = change(network, "business", at)
    assert (row.plan_id, row.next_plan_id, bills(network)) == ("network", "business", 1)
    with company_context(network):
        assert (note_use(now=at), send_use(now=at)) == (0, 0)
        coming = next_invoice(row)
    assert coming is not None
    assert coming["net_minor"] == BUSINESS
    go_on(stripe_fake, 12)
    at = now + timedelta(days=32)
    row = follow(network, at)
    assert (row.plan_id, row.next_plan_id, plans_there(stripe_fake)) == (
        "business", None, {"business"},
    )  # fmt: skip
    assert newest_bill(network).net_minor == BUSINESS
    # In its own period the smaller allowance counts.
    have["later"] = 1_100_000
    with company_context(network):
        assert (note_use(now=at), send_use(now=at)) == (1, 1)


def test_it_can_be_taken_back(network: Any, stripe_fake: Any, now: datetime) -> None:
    assert change(network, "business", now).next_plan_id == "business"
    row = change(network, "network", now)
    assert (row.plan_id, row.next_plan_id) == ("network", None)
    assert change(network, "network", now).next_plan_id is None
    go_on(stripe_fake, 32)
    assert follow(network, now + timedelta(days=32)).plan_id == "network"
    assert newest_bill(network).net_minor == NETWORK


def test_a_larger_one_after_a_smaller_was_to_follow_is_charged_from_what_is_paid(
    network: Any, stripe_fake: Any, now: datetime
) -> None:
    with no_company(), as_platform():
        Plan.objects.create(
            code="largest", place=9, title_en="Largest", title_de="Größter", currency="EUR",
            fee_minor=99_000,
        )  # fmt: skip
    change(network, "business", now)
    row = change(network, "largest", now)
    assert (row.plan_id, row.next_plan_id) == ("largest", None)
    assert abs(newest_bill(network).net_minor - (99_000 - NETWORK)) <= 1


def test_an_end_goes_before_it(network: Any, stripe_fake: Any, now: datetime) -> None:
    change(network, "business", now)
    with company_context(network):
        end_plan(ends=True, now=now, actor="Anna")
    go_on(stripe_fake, 32)
    assert follow(network, now + timedelta(days=32)).status == "canceled"


def test_within_a_trial_it_counts_at_once_and_has_to_fit(
    maker: Any, stripe_fake: Any, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    with company_context(maker):
        start_trial(plan=Plan.objects.get(pk="network"), now=now)
    order(stripe_fake, maker, now, plan="network")
    assert follow(maker, now).status == "trialing"
    monkeypatch.setitem(_counts, "readings", lambda since: 50_000_001)
    with pytest.raises(ValidationError, match="has room for"):
        change(maker, "business", now)
    monkeypatch.setitem(_counts, "readings", lambda since: 0)
    row = change(maker, "business", now)
    assert (row.plan_id, row.next_plan_id, row.status) == ("business", None, "trialing")


def test_the_page_says_what_follows_and_takes_it_back(network: Any, now: datetime) -> None:
    client = signed_in(network)
    assert "Until then you keep what is paid for" in client.get("/plan/").content.decode()
    told = client.post("/plan/change/", {"plan": "business"}, follow=True).content.decode()
    assert "“Business” follows at the end of the paid period." in told
    assert "Yours from" in told
    assert "Keep “Network”" in told
    told = client.post("/plan/change/", {"plan": "network"}, follow=True).content.decode()
    assert "Your plan is “Network” now." in told
    assert "Keep “Network”" not in told
