"""Subscriptions, invoices, meters and the billing portal of the stand-in, by Stripe's own library."""

import time
from typing import Any

import pytest
import stripe

from tests.integration.local.test_stripe_fake import (
    Listener,
    api,
    fake,
    fill_in,
    listener,
    put_forward,
)

__all__ = ["api", "fake", "listener"]
DAY = 24 * 3600
POOR = "pm_card_visa_chargeDeclinedInsufficientFunds"


def price(api: Any, amount: int = 5_000, **recurring: Any) -> Any:
    product = api.products.create({"name": "Business"})
    return api.prices.create(
        {"product": product.id, "unit_amount": amount, "currency": "eur", "nickname": "Business",
         "recurring": {"interval": "month", **recurring}}
    )  # fmt: skip


def customer(api: Any, card: str = "pm_card_visa") -> Any:
    made = api.customers.create({"name": "Maker SE"})
    method = api.payment_methods.create({"type": "card", "card": {"number": "4242424242424242"}})
    if card == "pm_card_visa":
        api.payment_methods.attach(method.id, {"customer": made.id})
        api.customers.update(made.id, {"invoice_settings": {"default_payment_method": method.id}})
    return made


def subscribe(api: Any, who: Any, what: Any, **more: Any) -> Any:
    return api.subscriptions.create({"customer": who.id, "items": [{"price": what.id}], **more})


def states(listener: Listener) -> list[str]:
    found = [e for e in listener.taken if e.type.startswith("customer.subscription")]
    return [str(event.data.object.status) for event in found]


def test_a_trial_becomes_a_paid_month_and_then_another(api: Any, listener: Listener) -> None:
    made = subscribe(api, customer(api), price(api), trial_period_days=14)
    assert made.status == "trialing"
    assert api.invoices.retrieve(made.latest_invoice).total == 0
    put_forward(api, 12 * DAY)
    listener.wait_for("customer.subscription.trial_will_end")
    put_forward(api, 3 * DAY)
    now = api.subscriptions.retrieve(made.id)
    assert now.status == "active"
    bill = api.invoices.retrieve(now.latest_invoice)
    assert (bill.status, bill.total, bill.billing_reason) == ("paid", 5_000, "subscription_cycle")
    assert bill.parent.subscription_details.subscription == made.id
    put_forward(api, 31 * DAY)
    assert len(api.invoices.list({"customer": made.customer}).data) == 3
    item = api.subscriptions.retrieve(made.id)["items"].data[0]
    assert item.current_period_start < time.time() + 46 * DAY < item.current_period_end
    listener.wait_for("invoice.paid", 3)


def test_many_months_at_once_are_billed_one_by_one(api: Any) -> None:
    made = subscribe(api, customer(api), price(api))
    put_forward(api, 95 * DAY)
    bills = api.invoices.list({"customer": made.customer, "limit": 10}).data
    starts = sorted(bill.lines.data[0].period.start for bill in bills)
    ends = sorted(bill.lines.data[0].period.end for bill in bills)
    assert len(bills) == 4
    assert starts[1:] == ends[:-1], "periods tile"


def test_a_failed_card_is_tried_three_times_and_ends_it(api: Any, fake: Any, listener: Any) -> None:
    who = customer(api)
    made = subscribe(api, who, price(api))
    bad = api.payment_methods.create({"type": "card", "card": {"number": "4000000000009995"}})
    api.customers.update(who.id, {"invoice_settings": {"default_payment_method": bad.id}})
    put_forward(api, 32 * DAY)
    assert api.subscriptions.retrieve(made.id).status == "past_due"
    put_forward(api, 20 * DAY)
    listener.wait_for("invoice.payment_failed", 4)
    ended = api.subscriptions.retrieve(made.id)
    assert (ended.status, ended.cancellation_details.reason) == ("canceled", "payment_failed")


def test_a_new_card_before_the_last_try_makes_it_active_again(api: Any) -> None:
    who = customer(api)
    made = subscribe(api, who, price(api))
    for number, state, days in (
        ("4000000000009995", "past_due", 32),
        ("4242424242424242", "active", 4),
    ):
        card = api.payment_methods.create({"type": "card", "card": {"number": number}})
        api.customers.update(who.id, {"invoice_settings": {"default_payment_method": card.id}})
        put_forward(api, days * DAY)
        assert api.subscriptions.retrieve(made.id).status == state


