"""Addresses of billing: subscriptions, invoices, tax rates, meters, the billing portal."""

from portal.local.stripe import bills, changes, invoices, meters, portal, subscriptions
from portal.local.stripe.api import DEEDS, Asked, needs, readable, route
from portal.local.stripe.errors import invalid
from portal.local.stripe.store import Thing, listed

for _kind, _path in {
    "billing.meter": "billing/meters", "invoice": "invoices", "invoiceitem": "invoiceitems",
    "subscription": "subscriptions", "tax_rate": "tax_rates",
}.items():  # fmt: skip
    readable(_kind, _path)

DEEDS.update({
    "finalized": bills.finalized, "retried": invoices.retried, "renewed": subscriptions.renewed,
    "trial_ends": subscriptions.trial_ends, "expired_subscription": subscriptions.expired,
})  # fmt: skip


@route("POST", "subscriptions")
def _subscribe(asked: Asked) -> Thing:
    needs(asked.params, "customer", "items")
    return subscriptions.create(asked.store, asked.params, asked.base)


@route("POST", "subscriptions/ID")
def _change(asked: Asked) -> Thing:
    return changes.update(asked.store, asked.ids[0], asked.params)


@route("POST", "subscriptions/ID/resume")
def _resume(asked: Asked) -> Thing:
    return subscriptions.resume(asked.store, asked.ids[0])


@route("DELETE", "subscriptions/ID")
def _cancel(asked: Asked) -> Thing:
    return changes.cancel(asked.store, asked.ids[0], asked.params)


@route("GET", "subscription_items")
def _items(asked: Asked) -> Thing:
    needs(asked.params, "subscription")
    found = asked.store.get("subscription", asked.params["subscription"])
    return listed(found["items"]["data"], "/v1/subscription_items")


@route("POST", "invoiceitems")
def _item(asked: Asked) -> Thing:
    needs(asked.params, "customer")
    return invoices.new_item(asked.store, asked.params)


@route("POST", "invoices")
def _invoice(asked: Asked) -> Thing:
    """A draft of what is pending for the customer."""
    needs(asked.params, "customer")
    customer, params = asked.store.get("customer", asked.params["customer"]), asked.params
    return invoices.draft(
        asked.store, customer["id"], [], currency=str(params.get("currency", "eur")).lower(),
        reason="manual", metadata=params.get("metadata"),
        collection=params.get("collection_method") or "charge_automatically",
        days_until_due=params.get("days_until_due"),
    )  # fmt: skip


@route("POST", "invoices/create_preview")
def _preview(asked: Asked) -> Thing:
    needs(asked.params, "subscription")
    return bills.preview(asked.store, asked.params)


@route("POST", "invoices/ID/finalize")
def _finalize(asked: Asked) -> Thing:
    return invoices.finalize(asked.store, asked.store.get("invoice", asked.ids[0]), asked.base)


@route("POST", "invoices/ID/pay")
def _pay(asked: Asked) -> Thing:
    return invoices.pay(asked.store, asked.ids[0], asked.params)


@route("POST", "invoices/ID/void")
def _void(asked: Asked) -> Thing:
    return invoices.close(asked.store, asked.ids[0], "void")


@route("POST", "invoices/ID/mark_uncollectible")
def _uncollectible(asked: Asked) -> Thing:
    return invoices.close(asked.store, asked.ids[0], "uncollectible")


@route("POST", "tax_rates")
def _rate(asked: Asked) -> Thing:
    needs(asked.params, "display_name", "percentage")
    if str(asked.params.get("inclusive")).lower() == "true":
        raise invalid("Inclusive tax rates are not known here.", "inclusive")
    return asked.store.make(
        "tax_rate", "txr", display_name=asked.params["display_name"], active=True,
        percentage=float(asked.params["percentage"]), inclusive=False,
        country=asked.params.get("country"),
    )  # fmt: skip


@route("POST", "billing/meters")
def _meter(asked: Asked) -> Thing:
    return meters.new_meter(asked.store, asked.params)


@route("POST", "billing/meters/ID/deactivate")
def _deactivate(asked: Asked) -> Thing:
    return meters.deactivate(asked.store, asked.ids[0])


@route("GET", "billing/meters/ID/event_summaries")
def _summary(asked: Asked) -> Thing:
    return meters.summary(asked.store, asked.ids[0], asked.params)


@route("POST", "billing/meter_events")
def _event(asked: Asked) -> Thing:
    return meters.take_event(asked.store, asked.params)


@route("POST", "billing_portal/sessions")
def _portal(asked: Asked) -> Thing:
    return portal.new_session(asked.store, asked.params, asked.base)
