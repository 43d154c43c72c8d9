"""Checkout sessions and what their page does."""

from portal.local.stripe import methods, payments, subscriptions
from portal.local.stripe.errors import Refused, invalid, missing
from portal.local.stripe.store import Store, Thing

DAY = 24 * 3600


def new_session(store: Store, params: Thing, base: str) -> Thing:
    """Of mode payment, setup or subscription. The page lies at the fake's own address."""
    mode = params.get("mode")
    if mode not in ("payment", "setup", "subscription"):
        raise invalid("Invalid mode: must be one of payment, setup, or subscription.", "mode")
    if mode == "subscription" and not params.get("customer"):
        raise missing("customer")
    total = None if mode == "setup" else _total(store, params, mode == "subscription")
    made = store.make(
        "checkout.session", "cs_test", mode=mode, amount_total=total, amount_subtotal=total,
        currency=_currency(store, params), customer=params.get("customer"), status="open",
        payment_status="no_payment_required" if mode == "setup" else "unpaid", subscription=None,
        payment_intent=None, setup_intent=None, success_url=_needed(params, "success_url"),
        cancel_url=params.get("cancel_url"), client_reference_id=params.get("client_reference_id"),
        payment_method_types=params.get("payment_method_types") or ["card"],
        expires_at=int(params.get("expires_at") or store.now + DAY), url=None,
        locale=params.get("locale"), metadata=dict(params.get("metadata") or {}),
        _lines=_lines(store, params), _intent=params.get(f"{mode}_intent_data") or {},
        _subscription=params.get("subscription_data") or {}, _items=params.get("line_items") or [],
        _base=base,
    )  # fmt: skip
    made["url"] = f"{base}/c/pay/{made['id']}"
    store.later(made["expires_at"] - store.now, "expired", made["id"])
    return made


def _needed(params: Thing, name: str) -> str:
    if not params.get(name):
        raise missing(name)
    return str(params[name])


def _price(store: Store, item: Thing) -> Thing:
    if "price" in item:
        return store.get("price", item["price"])
    if "price_data" not in item:
        raise missing("line_items[0][price]")
    return dict(item["price_data"])


def _total(store: Store, params: Thing, may_be_nothing: bool) -> int:
    """Of a subscription what is asked for in advance: nothing of what a meter counts."""
    items = params.get("line_items")
    if not isinstance(items, list) or not items:
        raise missing("line_items")
    total = sum(
        int(_price(store, item)["unit_amount"]) * int(item.get("quantity", "1"))
        for item in items
        if ((_price(store, item).get("recurring") or {}).get("usage_type") != "metered")
    )
    if total <= 0 and not may_be_nothing:
        raise invalid("The total must be positive.", "line_items")
    return total


def _currency(store: Store, params: Thing) -> str | None:
    items = params.get("line_items")
    if isinstance(items, list) and items:
        return str(_price(store, items[0])["currency"]).lower()
    return params.get("currency")


def _lines(store: Store, params: Thing) -> list[str]:
    names = []
    for item in params.get("line_items") or []:
        price = _price(store, item)
        product = price.get("product_data") or store.things.get(str(price.get("product")), {})
        names.append(str(product.get("name", "")))
    return names


def expire(store: Store, key: str) -> Thing:
    session = store.get("checkout.session", key)
    if session["status"] == "open":
        session.update(status="expired", url=None)
        store.emit("checkout.session.expired", session)
    return session


def pay(store: Store, key: str, number: str, iban: str, asked: bool = False) -> Thing:
    """What the page's button does. Raises Refused for a declined card or a wrong number.

    Gives the session; it stays open while the payer's bank still has to be asked.
    """
    session = store.get("checkout.session", key)
    if session["status"] != "open":
        raise invalid("This page cannot be used any more.", code="resource_expired")
    method = store.make("payment_method", "pm", **_method(session, number, iban))
    if session["mode"] == "setup":
        return _set_up(store, session, method)
    if session["mode"] == "subscription":
        return _subscribe(store, session, method, asked)
    intent = _intent(store, session)
    payments.confirm(store, intent, method, asked)
    if intent["status"] == "requires_action":
        return session
    paid = intent["status"] == "succeeded"
    session.update(status="complete", url=None, payment_status="paid" if paid else "unpaid")
    store.emit("checkout.session.completed", session)
    return session


def _method(session: Thing, number: str, iban: str) -> Thing:
    number, iban = (text.replace(" ", "") for text in (number, iban))
    if iban and "sepa_debit" in session["payment_method_types"]:
        if not 15 <= len(iban) <= 34 or not iban.isalnum():
            raise Refused(400, "invalid_request_error", "The IBAN you entered is invalid.")
        return methods.sepa(iban)
    if not number.isdigit() or len(number) != 16:
        raise Refused(402, "card_error", "Your card number is invalid.", code="invalid_number")
    return methods.card(number)


def _intent(store: Store, session: Thing) -> Thing:
    """Made with the first try, as at Stripe; a declined one is tried again."""
    if session["payment_intent"]:
        return store.get("payment_intent", session["payment_intent"])
    given = {
        **session["_intent"], "amount": str(session["amount_total"]),
        "currency": session["currency"], "customer": session["customer"],
        "payment_method_types": session["payment_method_types"],
    }  # fmt: skip
    intent = payments.new_intent(store, given)
    session["payment_intent"] = intent["id"]
    store.emit("payment_intent.created", intent)
    return intent


def _subscribe(store: Store, session: Thing, method: Thing, asked: bool) -> Thing:
    """A card that says no leaves neither a subscription nor a closed page.

    A card whose bank asks is charged without asking from then on.
    """
    if methods.CARDS.get(method.get("_number", "")) == methods.ASKS:
        if not asked:
            return session
        method["_number"] = methods.TOKENS["pm_card_visa"]
    method["customer"] = session["customer"]
    customer = store.get("customer", session["customer"])
    customer["invoice_settings"] = {"default_payment_method": method["id"]}
    made = subscriptions.create(
        store,
        {**session["_subscription"], "customer": session["customer"], "items": session["_items"],
         "default_payment_method": method["id"], "payment_behavior": "error_if_incomplete"},
        session["_base"],
    )  # fmt: skip
    trial = made["status"] == "trialing"
    session.update(
        status="complete", url=None, subscription=made["id"], invoice=made["latest_invoice"],
        payment_status="no_payment_required" if trial else "paid",
    )  # fmt: skip
    store.emit("checkout.session.completed", session)
    return session


def _set_up(store: Store, session: Thing, method: Thing) -> Thing:
    method["customer"] = session["customer"]
    intent = set_up(store, {**session["_intent"], "customer": session["customer"]}, method)
    session.update(status="complete", url=None, setup_intent=intent["id"])
    store.emit("checkout.session.completed", session)
    return session


def set_up(store: Store, params: Thing, method: Thing) -> Thing:
    """A succeeded setup intent with its mandate."""
    mandate = store.make(
        "mandate", "mandate", payment_method=method["id"], status="active", type="multi_use",
        payment_method_details={"type": method["type"]},
    )  # fmt: skip
    intent = store.make(
        "setup_intent", "seti", status="succeeded", payment_method=method["id"],
        mandate=mandate["id"], customer=params.get("customer"), usage="off_session",
        metadata=dict(params.get("metadata") or {}),
    )  # fmt: skip
    store.emit("setup_intent.succeeded", intent)
    return intent
