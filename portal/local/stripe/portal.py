"""The billing portal: a page where a customer changes its card, ends a subscription, or keeps it."""

from portal.local.stripe import changes, methods, subscriptions
from portal.local.stripe.errors import Refused, missing
from portal.local.stripe.store import Store, Thing


def new_session(store: Store, params: Thing, base: str) -> Thing:
    for name in ("customer", "return_url"):
        if not params.get(name):
            raise missing(name)
    customer = store.get("customer", params["customer"])
    made = store.make(
        "billing_portal.session", "bps", customer=customer["id"], url="",
        return_url=params["return_url"], locale=params.get("locale"), configuration=None,
    )  # fmt: skip
    made["url"] = f"{base}/p/session/{made['id']}"
    return made


def subscriptions_of(store: Store, session: Thing) -> list[Thing]:
    """The customer's, as far as they have not ended."""
    return [
        one for one in store.all("subscription")
        if one["customer"] == session["customer"] and one["status"] in subscriptions.LIVE
    ]  # fmt: skip


def act(store: Store, session: Thing, form: dict[str, str]) -> None:
    """What a button of the page does. Raises Refused for a wrong card number."""
    if number := form.get("card", "").replace(" ", ""):
        save_card(store, session["customer"], number)
    key = form.get("subscription", "")
    if key in {one["id"] for one in subscriptions_of(store, session)}:
        changes.update(store, key, _ending(form.get("act") == "cancel"))


def _ending(ends: bool) -> Thing:
    """As Stripe's page in flexible billing mode: the instant is set, the flag is not."""
    return {"cancel_at": "max_period_end" if ends else ""}


def save_card(store: Store, customer: str, number: str) -> Thing:
    """The customer's default from now on, also of its subscriptions."""
    if not number.isdigit() or len(number) != 16:
        raise Refused(402, "card_error", "Your card number is invalid.", code="invalid_number")
    method = store.make("payment_method", "pm", **methods.card(number))
    method["customer"] = customer
    store.emit("payment_method.attached", method)
    found = store.get("customer", customer)
    found["invoice_settings"] = {"default_payment_method": method["id"]}
    store.emit("customer.updated", found)
    for one in store.all("subscription"):
        if one["customer"] == customer and one["status"] in subscriptions.LIVE:
            subscriptions.change(store, one, default_payment_method=method["id"])
    return method
