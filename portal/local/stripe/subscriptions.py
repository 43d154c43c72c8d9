"""Subscriptions: trials, renewals, failed cards, ends; what a change does is in `changes`.

States and their order as docs.stripe.com/billing/subscriptions/overview has them. A period is
billed when it begins, what meters counted when it ends.
"""

from typing import Any

from portal.local.stripe import bills, invoices, payments
from portal.local.stripe.errors import Refused, invalid, missing
from portal.local.stripe.invoices import DAY
from portal.local.stripe.periods import end_of
from portal.local.stripe.store import Store, Thing, listed

LIVE = ("trialing", "active", "past_due", "unpaid", "incomplete")
TOLD_BEFORE = 3 * DAY
# An incomplete subscription that nobody pays.
GIVES_UP = 23 * 3600


def create(store: Store, params: Thing, base: str = "") -> Thing:
    """Raises Refused: no customer, no items, or (error_if_incomplete) a card that says no."""
    customer = store.get("customer", params.get("customer"))
    start, until = store.now, _trial_end(store, params)
    made = store.make(
        "subscription", "sub", customer=customer["id"], status="incomplete", start_date=start,
        currency="", trial_start=start if until else None, trial_end=until,
        billing_cycle_anchor=until or start, cancel_at_period_end=False, cancel_at=None,
        canceled_at=None, ended_at=None, pause_collection=None, latest_invoice=None,
        default_payment_method=method_of(store, customer, params), items=listed([], ""),
        collection_method=params.get("collection_method") or "charge_automatically",
        days_until_due=params.get("days_until_due"), description=params.get("description"),
        cancellation_details={"comment": None, "feedback": None, "reason": None},
        metadata=dict(params.get("metadata") or {}), _base=base,
        default_tax_rates=rates_of(store, params),
        trial_settings=_trial_settings(params),
    )  # fmt: skip
    try:
        made["items"]["data"] = [item_of(store, made, one) for one in _wanted(params)]
        _begin(store, made, params)
    except Refused:
        store.forget(made["id"], made["latest_invoice"])
        raise
    return made


def _wanted(params: Thing) -> list[Thing]:
    items = params.get("items")
    if not isinstance(items, list) or not items:
        raise missing("items")
    return items


def _trial_end(store: Store, params: Thing) -> int | None:
    days, until = params.get("trial_period_days"), params.get("trial_end")
    if until and until != "now":
        return int(until)
    return store.now + int(days) * DAY if days and int(days) else None


def _trial_settings(params: Thing) -> Thing:
    """What becomes of it when a trial ends without a way to pay: create_invoice, pause or cancel."""
    given = (params.get("trial_settings") or {}).get("end_behavior") or {}
    behaviour = given.get("missing_payment_method") or "create_invoice"
    if behaviour not in ("create_invoice", "pause", "cancel"):
        raise invalid(
            "Invalid missing_payment_method.",
            "trial_settings[end_behavior][missing_payment_method]",
        )
    return {"end_behavior": {"missing_payment_method": behaviour}}


def rates_of(store: Store, params: Thing) -> list[Thing]:
    return [store.get("tax_rate", key) for key in params.get("default_tax_rates") or []]


def method_of(store: Store, customer: Thing, params: Thing) -> str | None:
    key = params.get("default_payment_method")
    if not key:
        return None
    method = payments.method_of(store, key)
    method["customer"] = customer["id"]
    return str(method["id"])


def item_of(store: Store, subscription: Thing, given: Thing) -> Thing:
    price = store.get("price", given.get("price"))
    if not price.get("recurring"):
        raise invalid("The price must be recurring.", "items[0][price]")
    subscription["currency"] = subscription["currency"] or price["currency"]
    if price["currency"] != subscription["currency"]:
        raise invalid("All prices of a subscription have the same currency.", "items[0][price]")
    metered = price["recurring"].get("usage_type") == "metered"
    start = subscription["trial_start"] or store.now
    end = subscription["trial_end"] or _end(start, price, subscription)
    return {
        "id": store.fresh("si"), "object": "subscription_item", "created": store.now,
        "price": price, "subscription": subscription["id"], "metadata": {},
        "current_period_start": start, "current_period_end": end,
        **({} if metered else {"quantity": int(given.get("quantity") or 1)}),
    }  # fmt: skip


def _end(start: int, price: Thing, subscription: Thing) -> int:
    return end_of(start, price["recurring"], subscription["billing_cycle_anchor"])


def _begin(store: Store, made: Thing, params: Thing) -> None:
    store.emit("customer.subscription.created", made)
    if made["trial_end"]:
        made["status"] = "trialing"
        store.later(made["trial_end"] - TOLD_BEFORE - store.now, "trial_ends", made["id"])
        bills.bill(store, made, "subscription_create", [])
    else:
        bills.bill(store, made, "subscription_create", bills.fees_of(made))
        if made["status"] == "incomplete":
            if params.get("payment_behavior") == "error_if_incomplete":
                raise Refused(402, "card_error", "Your card was declined.", code="card_declined")
            store.later(GIVES_UP, "expired_subscription", made["id"])
    _renew_at(store, made)


def _renew_at(store: Store, subscription: Thing) -> None:
    ends = min(item["current_period_end"] for item in subscription["items"]["data"])
    store.later(ends - store.now, "renewed", subscription["id"])


