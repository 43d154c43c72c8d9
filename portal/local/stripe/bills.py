"""What a subscription is billed: fees in advance, what its meters counted, and the invoice of both."""

from portal.local.stripe import invoices, meters
from portal.local.stripe.store import Store, Thing, listed

# A renewal's invoice stays a draft for so long (docs.stripe.com/billing/invoices/subscription).
GRACE = 3600


def fees_of(subscription: Thing) -> list[Thing]:
    """What is billed in advance, for the items' current periods."""
    return [fee_of(item) for item in subscription["items"]["data"] if "quantity" in item]


def fee_of(item: Thing) -> Thing:
    price = item["price"]
    period = {"start": item["current_period_start"], "end": item["current_period_end"]}
    text = f"{item['quantity']} × {price.get('nickname') or price['product']}"
    return invoices.line(
        text, price["unit_amount"] * item["quantity"], price["currency"], period,
        quantity=item["quantity"], pricing={"type": "price_details", "price_details": {
            "price": price["id"], "product": price["product"]}},
    )  # fmt: skip


def usage_of(store: Store, subscription: Thing, item: Thing) -> Thing:
    """What the item's meter counted in the period that ends, at its price per unit."""
    price, period = item["price"], (item["current_period_start"], item["current_period_end"])
    meter = store.get("billing.meter", price["recurring"].get("meter"))
    amount = meters.used(store, meter, subscription["customer"], *period)
    return invoices.line(
        f"{amount:g} × {price.get('nickname') or meter['display_name']}",
        round(amount * float(price["unit_amount"])), price["currency"],
        {"start": period[0], "end": period[1]}, quantity=amount,
        _item={"price": price, "current_period_start": period[0], "current_period_end": period[1]},
    )  # fmt: skip


def finalized(store: Store, key: str) -> None:
    """An hour after it was written: what was told of its period meanwhile stands on it too."""
    invoice = store.things.get(key)
    if invoice is None or invoice["status"] != "draft":
        return
    for one in invoice["lines"]["data"]:
        if "_item" in one:
            now = usage_of(store, invoice, one["_item"])
            one.update({name: now[name] for name in ("description", "amount", "quantity")})
    invoices.total(store, invoice)
    invoices.finalize(store, invoice, invoice["_base"])


def bill(
    store: Store, subscription: Thing, reason: str, lines: list[Thing], waits: bool = False
) -> Thing:
    """With `waits` it stays a draft for an hour."""
    invoice = invoices.draft(
        store, subscription["customer"], lines, currency=subscription["currency"], reason=reason,
        subscription=subscription, collection=subscription["collection_method"],
        days_until_due=subscription["days_until_due"],
    )  # fmt: skip
    subscription["latest_invoice"] = invoice["id"]
    if waits:
        invoice["_base"] = subscription["_base"]
        store.later(GRACE, "finalized", invoice["id"])
        return invoice
    return invoices.finalize(store, invoice, subscription["_base"])


def preview(store: Store, params: Thing) -> Thing:
    """The next invoice of a subscription as it stands, without making it."""
    subscription = store.get("subscription", params.get("subscription"))
    lines = fees_of(subscription) + [
        usage_of(store, subscription, item)
        for item in subscription["items"]["data"] if "quantity" not in item
    ]  # fmt: skip
    pending = [
        invoices.line(item["description"] or "", item["amount"], item["currency"], item["period"])
        for item in store.all("invoiceitem")
        if item["subscription"] == subscription["id"] and item["invoice"] is None
    ]
    whole: Thing = {
        "id": f"upcoming_{subscription['id']}", "object": "invoice", "status": "draft",
        "customer": subscription["customer"], "currency": subscription["currency"],
        "lines": listed([*pending, *lines], ""), "_rates": invoices.rates_of(store, subscription),
    }  # fmt: skip
    invoices.total(store, whole)
    return whole
