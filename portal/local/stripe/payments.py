"""Payment intents, their charges, refunds and disputes: what happens when one is confirmed."""

from collections.abc import Callable
from typing import Any

from portal.local.stripe import methods
from portal.local.stripe.errors import declined, invalid
from portal.local.stripe.store import Store, Thing

# Told when a bank has answered a direct debit: with the intent, and whether it went through.
ANSWERED: list[Callable[[Store, Thing, bool], None]] = []
# How long a bank takes, in seconds of the fake's clock.
BANK_TAKES = 3


def new_intent(store: Store, params: Thing) -> Thing:
    """Not yet confirmed."""
    kinds = params.get("payment_method_types") or ["card"]
    made = store.make(
        "payment_intent", "pi", amount=int(params["amount"]), amount_received=0,
        currency=params["currency"].lower(), customer=params.get("customer"),
        description=params.get("description"), payment_method=params.get("payment_method"),
        payment_method_types=kinds, status="requires_payment_method", latest_charge=None,
        last_payment_error=None, next_action=None, on_behalf_of=params.get("on_behalf_of"),
        transfer_group=params.get("transfer_group"), metadata=dict(params.get("metadata") or {}),
        client_secret="", canceled_at=None, transfer_data=params.get("transfer_data"),
    )  # fmt: skip
    made["client_secret"] = f"{made['id']}_secret"
    return made


def method_of(store: Store, key: str) -> Thing:
    """A stored payment method, or a new one of a published token such as `pm_card_visa`."""
    if key in methods.TOKENS:
        return store.make("payment_method", "pm", **methods.card(methods.TOKENS[key]))
    return store.get("payment_method", key)


def confirm(store: Store, intent: Thing, method: Thing, asked: bool = False) -> Thing:
    """Charge it. Raises Refused (402) for a declined card. `asked`: the bank's page said yes."""
    if intent["status"] in ("succeeded", "processing", "canceled"):
        text = f"This PaymentIntent's status is {intent['status']} and cannot be confirmed."
        raise invalid(text, code="payment_intent_unexpected_state")
    if method.get("_detached"):
        raise invalid(
            "The provided PaymentMethod was detached from its Customer.", "payment_method"
        )
    intent["payment_method"] = method["id"]
    if method["type"] == "sepa_debit":
        return _collect(store, intent)
    outcome = methods.CARDS.get(method["_number"], methods.OK)
    if outcome == methods.ASKS and not asked:
        intent["status"] = "requires_action"
        intent["next_action"] = {"type": "use_stripe_sdk"}
        store.emit("payment_intent.requires_action", intent)
        return intent
    if outcome in (methods.OK, methods.ASKS):
        return succeed(store, intent)
    raise fail(store, intent, outcome)


def detach(store: Store, key: str) -> Thing:
    """The customer's account is forgotten, and its mandates end."""
    method = store.get("payment_method", key)
    if method.get("_detached") or method["customer"] is None:
        raise invalid("The payment method you provided is not attached to a customer.")
    method.update(customer=None, _detached=True)
    for mandate in list(store.all("mandate")):
        if mandate["payment_method"] == key and mandate["status"] == "active":
            mandate["status"] = "inactive"
            store.emit("mandate.updated", mandate)
    store.emit("payment_method.detached", method)
    return method


def _collect(store: Store, intent: Thing) -> Thing:
    intent["status"], intent["payment_method_types"] = "processing", ["sepa_debit"]
    store.emit("payment_intent.processing", intent)
    store.later(BANK_TAKES, "collected", intent["id"])
    return intent


def collected(store: Store, key: str) -> None:
    """The bank's answer to a direct debit."""
    intent = store.get("payment_intent", key)
    if intent["status"] != "processing":
        return
    method = store.get("payment_method", intent["payment_method"])
    outcome = methods.IBANS.get(method["_iban"], methods.SUCCEEDS)
    if outcome == methods.FAILS:
        fail(store, intent, "debit_not_authorized")
    else:
        succeed(store, intent)
    for tell in ANSWERED:
        tell(store, intent, outcome != methods.FAILS)
    if outcome == methods.DISPUTED:
        dispute(store, intent)


def succeed(store: Store, intent: Thing) -> Thing:
    charge = _charge(store, intent, paid=True)
    balance = store.make(
        "balance_transaction", "txn", amount=intent["amount"], fee=0, net=intent["amount"],
        currency=intent["currency"], type="charge", source=charge["id"],
    )  # fmt: skip
    charge["balance_transaction"] = balance["id"]
    intent.update(
        status="succeeded", amount_received=intent["amount"], latest_charge=charge["id"],
        next_action=None, last_payment_error=None,
    )  # fmt: skip
    store.emit("charge.succeeded", charge)
    store.emit("payment_intent.succeeded", intent)
    _tell_session(store, intent, "checkout.session.async_payment_succeeded")
    return intent