def test_a_first_payment_that_fails_leaves_it_incomplete_until_it_expires(api: Any) -> None:
    who = customer(api, card="")
    made = subscribe(api, who, price(api), default_payment_method=POOR)
    assert made.status == "incomplete"
    with pytest.raises(stripe.CardError):
        subscribe(api, who, price(api), default_payment_method=POOR,
                  payment_behavior="error_if_incomplete")  # fmt: skip
    put_forward(api, DAY)
    assert api.subscriptions.retrieve(made.id).status == "incomplete_expired"
    assert api.invoices.retrieve(made.latest_invoice).status == "void"


def test_a_bank_that_asks_is_answered_on_the_invoices_page(api: Any, listener: Any) -> None:
    made = subscribe(
        api,
        customer(api, card=""),
        price(api),
        default_payment_method="pm_card_authenticationRequired",
    )
    assert made.status == "incomplete"
    listener.wait_for("invoice.payment_action_required")
    page = api.invoices.retrieve(made.latest_invoice).hosted_invoice_url
    assert "Your bank asks" in fill_in(page, card="4000002500003155")[1]
    assert fill_in(page, card="4000002500003155", asked="yes")[0] == 200
    assert api.subscriptions.retrieve(made.id).status == "active"


def test_an_upgrade_is_prorated_to_the_second(api: Any) -> None:
    made = subscribe(api, customer(api), price(api, 3_000))
    item = made["items"].data[0]
    whole = item.current_period_end - item.current_period_start
    put_forward(api, 10 * DAY)
    api.subscriptions.update(
        made.id, {"items": [{"id": item.id, "price": price(api, 9_000).id}],
                  "proration_behavior": "always_invoice"}
    )  # fmt: skip
    bill = api.invoices.retrieve(api.subscriptions.retrieve(made.id).latest_invoice)
    left = (whole - 10 * DAY) / whole
    assert bill.billing_reason == "subscription_update"
    assert [line.proration for line in bill.lines.data] == [True, True]
    assert abs(bill.total - 6_000 * left) <= 2
    assert bill.status == "paid"


def test_what_a_meter_counted_is_billed_when_the_period_ends(api: Any) -> None:
    meter = api.billing.meters.create(
        {
            "display_name": "Assets",
            "event_name": "assets",
            "default_aggregation": {"formula": "sum"},
        }
    )
    who = customer(api)
    used = price(api, 20, usage_type="metered", meter=meter.id)
    made = api.subscriptions.create(
        {"customer": who.id, "items": [{"price": price(api).id}, {"price": used.id}]}
    )
    for name, value in (("one", "30"), ("two", "12")):
        event = {"event_name": "assets", "identifier": name,
                 "payload": {"stripe_customer_id": who.id, "value": value}}  # fmt: skip
        api.billing.meter_events.create(event)
        with pytest.raises(stripe.InvalidRequestError, match="already exists"):
            api.billing.meter_events.create(event)
    span = {
        "customer": who.id,
        "start_time": int(time.time()) - DAY,
        "end_time": int(time.time()) + DAY,
    }
    assert api.billing.meters.event_summaries.list(meter.id, span).data[0].aggregated_value == 42
    preview = api.invoices.create_preview({"subscription": made.id})
    assert preview.total == 5_000 + 42 * 20
    put_forward(api, 32 * DAY)
    bill = api.invoices.retrieve(api.subscriptions.retrieve(made.id).latest_invoice)
    assert sorted(line.amount for line in bill.lines.data) == [840, 5_000]


def test_tax_is_added_and_rounded_once(api: Any) -> None:
    rate = api.tax_rates.create({"display_name": "VAT", "percentage": 19, "inclusive": False})
    made = subscribe(api, customer(api), price(api, 1_999), default_tax_rates=[rate.id])
    bill = api.invoices.retrieve(made.latest_invoice)
    assert (bill.subtotal, bill.total_taxes[0].amount, bill.amount_paid) == (1_999, 380, 2_379)