def hear(store: Store, invoice: Thing, outcome: str) -> None:
    """What an invoice's end makes of its subscription."""
    parent = invoice.get("parent") or {}
    key = (parent.get("subscription_details") or {}).get("subscription")
    subscription = store.things.get(str(key))
    if subscription is None or subscription["status"] not in LIVE:
        return
    status = _status_after(store, subscription, outcome)
    if status == "canceled":
        end(store, subscription, "payment_failed")
    elif status and status != subscription["status"]:
        change(store, subscription, status=status)


def _status_after(store: Store, subscription: Thing, outcome: str) -> str:
    now = subscription["status"]
    if outcome == invoices.PAID:
        return now if now == "trialing" else "active"
    if now in ("incomplete", "trialing") and not subscription.get("_begun"):
        return "incomplete" if now == "incomplete" else "past_due"
    return (
        str(store.flags.get("after_retries", "canceled"))
        if outcome == invoices.GIVEN_UP
        else "past_due"
    )


invoices.HEARD.append(hear)


# --- as time goes by ------------------------------------------------------------------------------


def renewed(store: Store, key: str, at_once: bool = False) -> None:
    """A period is over, or the instant of the end has come: its usage and the next period's fees are billed, or the end has come."""
    subscription = store.things.get(key)
    if subscription is None or subscription["status"] not in (
        "trialing",
        "active",
        "past_due",
        "unpaid",
    ):
        return
    items = subscription["items"]["data"]
    ends = subscription["cancel_at"] is not None and subscription["cancel_at"] <= store.now
    over = [item for item in items if ends or item["current_period_end"] <= store.now]
    if not over:
        return
    was_trial = subscription["status"] == "trialing"
    used = [] if was_trial else [
        bills.usage_of(store, subscription, item) for item in over if "quantity" not in item
    ]  # fmt: skip
    if ends:
        if used:
            bills.bill(store, subscription, "subscription_cycle", used, waits=True)
        end(store, subscription, "cancellation_requested")
        return
    if was_trial and _cannot_pay(store, subscription):
        return
    for item in over:
        item["current_period_start"] = item["current_period_end"]
        item["current_period_end"] = _end(item["current_period_start"], item["price"], subscription)
    subscription["_begun"] = True
    if was_trial:
        change(store, subscription, status="active")
    fees = [bills.fee_of(item) for item in over if "quantity" in item]
    bills.bill(store, subscription, "subscription_cycle", [*used, *fees], waits=not at_once)
    if subscription["status"] in LIVE:
        store.emit("customer.subscription.updated", subscription)
        _renew_at(store, subscription)


def _cannot_pay(store: Store, subscription: Thing) -> bool:
    """Whether the trial ended in a pause or an end, for want of a way to pay."""
    behaviour = subscription["trial_settings"]["end_behavior"]["missing_payment_method"]
    customer = store.get("customer", subscription["customer"])
    default = (customer.get("invoice_settings") or {}).get("default_payment_method")
    if behaviour == "create_invoice" or subscription["default_payment_method"] or default:
        return False
    if behaviour == "cancel":
        end(store, subscription, "payment_failed")
    else:
        subscription["status"] = "paused"
        store.emit("customer.subscription.paused", subscription)
    return True


def resume(store: Store, key: str) -> Thing:
    """A paused one goes on from now, if its invoice is paid at once; else it stays paused, and nothing is owed."""
    subscription = store.get("subscription", key)
    if subscription["status"] != "paused":
        raise invalid("Only paused subscriptions are resumed.", code="resource_missing")
    subscription["billing_cycle_anchor"], subscription["_begun"] = store.now, True
    for item in subscription["items"]["data"]:
        item["current_period_start"] = store.now
        item["current_period_end"] = _end(store.now, item["price"], subscription)
    invoice = bills.bill(store, subscription, "subscription_update", bills.fees_of(subscription))
    if invoice["status"] != "paid":
        invoices.close(store, invoice["id"], "void")
        return subscription
    subscription["status"] = "active"
    store.emit("customer.subscription.resumed", subscription)
    _renew_at(store, subscription)
    return subscription


def trial_ends(store: Store, key: str) -> None:
    subscription = store.things.get(key)
    if subscription is not None and subscription["status"] == "trialing":
        store.emit("customer.subscription.trial_will_end", subscription)


def expired(store: Store, key: str) -> None:
    """Nobody paid the first invoice within 23 hours."""
    subscription = store.things.get(key)
    if subscription is not None and subscription["status"] == "incomplete":
        change(store, subscription, status="incomplete_expired", ended_at=store.now)
        invoice = store.things.get(str(subscription["latest_invoice"]))
        if invoice is not None and invoice["status"] == "open":
            invoices.close(store, invoice["id"], "void")


# --- telling ---------------------------------------------------------------------------------------


def change(store: Store, subscription: Thing, **fields: Any) -> Thing:
    """Set these and tell, with what they were."""
    before = {name: subscription.get(name) for name in fields}
    subscription.update(fields)
    store.emit("customer.subscription.updated", subscription, before=before)
    return subscription


def end(store: Store, subscription: Thing, reason: str) -> Thing:
    subscription.update(
        status="canceled", ended_at=store.now, cancel_at_period_end=False,
        canceled_at=subscription["canceled_at"] or store.now,
    )  # fmt: skip
    subscription["cancellation_details"]["reason"] = reason
    store.emit("customer.subscription.deleted", subscription)
    return subscription
