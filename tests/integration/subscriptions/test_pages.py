"""The page of the plan, as people use it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from apps.subscriptions.domain.registry import _counts
from apps.subscriptions.models import PlanInvoice, Subscription
from apps.subscriptions.operations import follow_provider, warn_ahead
from apps.tenancy.context import company_context
from portal.local.stripe import checkout
from tests.integration.subscriptions.ordering import GOOD_CARD, order, row_of, without_plan
from tests.integration.subscriptions.test_read_only import stand

ClientOf = Callable[..., Any]


@pytest.fixture
def now() -> datetime:
    from django.utils import timezone

    return timezone.now()


@pytest.fixture
def maker(cast: dict[str, Any]) -> Any:
    without_plan(cast["maker"])
    return cast["maker"]


def text(answer: Any) -> str:
    return str(answer.content.decode())


def test_a_participant_reads_what_it_has_and_what_there_is(
    maker: Any, stripe_fake: Any, client_of: ClientOf
) -> None:
    page = text(client_of(maker).get("/plan/"))
    assert "Teilnehmer" in page or "Participant" in page
    assert page.count('action="/plan/order/"') == 2
    assert page.count('action="/plan/trial/"') == 2
    # Who may not manage it sees no button.
    seen = text(client_of(maker, "viewer").get("/plan/"))
    assert "/plan/order/" not in seen
    assert client_of(maker, "viewer").post("/plan/order/", {"plan": "business"}).status_code == 403


def test_a_trial_is_begun_by_a_button(maker: Any, client_of: ClientOf) -> None:
    client = client_of(maker)
    assert client.post("/plan/trial/", {"plan": "business"}).status_code == 302
    assert row_of(maker).basis == "trial"
    again = client.post("/plan/trial/", {"plan": "business"})
    assert again.status_code == 422


def test_an_order_leads_to_the_provider_and_back(
    maker: Any, stripe_fake: Any, client_of: ClientOf
) -> None:
    client = client_of(maker)
    sent = client.post("/plan/order/", {"plan": "business"})
    assert (sent.status_code, sent.headers["Location"]) == (302, "/plan/checkout/")
    page = text(client.get("/plan/checkout/"))
    assert f'href="{stripe_fake.base}/c/pay/' in page
    checkout.pay(stripe_fake.store, row_of(maker).checkout_ref, GOOD_CARD, "")
    assert 'action="/plan/refresh/"' in text(client.get("/plan/checkout/"))
    assert client.post("/plan/refresh/").status_code == 302
    page = text(client.get("/plan/"))
    assert "FAKE-0001" in page
    assert 'action="/plan/change/"' in page
    assert client.get("/plan/checkout/").status_code == 302
    assert "117,81" in text(client.get("/plan/next-invoice/")) or "117.81" in text(
        client.get("/plan/next-invoice/")
    )
    billing = text(client.post("/plan/billing/"))
    assert f"{stripe_fake.base}/p/session/" in billing


@pytest.mark.parametrize("plan", ["participant", "none", "", "x" * 500, "\0"])
def test_plans_that_are_not_for_sale(
    maker: Any, stripe_fake: Any, client_of: ClientOf, plan: str
) -> None:
    for path in ("/plan/order/", "/plan/trial/", "/plan/change/"):
        assert client_of(maker).post(path, {"plan": plan}).status_code == 404
    with company_context(maker):
        assert not Subscription.objects.exists()


def test_an_open_invoice_has_the_link_to_where_it_is_paid(
    maker: Any, stripe_fake: Any, client_of: ClientOf, now: datetime
) -> None:
    order(stripe_fake, maker, now)
    bill = next(stripe_fake.store.all("invoice"))
    with company_context(maker):
        follow_provider(now=now)
        row = PlanInvoice.objects.get()
    path = f"/plan/invoices/{row.public_id}/"
    assert "/i/" not in text(client_of(maker).get(path))
    bill.update(status="open", amount_remaining=bill["total"])
    with company_context(maker):
        follow_provider(now=now)
    assert f"{stripe_fake.base}/i/{bill['id']}" in text(client_of(maker).get(path))
    assert f"{stripe_fake.base}/i/" not in text(client_of(maker, "viewer").get(path))


def test_pages_ask_little(
    cast: dict[str, Any], client_of: ClientOf, django_assert_max_num_queries: Any, now: datetime
) -> None:
    client = client_of(cast["provider"])
    client.get("/plan/")
    with django_assert_max_num_queries(20):
        client.get("/plan/")


def test_a_provider_that_is_away_is_said_on_the_page(
    maker: Any, stripe_fake: Any, client_of: ClientOf, settings: Any
) -> None:
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    answer = client_of(maker).post("/plan/order/", {"plan": "business"})
    assert answer.status_code == 422
    assert client_of(maker).get("/plan/").status_code == 200


def test_the_banner_says_what_is_missing(
    cast: dict[str, Any], client_of: ClientOf, now: datetime
) -> None:
    client = client_of(cast["provider"])
    assert "alert-warning" not in text(client.get("/company/"))
    stand(cast["provider"], "reminded", now)
    assert "A payment for your plan is missing" in text(client.get("/company/"))
    assert "Read-only from" in text(client.get("/plan/"))


def test_warnings_come_once_and_again_after_it_was_far(
    maker: Any, client_of: ClientOf, now: datetime, monkeypatch: Any
) -> None:
    client_of(maker).post("/plan/trial/", {"plan": "business"})
    have = {"assets": 100}
    monkeypatch.setitem(_counts, "assets", lambda since: have["assets"])
    with company_context(maker):
        assert warn_ahead(now=now) == []
        have["assets"] = 400
        assert warn_ahead(now=now) == ["assets"]
        assert warn_ahead(now=now) == []
        have["assets"] = 100
        assert warn_ahead(now=now) == []
        have["assets"] = 500
        assert warn_ahead(now=now) == ["assets"]
        assert warn_ahead(now=now + timedelta(days=24)) == ["trial"]
