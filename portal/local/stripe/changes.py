"""What is changed of a subscription: items with proration, an end in time or at once, a trial cut short."""

from portal.local.stripe import bills, invoices, subscriptions
from portal.local.stripe.errors import invalid
from portal.local.stripe.periods import prorated
from portal.local.stripe.store import Store, Thing, merged


def update(store: Store, key: str, params: Thing) -> Thing:
    """Items, end at the period's end, method, trial. Raises Refused for one that has ended."""
    subscription = store.get("subscription", key)
    if subscription["status"] not in subscriptions.LIVE:
        raise invalid(f"This subscription is {subscription['status']}.", code="resource_missing")
    fields: Thing = {}
    if "metadata" in params:
        fields["metadata"] = merged(subscription["metadata"], params["metadata"] or {})
    if "cancel_at_period_end" in params:
        fields |= _ending(
            store, subscription, str(params["cancel_at_period_end"]).lower() == "true"
        )
    if "cancel_at" in params:
        fields |= _ending_at(store, subscription, str(params["cancel_at"]))
    if "default_tax_rates" in params:
        fields["default_tax_rates"] = subscriptions.rates_of(store, params)
    if params.get("default_payment_method"):
        customer = store.get("customer", subscription["customer"])
        fields["default_payment_method"] = subscriptions.method_of(store, customer, params)
    if params.get("items"):
        _change_items(store, subscription, params)
    if params.get("trial_end") == "now" and subscription["status"] == "trialing":
        _end_trial(store, subscription)
    return subscriptions.change(store, subscription, **fields)


def _ending(store: Store, subscription: Thing, ends: bool) -> Thing:
    if not ends and not subscription["cancel_at_period_end"]:
        # An end that was set by its instant is taken back by that.
        return {}
    last = max(item["current_period_end"] for item in subscription["items"]["data"])
    return {
        "cancel_at_period_end": ends, "cancel_at": last if ends else None,
        "canceled_at": store.now if ends else None,
    }  # fmt: skip


def _ending_at(store: Store, subscription: Thing, wanted: str) -> Thing:
    """At an instant, or at the end of the shortest or longest period; empty: it goes on. Without the flag."""
    ends = [item["current_period_end"] for item in subscription["items"]["data"]]
    named = {"": None, "min_period_end": min(ends), "max_period_end": max(ends)}
    if wanted not in named and not wanted.isdigit():
        raise invalid("Invalid timestamp.", "cancel_at")
    at = named[wanted] if wanted in named else int(wanted)
    if at is not None:
        store.later(at - store.now, "renewed", subscription["id"])
    return {
        "cancel_at_period_end": False, "cancel_at": at,
        "canceled_at": None if at is None else store.now,
    }  # fmt: skip


def _end_trial(store: Store, subscription: Thing) -> None:
    subscription["trial_end"] = subscription["billing_cycle_anchor"] = store.now
    for item in subscription["items"]["data"]:
        item["current_period_end"] = store.now
    subscriptions.renewed(store, subscription["id"], at_once=True)


def _change_items(store: Store, subscription: Thing, params: Thing) -> None:
    """Old and new for the rest of the period stand on the next invoice, or on one at once."""
    behaviour = params.get("proration_behavior") or "create_prorations"
    prorates = behaviour != "none" and subscription["status"] in ("active", "past_due")
    for given in params["items"]:
        item = _known(subscription, given)
        if item is not None and prorates:
            _prorate(store, subscription, item, -1)
        if item is not None and str(given.get("deleted")).lower() == "true":
            subscription["items"]["data"].remove(item)
            continue
        item = _changed(store, subscription, item, given)
        if prorates:
            _prorate(store, subscription, item, 1)
    if behaviour == "always_invoice" and prorates:
        bills.bill(store, subscription, "subscription_update", [])


def _known(subscription: Thing, given: Thing) -> Thing | None:
    if not given.get("id"):
        return None
    found: list[Thing] = [
        item for item in subscription["items"]["data"] if item["id"] == given["id"]
    ]
    if not found:
        raise invalid(
            f"No such subscription item: '{given['id']}'", "items[0][id]", "resource_missing"
        )
    return found[0]


def _changed(store: Store, subscription: Thing, item: Thing | None, given: Thing) -> Thing:
    if item is None:
        made = subscriptions.item_of(store, subscription, given)
        first = subscription["items"]["data"][0]
        same = {name: first[name] for name in ("current_period_start", "current_period_end")}
        made.update(same)
        subscription["items"]["data"].append(made)
        return made
    if given.get("price"):
        item["price"] = store.get("price", given["price"])
    if given.get("quantity") not in (None, "") and "quantity" in item:
        item["quantity"] = int(given["quantity"])
    return item


def _prorate(store: Store, subscription: Thing, item: Thing, sign: int) -> None:
    if "quantity" not in item:
        return
    start, end = item["current_period_start"], item["current_period_end"]
    amount = prorated(item["price"]["unit_amount"] * item["quantity"], start, end, store.now)
    text = "Remaining time" if sign > 0 else "Unused time"
    if amount:
        invoices.new_item(
            store,
            {"customer": subscription["customer"], "amount": str(sign * amount),
             "currency": subscription["currency"], "subscription": subscription["id"],
             "description": f"{text} on {item['price'].get('nickname') or item['price']['product']}",
             "period": {"start": store.now, "end": end}, "proration": "true"},
        )  # fmt: skip


def cancel(store: Store, key: str, params: Thing) -> Thing:
    """At once; with `invoice_now` what is pending and what was used is billed."""
    subscription = store.get("subscription", key)
    if subscription["status"] in ("canceled", "incomplete_expired"):
        raise invalid(f"No such subscription: '{key}'", "id", "resource_missing")
    if str(params.get("prorate")).lower() == "true":
        for item in subscription["items"]["data"]:
            _prorate(store, subscription, item, -1)
    if str(params.get("invoice_now")).lower() == "true":
        items = [item for item in subscription["items"]["data"] if "quantity" not in item]
        bills.bill(store, subscription, "subscription_update",
              [bills.usage_of(store, subscription, item) for item in items])  # fmt: skip
    return subscriptions.end(store, subscription, "cancellation_requested")
