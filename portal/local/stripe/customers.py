"""Customers: made, changed, deleted as docs.stripe.com/api/customers/delete says.

A deleted one can still be retrieved, as what it was once; nothing else can be done with it.
"""

from portal.local.stripe import payments, subscriptions
from portal.local.stripe.store import Store, Thing

ENDED = ("canceled", "incomplete_expired")


def retrieve(store: Store, key: str) -> Thing:
    """Also of a deleted one: `{"id", "object", "deleted": true}`."""
    found = store.things.get(key)
    return found if found and found.get("deleted") else store.get("customer", key)


def delete(store: Store, key: str) -> Thing:
    """Its subscriptions end at once and its cards and accounts are forgotten; invoices stay, and nobody collects them."""
    customer = store.get("customer", key)
    for one in list(store.all("subscription")):
        if one["customer"] == key and one["status"] not in ENDED:
            subscriptions.end(store, one, "cancellation_requested")
    for method in list(store.all("payment_method")):
        if method["customer"] == key:
            payments.detach(store, method["id"])
    _stop_collecting(store, key)
    store.emit("customer.deleted", customer)
    gone = {"id": key, "object": "customer", "deleted": True, "_order": customer["_order"]}
    store.things[key] = gone
    return gone


def _stop_collecting(store: Store, key: str) -> None:
    open_ones = {
        one["id"] for one in store.all("invoice")
        if one["customer"] == key and one["status"] in ("draft", "open")
    }  # fmt: skip
    for one in open_ones:
        store.things[one]["next_payment_attempt"] = None
    store.due = [one for one in store.due if one["key"] not in open_ones]
