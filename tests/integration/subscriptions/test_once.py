"""One company has one ordered plan, whatever comes late; a second one is seen by the operator."""

from datetime import datetime
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from apps.console.admin.companies import company_page
from apps.console.operations import note_health
from apps.console.queries import companies_with_health, needing_attention
from apps.events.models import Job
from apps.events.operations import enqueue, run_waiting_jobs
from apps.subscriptions.models import Plan
from apps.subscriptions.operations import ordering, start_order
from apps.tenancy.context import as_platform, company_context, no_company
from portal.local.stripe import changes, subscriptions
from tests.conftest import signed_in
from tests.integration.subscriptions.ordering import order, row_of
from tests.integration.subscriptions.test_provider import follow, maker, now

__all__ = ["maker", "now"]


def begin(company: Any, now: datetime) -> Any:
    with company_context(company):
        return start_order(plan=Plan.objects.get(pk="network"), now=now, actor="Anna")


def pages(fake: Any) -> list[str]:
    return sorted(one["status"] for one in fake.store.all("checkout.session"))


def test_paid_in_one_tab_and_ordered_in_another_before_the_message_comes(
    maker: Any, stripe_fake: Any, now: datetime
) -> None:
    order(stripe_fake, maker, now)
    assert row_of(maker).status == ""
    answer = signed_in(maker).post("/plan/order/", {"plan": "network"})
    assert answer.status_code == 422
    assert pages(stripe_fake) == ["complete"]
    # What was read there is noted, so that the page offers no order any more.
    assert (row_of(maker).status, row_of(maker).living) == ("active", 1)


def test_paid_while_the_other_tab_orders(
    maker: Any, stripe_fake: Any, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Completed after it was read and before its page is closed: the provider refuses to close it."""
    order(stripe_fake, maker, now)
    monkeypatch.setattr(ordering, "follow_provider", lambda now: "")
    with pytest.raises(ValidationError, match="has arrived"):
        begin(maker, now)
    assert pages(stripe_fake) == ["complete"]


def test_what_was_ordered_there_and_has_ended_holds_nothing_up(
    maker: Any, stripe_fake: Any, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    order(stripe_fake, maker, now)
    changes.cancel(stripe_fake.store, follow(maker, now).subscription_ref, {})
    begin(maker, now)
    assert pages(stripe_fake) == ["complete", "open"]


def test_a_second_one_in_force_is_seen_by_the_operator(
    maker: Any, stripe_fake: Any, now: datetime
) -> None:
    order(stripe_fake, maker, now)
    first = next(stripe_fake.store.all("subscription"))
    subscriptions.create(
        stripe_fake.store,
        {"customer": first["customer"], "metadata": first["metadata"],
         "items": [{"price": first["items"]["data"][0]["price"]["id"]}]},
    )  # fmt: skip
    with company_context(maker):
        note_health(now=now)
        job = enqueue(kind="subscriptions.reconcile", payload={}, now=now)
        assert job is not None
        run_waiting_jobs(now=now)
        assert Job.objects.get(pk=job.pk).result["living"] == 2
    with no_company(), as_platform():
        wanting = companies_with_health(now).filter(needing_attention(now), pk=maker.pk)
        assert wanting.exists()
        assert company_page(maker, now)["subscription"].living == 2
    changes.cancel(stripe_fake.store, first["id"], {})
    assert follow(maker, now).living == 1
    with no_company(), as_platform():
        assert not wanting.all().exists()


def test_an_order_begun_and_left_leaves_the_trial(
    maker: Any, stripe_fake: Any, now: datetime
) -> None:
    begin(maker, now)
    client = signed_in(maker)
    page = client.get("/plan/").content.decode()
    assert page.count('action="/plan/trial/"') == 2
    assert client.post("/plan/trial/", {"plan": "business"}).status_code == 302
    assert row_of(maker).basis == "trial"
    # Its page cannot be completed any more: what is left of the trial would be paid.
    assert pages(stripe_fake) == ["expired"]
    assert client.post("/plan/trial/", {"plan": "business"}).status_code == 422


def test_an_order_that_was_completed_leaves_no_trial(
    maker: Any, stripe_fake: Any, now: datetime
) -> None:
    order(stripe_fake, maker, now)
    assert signed_in(maker).post("/plan/trial/", {"plan": "business"}).status_code == 422
    assert row_of(maker).basis == "none"