def test_checkout_subscribes_and_the_portal_ends_it(api: Any, listener: Any) -> None:
    who = customer(api, card="")
    session = api.checkout.sessions.create(
        {"mode": "subscription", "customer": who.id, "success_url": "http://portal.example/done",
         "line_items": [{"price": price(api).id, "quantity": 1}],
         "subscription_data": {"metadata": {"company": "7"}}}
    )  # fmt: skip
    assert fill_in(session.url, card="4000000000000002")[0] == 402
    assert api.subscriptions.list({"customer": who.id}).data == []
    assert fill_in(session.url, card="4242424242424242")[0] == 303
    told = listener.wait_for("checkout.session.completed")[0].data.object
    made = api.subscriptions.retrieve(told.subscription)
    assert (made.status, made.metadata["company"]) == ("active", "7")
    page = api.billing_portal.sessions.create(
        {"customer": who.id, "return_url": "http://portal.example/"}
    )
    assert "Business (active)" in fill_in(page.url)[1]
    assert "Keep it" in fill_in(page.url, subscription=made.id, act="cancel")[1]
    ending = api.subscriptions.retrieve(made.id)
    # As Stripe's page does in flexible billing mode.
    assert (ending.cancel_at, ending.cancel_at_period_end) == (
        ending["items"].data[0].current_period_end, False,
    )  # fmt: skip
    fill_in(page.url, subscription=made.id, act="keep")
    assert api.subscriptions.retrieve(made.id).cancel_at is None
    fill_in(page.url, subscription=made.id, act="cancel")
    put_forward(api, 32 * DAY)
    ended = listener.wait_for("customer.subscription.deleted")[0].data.object
    assert ended.cancellation_details.reason == "cancellation_requested"
    assert len(api.invoices.list({"customer": who.id}).data) == 1, "nothing after the end"


def test_an_invoice_by_hand_is_finalized_paid_and_never_twice(api: Any, listener: Any) -> None:
    who = customer(api)
    api.invoice_items.create(
        {"customer": who.id, "amount": 700, "currency": "eur", "description": "Marketplace fee"}
    )
    made = api.invoices.create({"customer": who.id, "collection_method": "send_invoice",
                                "days_until_due": 14})  # fmt: skip
    assert (made.status, made.total) == ("draft", 700)
    done = api.invoices.finalize_invoice(made.id)
    assert (done.status, done.number) == ("open", "FAKE-0001")
    assert api.invoices.pay(made.id).status == "paid"
    with pytest.raises(stripe.InvalidRequestError, match="already paid"):
        api.invoices.pay(made.id)
    listener.wait_for("invoice.finalized")
    changed = api.subscriptions.list({"customer": who.id}).data
    assert changed == []


def test_changes_tell_what_was_before_and_messages_come_doubled(
    api: Any, fake: Any, listener: Any
) -> None:
    fake.delivery.copies = 3
    made = subscribe(api, customer(api), price(api))
    api.subscriptions.update(made.id, {"cancel_at_period_end": True})
    # Its first payment is an update as well; copies of that may come first.
    for count in (3, 6):
        told = listener.wait_for("customer.subscription.updated", count)
        before = [e.data.previous_attributes.to_dict() for e in told]
        if any(one.get("cancel_at_period_end") is False for one in before):
            break
    assert any(one.get("cancel_at_period_end") is False for one in before)
    assert states(listener)


def test_a_deleted_customer_takes_its_subscriptions_along_and_leaves_its_invoices(
    api: Any, listener: Listener
) -> None:
    who, what = customer(api), price(api)
    made = subscribe(api, who, what)
    unpaid = subscribe(api, customer(api, POOR), what, payment_behavior="allow_incomplete")
    assert api.customers.delete(who.id).to_dict() == {
        "id": who.id, "object": "customer", "deleted": True
    }  # fmt: skip
    assert api.subscriptions.retrieve(made.id).status == "canceled"
    assert listener.wait_for("customer.deleted")
    listener.wait_for("customer.subscription.deleted")
    # It can be read as what it was once; nothing else can be done with it.
    assert api.customers.retrieve(who.id).deleted
    assert who.id not in [one.id for one in api.customers.list().data]
    for act in (
        lambda: api.customers.delete(who.id),
        lambda: api.customers.update(who.id, {"name": "Back again"}),
        lambda: subscribe(api, who, what),
    ):
        with pytest.raises(stripe.InvalidRequestError, match="No such customer"):
            act()
    bills = api.invoices.list({"customer": who.id}).data
    assert [bill.status for bill in bills] == ["paid"]
    assert api.payment_methods.list({"customer": who.id}).data == []
    # Of an unpaid one nobody is charged later, whatever the clock says.
    api.customers.delete(unpaid.customer)
    put_forward(api, 60 * DAY)
    assert {bill.status for bill in api.invoices.list({"customer": unpaid.customer}).data} == {
        "open"
    }
    assert api.subscriptions.retrieve(unpaid.id).status in ("canceled", "incomplete_expired")
