"""Which address does what. One function per address: parameters in, object out."""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from portal.local.stripe import checkout, connect, customers, methods, payments
from portal.local.stripe.errors import Refused, invalid, missing, unknown_address
from portal.local.stripe.store import Store, Thing, expanded, listed, merged


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: what it addresses, its parameters, and for which connected account."""

    store: Store
    ids: tuple[str, ...]
    params: Thing
    account: str = ""
    base: str = ""
    rest: Thing = field(default_factory=dict)


Answer = Callable[[Asked], Thing]
ROUTES: list[tuple[str, re.Pattern[str], Answer]] = []


def route(method: str, path: str) -> Callable[[Answer], Answer]:
    def register(answer: Answer) -> Answer:
        pattern = re.compile("^/v1/" + path.replace("ID", r"([\w]+)") + "$")
        ROUTES.append((method, pattern, answer))
        return answer

    return register


def answer_to(
    store: Store, method: str, path: str, params: Thing, account: str, base: str
) -> Thing:
    """Raises Refused."""
    params = dict(params)
    paths = params.pop("expand", [])
    for verb, pattern, answer in ROUTES:
        match = pattern.match(path)
        if match and verb == method:
            made = answer(Asked(store, match.groups(), params, account, base))
            return expanded(store, made, list(paths))
    raise unknown_address(method, path)


def needs(params: Thing, *names: str) -> None:
    for name in names:
        if not params.get(name):
            raise missing(name)


def readable(kind: str, path: str) -> None:
    """GET one and GET a list."""
    route("GET", f"{path}/ID")(lambda asked: asked.store.get(kind, asked.ids[0]))
    route("GET", path)(lambda asked: asked.store.page(kind, asked.params, f"/v1/{path}"))


for _kind, _path in {
    "account": "accounts", "charge": "charges", "checkout.session": "checkout/sessions",
    "dispute": "disputes", "event": "events",
    "mandate": "mandates", "payment_intent": "payment_intents",
    "payment_method": "payment_methods", "payout": "payouts", "price": "prices",
    "product": "products", "refund": "refunds", "setup_intent": "setup_intents",
    "test_helpers.test_clock": "test_helpers/test_clocks", "topup": "topups",
    "transfer": "transfers", "webhook_endpoint": "webhook_endpoints",
}.items():  # fmt: skip
    readable(_kind, _path)


CUSTOMER = ("name", "email", "description", "address", "preferred_locales", "tax_exempt")


def _changes(kind: str, path: str, *fields: str) -> None:
    """POST to one changes these fields; metadata is merged, as at Stripe."""

    @route("POST", f"{path}/ID")
    def change(asked: Asked) -> Thing:
        thing = asked.store.get(kind, asked.ids[0])
        thing["metadata"] = merged(thing["metadata"], asked.params.get("metadata") or {})
        thing.update({name: asked.params[name] for name in fields if name in asked.params})
        return thing


_changes("customer", "customers", "invoice_settings", *CUSTOMER)
_changes("payment_intent", "payment_intents", "description", "customer")
_changes("transfer", "transfers", "description")
_changes("account", "accounts", "email")
_changes("product", "products", "name", "description")
_changes("price", "prices", "nickname")


route("GET", "customers")(lambda asked: asked.store.page("customer", asked.params, "/v1/customers"))


@route("GET", "customers/ID")
def _customer_there(asked: Asked) -> Thing:
    return customers.retrieve(asked.store, asked.ids[0])


@route("DELETE", "customers/ID")
def _customer_gone(asked: Asked) -> Thing:
    return customers.delete(asked.store, asked.ids[0])


@route("POST", "customers")
def _customer(asked: Asked) -> Thing:
    given = {name: asked.params.get(name) for name in (*CUSTOMER, "test_clock")}
    metadata = dict(asked.params.get("metadata") or {})
    made = asked.store.make("customer", "cus", **given, metadata=metadata)
    for data in asked.params.get("tax_id_data") or []:
        customers.add_tax_id(asked.store, made["id"], data)
    asked.store.emit("customer.created", made)
    return made


@route("GET", "customers/ID/tax_ids")
def _tax_ids(asked: Asked) -> Thing:
    return listed(
        customers.tax_ids(asked.store, asked.ids[0]), f"/v1/customers/{asked.ids[0]}/tax_ids"
    )


@route("POST", "customers/ID/tax_ids")
def _tax_id(asked: Asked) -> Thing:
    return customers.add_tax_id(asked.store, asked.ids[0], asked.params)


@route("DELETE", "customers/ID/tax_ids/ID")
def _tax_id_gone(asked: Asked) -> Thing:
    return customers.drop_tax_id(asked.store, asked.ids[0], asked.ids[1])


@route("POST", "products")
def _product(asked: Asked) -> Thing:
    needs(asked.params, "name")
    metadata = dict(asked.params.get("metadata") or {})
    return asked.store.make("product", "prod", name=asked.params["name"], active=True,
                            metadata=metadata)  # fmt: skip


@route("POST", "prices")
def _price(asked: Asked) -> Thing:
    needs(asked.params, "currency", "unit_amount", "product")
    product, recurring = asked.store.get("product", asked.params["product"]), _recurring(asked)
    return asked.store.make(
        "price", "price", currency=asked.params["currency"].lower(), product=product["id"],
        unit_amount=int(asked.params["unit_amount"]), active=True, recurring=recurring,
        type="recurring" if recurring else "one_time", nickname=asked.params.get("nickname"),
        lookup_key=asked.params.get("lookup_key"), metadata=dict(asked.params.get("metadata") or {}),
    )  # fmt: skip


def _recurring(asked: Asked) -> Thing | None:
    given = asked.params.get("recurring")
    if not given:
        return None
    if given.get("interval") not in ("day", "week", "month", "year"):
        raise invalid("Invalid interval: must be one of day, week, month, or year.", "recurring")
    usage, meter = given.get("usage_type") or "licensed", given.get("meter")
    if usage == "metered" and not meter:
        raise invalid("Metered prices must be backed by meters.", "recurring[meter]")
    if meter:
        asked.store.get("billing.meter", meter)
    return {
        "interval": given["interval"], "interval_count": int(given.get("interval_count") or 1),
        "usage_type": usage, "meter": meter, "trial_period_days": None,
    }  # fmt: skip


@route("POST", "checkout/sessions")
def _session(asked: Asked) -> Thing:
    return checkout.new_session(asked.store, asked.params, asked.base)


@route("POST", "checkout/sessions/ID/expire")
def _expire(asked: Asked) -> Thing:
    session = asked.store.get("checkout.session", asked.ids[0])
    if session["status"] != "open":
        text = (
            'Only Checkout Sessions with a status in ["open"] can be expired. '
            f"This Checkout Session has a status of `{session['status']}`."
        )
        raise Refused(400, "invalid_request_error", text)
    return checkout.expire(asked.store, asked.ids[0])


def _true(params: Thing, name: str) -> bool:
    return str(params.get(name, "")).lower() == "true"


@route("POST", "payment_intents")
def _intent(asked: Asked) -> Thing:
    needs(asked.params, "amount", "currency")
    if not asked.params["amount"].isdigit() or int(asked.params["amount"]) < 1:
        raise invalid("This value must be greater than or equal to 1.", "amount")
    made = payments.new_intent(asked.store, asked.params)
    asked.store.emit("payment_intent.created", made)
    if _true(asked.params, "confirm"):
        return _confirmed(asked, made)
    if made["payment_method"]:
        made["status"] = "requires_confirmation"
    return made


@route("POST", "payment_intents/ID/confirm")
def _confirm(asked: Asked) -> Thing:
    return _confirmed(asked, asked.store.get("payment_intent", asked.ids[0]))


def _confirmed(asked: Asked, intent: Thing) -> Thing:
    key = asked.params.get("payment_method") or intent["payment_method"]
    if not key:
        raise missing("payment_method")
    return payments.confirm(asked.store, intent, payments.method_of(asked.store, key))


@route("POST", "payment_intents/ID/cancel")
def _cancel(asked: Asked) -> Thing:
    intent = asked.store.get("payment_intent", asked.ids[0])
    if intent["status"] in ("succeeded", "processing"):
        text = (
            f"You cannot cancel this PaymentIntent because it has a status of {intent['status']}."
        )
        raise invalid(text, code="payment_intent_unexpected_state")
    intent.update(status="canceled", canceled_at=asked.store.now)
    asked.store.emit("payment_intent.canceled", intent)
    return intent


@route("POST", "setup_intents")
def _setup(asked: Asked) -> Thing:
    needs(asked.params, "payment_method")
    method = payments.method_of(asked.store, asked.params["payment_method"])
    return checkout.set_up(asked.store, asked.params, method)


@route("POST", "payment_methods")
def _method(asked: Asked) -> Thing:

    if asked.params.get("type") == "sepa_debit":
        iban = (asked.params.get("sepa_debit") or {}).get("iban", "")
        return asked.store.make("payment_method", "pm", **methods.sepa(iban))
    number = (asked.params.get("card") or {}).get("number", "4242424242424242")
    return asked.store.make("payment_method", "pm", **methods.card(number))


@route("POST", "payment_methods/ID/attach")
def _attach(asked: Asked) -> Thing:
    method = payments.method_of(asked.store, asked.ids[0])
    method["customer"] = asked.store.get("customer", asked.params.get("customer"))["id"]
    return method


@route("POST", "payment_methods/ID/detach")
def _detach(asked: Asked) -> Thing:
    return payments.detach(asked.store, asked.ids[0])


@route("POST", "refunds")
def _refund(asked: Asked) -> Thing:
    return payments.refund(asked.store, asked.params)


@route("POST", "disputes/ID/close")
def _close(asked: Asked) -> Thing:
    return payments.close_dispute(asked.store, asked.ids[0])


@route("POST", "accounts")
def _account(asked: Asked) -> Thing:
    return connect.new_account(asked.store, asked.params)


@route("POST", "account_links")
def _link(asked: Asked) -> Thing:
    return connect.new_link(asked.store, asked.params, asked.base)


@route("POST", "topups")
def _topup(asked: Asked) -> Thing:
    needs(asked.params, "amount", "currency")
    amount, currency = int(asked.params["amount"]), asked.params["currency"].lower()
    return asked.store.make("topup", "tu", amount=amount, currency=currency, status="succeeded")


@route("POST", "transfers")
def _transfer(asked: Asked) -> Thing:
    needs(asked.params, "amount", "currency", "destination")
    return connect.transfer(asked.store, asked.params)


@route("POST", "transfers/ID/reversals")
def _reverse(asked: Asked) -> Thing:
    return connect.reverse(asked.store, asked.ids[0], asked.params)


@route("POST", "payouts")
def _payout(asked: Asked) -> Thing:
    needs(asked.params, "amount", "currency")
    return connect.payout(asked.store, asked.params, asked.account)


@route("GET", "balance")
def _balance(asked: Asked) -> Thing:
    return connect.balance(asked.store, asked.account)


@route("POST", "webhook_endpoints")
def _endpoint(asked: Asked) -> Thing:
    needs(asked.params, "url")
    return asked.store.make(
        "webhook_endpoint", "we", url=asked.params["url"], status="enabled",
        enabled_events=asked.params.get("enabled_events") or ["*"],
        secret=f"whsec_{secrets.token_hex(16)}",
    )  # fmt: skip


@route("DELETE", "webhook_endpoints/ID")
def _endpoint_gone(asked: Asked) -> Thing:
    found = asked.store.get("webhook_endpoint", asked.ids[0])
    del asked.store.things[found["id"]]
    return {"id": found["id"], "object": "webhook_endpoint", "deleted": True}


@route("POST", "test_helpers/test_clocks")
def _clock(asked: Asked) -> Thing:
    """There is one time here: a clock that is put forward takes everything along."""
    at = int(asked.params.get("frozen_time") or asked.store.now)
    name = asked.params.get("name")
    return asked.store.make(
        "test_helpers.test_clock", "clock", frozen_time=at, name=name, status="ready"
    )


@route("POST", "test_helpers/test_clocks/ID/advance")
def _advance(asked: Asked) -> Thing:
    clock, to = (
        asked.store.get("test_helpers.test_clock", asked.ids[0]),
        asked.params["frozen_time"],
    )
    step = int(to) - clock["frozen_time"]
    if step <= 0:
        raise invalid("The frozen time must be after the clock's time.", "frozen_time")
    clock["frozen_time"] = int(to)
    asked.store.ahead += step
    do_what_is_due(asked.store)
    return clock


DEEDS: dict[str, Callable[[Store, str], Any]] = {
    "collected": payments.collected, "expired": checkout.expire, "arrived": connect.arrived,
    "refund_failed": payments.refund_failed,
}  # fmt: skip


def do_what_is_due(store: Store) -> int:
    """Banks answer, pages expire, periods end: each at its time, in order. Returns how many."""
    count = 0
    while (one := store.take_due()) is not None:
        with store.acting_at(one["at"]):
            DEEDS[one["deed"]](store, one["key"])
        count += 1
    return count