def fail(store: Store, intent: Thing, code: str) -> Any:
    """Back to needing a method; gives the refusal to raise."""
    charge = _charge(store, intent, paid=False)
    refusal = declined(code, {})
    intent.update(
        status="requires_payment_method", latest_charge=charge["id"], next_action=None,
        last_payment_error={key: refusal.error[key] for key in ("type", "code", "message", "decline_code")},
    )  # fmt: skip
    store.emit("charge.failed", charge)
    store.emit("payment_intent.payment_failed", intent)
    _tell_session(store, intent, "checkout.session.async_payment_failed")
    refusal.error["payment_intent"] = {"id": intent["id"], "object": "payment_intent"}
    return refusal


def _tell_session(store: Store, intent: Thing, kind: str) -> None:
    """A Checkout session that was completed while the bank was still at it."""
    for session in store.all("checkout.session"):
        if session["payment_intent"] == intent["id"] and session["status"] == "complete":
            session["payment_status"] = "paid" if kind.endswith("succeeded") else "unpaid"
            store.emit(kind, session)


def _charge(store: Store, intent: Thing, paid: bool) -> Thing:
    kind = "sepa_debit" if intent["payment_method_types"] == ["sepa_debit"] else "card"
    return store.make(
        "charge", "ch" if kind == "card" else "py", amount=intent["amount"], amount_refunded=0,
        amount_captured=intent["amount"] if paid else 0, currency=intent["currency"], paid=paid,
        captured=paid, refunded=False, disputed=False, customer=intent["customer"],
        payment_intent=intent["id"], payment_method=intent["payment_method"],
        payment_method_details={"type": kind}, balance_transaction=None,
        transfer_group=intent["transfer_group"], on_behalf_of=intent["on_behalf_of"],
        status="succeeded" if paid else "failed", metadata=dict(intent["metadata"]),
    )  # fmt: skip


def refund(store: Store, params: Thing) -> Thing:
    """Whole or in part, of a payment intent or a charge."""
    charge = _charge_of(store, params)
    left = charge["amount"] - charge["amount_refunded"]
    amount = int(params.get("amount") or left)
    if not 0 < amount <= left:
        text = f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})."
        raise invalid(text, "amount", "charge_already_refunded" if not left else "amount_too_large")
    made = store.make(
        "refund", "re", amount=amount, currency=charge["currency"], charge=charge["id"],
        payment_intent=charge["payment_intent"], status="succeeded", reason=params.get("reason"),
        metadata=dict(params.get("metadata") or {}),
    )  # fmt: skip
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    store.emit("refund.created", made)
    store.emit("charge.refunded", charge)
    if _keeps(store, charge):
        store.later(BANK_TAKES, "refund_failed", made["id"])
    return made


def _keeps(store: Store, charge: Thing) -> bool:
    method = store.things.get(str(charge["payment_method"])) or {}
    return method.get("_number") == methods.KEEPS


def refund_failed(store: Store, key: str) -> None:
    """The customer's bank does not take it: the money is back, the refund was none."""
    found = store.get("refund", key)
    if found["status"] not in ("succeeded", "pending"):
        return
    found.update(status="failed", failure_reason="expired_or_canceled_card")
    charge = store.get("charge", found["charge"])
    charge["amount_refunded"] -= found["amount"]
    charge["refunded"] = False
    store.emit("refund.updated", found)
    store.emit("refund.failed", found)


def _charge_of(store: Store, params: Thing) -> Thing:
    key = params.get("charge")
    if not key:
        key = store.get("payment_intent", params.get("payment_intent"))["latest_charge"]
    charge = store.get("charge", key)
    if not charge["paid"]:
        raise invalid("This charge has not been paid.", "charge", "charge_not_refundable")
    return charge


def dispute(store: Store, intent: Thing) -> Thing:
    """The payer's bank takes it all back: for a direct debit that is final at once."""
    charge = store.get("charge", intent["latest_charge"])
    final = charge["payment_method_details"]["type"] == "sepa_debit"
    charge["disputed"] = True
    made = store.make(
        "dispute", "du", amount=charge["amount"], currency=charge["currency"], charge=charge["id"],
        payment_intent=intent["id"], reason="debit_not_authorized" if final else "fraudulent",
        status="lost" if final else "needs_response",
    )  # fmt: skip
    store.emit("charge.dispute.created", made)
    if final:
        store.emit("charge.dispute.closed", made)
    return made


def close_dispute(store: Store, key: str) -> Thing:
    """Accepting it loses it."""
    found = store.get("dispute", key)
    found["status"] = "lost"
    store.emit("charge.dispute.closed", found)
    return found
