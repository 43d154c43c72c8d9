"""Customers: made, changed, deleted as docs.stripe.com/api/customers/delete says.

A deleted one can still be retrieved, as what it was once; nothing else can be done with it.
"""

import re

from portal.local.stripe import payments, subscriptions
from portal.local.stripe.errors import invalid
from portal.local.stripe.store import Store, Thing

EU_VAT = re.compile("[A-Z]{2}[0-9A-Z+*]{2,12}")
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


def tax_ids(store: Store, key: str) -> list[Thing]:
    store.get("customer", key)
    return [one for one in store.all("tax_id") if one["customer"] == key]


def add_tax_id(store: Store, key: str, given: Thing) -> Thing:
    """As docs.stripe.com/api/tax_ids says. Raises Refused for what is no id of its type."""
    store.get("customer", key)
    kind, value = str(given.get("type")), str(given.get("value"))
    if kind != "eu_vat" or not EU_VAT.fullmatch(value):
        raise invalid(f"Invalid value for {kind}.", "value", "tax_id_invalid")
    made = store.make(
        "tax_id", "txi", customer=key, type=kind, value=value, country=value[:2],
        verification={"status": "pending"},
    )  # fmt: skip
    store.emit("customer.tax_id.created", made)
    return made


def drop_tax_id(store: Store, key: str, tax_id: str) -> Thing:
    gone = store.get("tax_id", tax_id)
    if gone["customer"] != key:
        raise invalid(f"No such tax id: '{tax_id}'", "id", "resource_missing")
    del store.things[tax_id]
    store.emit("customer.tax_id.deleted", gone)
    return {"id": tax_id, "object": "tax_id", "deleted": True}


def _stop_collecting(store: Store, key: str) -> None:
    open_ones = {
        one["id"] for one in store.all("invoice")
        if one["customer"] == key and one["status"] in ("draft", "open")
    }  # fmt: skip
    for one in open_ones:
        store.things[one]["next_payment_attempt"] = None
    store.due = [one for one in store.due if one["key"] not in open_ones]
