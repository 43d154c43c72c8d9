"""What was not paid stays owed, whatever is ordered after it, until it is paid."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from apps.subscriptions.models import Plan, PlanInvoice
from apps.subscriptions.operations import start_order
from apps.tenancy.context import company_context
from apps.tenancy.middleware import forget_hosts
from portal.local.stripe import invoices, subscriptions
from tests.conftest import signed_in
from tests.integration.local.test_stripe_fake import fill_in
from tests.integration.subscriptions.ordering import GOOD_CARD, POOR, go_on, order, row_of
from tests.integration.subscriptions.test_provider import follow, maker, new_card, now

__all__ = ["maker", "now"]
LATER = timedelta(days=51)


@pytest.fixture
def debtor(maker: Any, stripe_fake: Any, now: datetime) -> Any:
    """Its plan was canceled after the last try, and a month is not paid."""
    order(stripe_fake, maker, now)
    new_card(stripe_fake, row_of(maker), POOR)
    go_on(stripe_fake, LATER.days)
    # The month that was ordered has 28 to 31 days.
    row = follow(maker, now + timedelta(days=47))
    assert (row.status, row.standing) == ("canceled", "reminded")
    return maker


def another(fake: Any, **more: Any) -> Any:
    """A second subscription of the same customer, made at the provider."""
    first = next(fake.store.all("subscription"))
    price = first["items"]["data"][0]["price"]["id"]
    return subscriptions.create(
        fake.store,
        {"customer": first["customer"], "metadata": first["metadata"], "items": [{"price": price}], **more},
    )  # fmt: skip


def try_to_order(company: Any, now: datetime) -> None:
    with company_context(company):
        start_order(plan=Plan.objects.get(pk="business"), now=now, actor="Anna")


def pay_all(fake: Any) -> None:
    for one in list(fake.store.all("invoice")):
        if one["status"] == "open":
            invoices.pay(fake.store, one["id"], {"paid_out_of_band": "true"})


def test_who_owes_pays_before_ordering_anew(debtor: Any, stripe_fake: Any, now: datetime) -> None:
    with pytest.raises(ValidationError, match="Pay what is open first"):
        try_to_order(debtor, now + LATER)
    assert [one["status"] for one in stripe_fake.store.all("checkout.session")] == ["complete"]
    pay_all(stripe_fake)
    try_to_order(debtor, now + LATER)
    assert row_of(debtor).unpaid_since is None


def test_one_month_paid_does_not_settle_an_older_one(
    debtor: Any, stripe_fake: Any, now: datetime
) -> None:
    new_card(stripe_fake, row_of(debtor), GOOD_CARD)
    assert another(stripe_fake)["status"] == "active"
    row = follow(debtor, now + timedelta(days=31 + 61))
    assert (row.status, row.standing) == ("active", "suspended")
    pay_all(stripe_fake)
    assert follow(debtor, now + timedelta(days=31 + 61)).standing == "good"


def test_one_that_never_began_settles_nothing(debtor: Any, stripe_fake: Any, now: datetime) -> None:
    tried = another(stripe_fake)
    assert tried["status"] == "incomplete"
    go_on(stripe_fake, 2)
    row = follow(debtor, now + timedelta(days=31 + 22))
    assert (row.status, row.subscription_ref) == ("incomplete_expired", tried["id"])
    assert row.standing == "read_only"


def test_one_that_was_given_up_is_paid_on_its_page(
    debtor: Any, stripe_fake: Any, now: datetime
) -> None:
    [owed] = [one for one in stripe_fake.store.all("invoice") if one["status"] == "open"]
    invoices.close(stripe_fake.store, owed["id"], "uncollectible")
    at = now + timedelta(days=31 + 61)
    assert follow(debtor, at).standing == "suspended"
    forget_hosts()
    with company_context(debtor):
        row = PlanInvoice.objects.get(invoice_ref=owed["id"])
    page = signed_in(debtor).get(f"/plan/invoices/{row.public_id}/").content.decode()
    assert f'href="{owed["hosted_invoice_url"]}"' in page
    assert "I have paid" in page
    assert fill_in(owed["hosted_invoice_url"], card=POOR)[0] == 402
    assert fill_in(owed["hosted_invoice_url"], card=GOOD_CARD)[0] == 200
    assert follow(debtor, at).standing == "good"
