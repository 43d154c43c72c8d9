"""Connected accounts, transfers to them and back, and their payouts."""

from portal.local.stripe.errors import invalid, missing
from portal.local.stripe.store import Store, Thing


def new_account(store: Store, params: Thing) -> Thing:
    made = store.make(
        "account", "acct", type=params.get("type", "express"), country=params.get("country", "DE"),
        email=params.get("email"), charges_enabled=False, payouts_enabled=False,
        details_submitted=False, metadata=dict(params.get("metadata") or {}), _balance={},
        requirements={"currently_due": ["external_account"], "disabled_reason": None},
    )  # fmt: skip
    store.emit("account.updated", made, made["id"])
    return made


def new_link(store: Store, params: Thing, base: str) -> Thing:
    """The address of the page where the company tells who it is."""
    account = store.get("account", params.get("account"))
    for name in ("return_url", "refresh_url"):
        if not params.get(name):
            raise missing(name)
    account["_return"] = params["return_url"]
    return {
        "object": "account_link", "created": store.now, "expires_at": store.now + 300,
        "url": f"{base}/setup/{account['id']}",
    }  # fmt: skip


def onboarded(store: Store, key: str) -> Thing:
    """The page was filled in."""
    account = store.get("account", key)
    account.update(
        charges_enabled=True, payouts_enabled=True, details_submitted=True,
        requirements={"currently_due": [], "disabled_reason": None},
    )  # fmt: skip
    store.emit("account.updated", account, key)
    return account


def transfer(store: Store, params: Thing) -> Thing:
    """From the platform to a connected account."""
    account = store.get("account", params.get("destination"))
    if not account["payouts_enabled"]:
        raise invalid(
            "Your destination account needs to have the transfers capability enabled.",
            "destination", "insufficient_capabilities_for_transfer",
        )  # fmt: skip
    amount, currency = int(params["amount"]), params["currency"].lower()
    if amount > available(store, currency):
        raise invalid(
            "You have insufficient available funds in your Stripe account.", "amount",
            "balance_insufficient",
        )  # fmt: skip
    made = store.make(
        "transfer", "tr", amount=amount, amount_reversed=0, currency=currency, reversed=False,
        destination=account["id"], transfer_group=params.get("transfer_group"),
        source_transaction=params.get("source_transaction"), description=params.get("description"),
        metadata=dict(params.get("metadata") or {}),
        reversals={"object": "list", "data": [], "has_more": False},
    )  # fmt: skip
    _move(account, currency, amount)
    store.emit("transfer.created", made)
    return made


def available(store: Store, currency: str) -> int:
    """What the platform holds: charged and topped up, less refunded, disputed and transferred."""
    charged = sum(
        one["amount"] - one["amount_refunded"] - (one["amount"] if one["disputed"] else 0)
        for one in store.all("charge") if one["paid"] and one["currency"] == currency
    )  # fmt: skip
    topped = sum(one["amount"] for one in store.all("topup") if one["currency"] == currency)
    sent = sum(
        one["amount"] - one["amount_reversed"]
        for one in store.all("transfer") if one["currency"] == currency
    )  # fmt: skip
    return int(charged + topped - sent)


def _move(account: Thing, currency: str, amount: int) -> None:
    account["_balance"][currency] = account["_balance"].get(currency, 0) + amount


def reverse(store: Store, key: str, params: Thing) -> Thing:
    found = store.get("transfer", key)
    left = found["amount"] - found["amount_reversed"]
    amount = int(params.get("amount") or left)
    if not 0 < amount <= left:
        raise invalid("Reversal amount is greater than what is left.", "amount")
    made = store.make(
        "transfer_reversal", "trr", amount=amount, currency=found["currency"], transfer=key,
        metadata=dict(params.get("metadata") or {}),
    )  # fmt: skip
    found["amount_reversed"] += amount
    found["reversed"] = found["amount_reversed"] == found["amount"]
    _move(store.get("account", found["destination"]), found["currency"], -amount)
    store.emit("transfer.reversed", found)
    return made


def payout(store: Store, params: Thing, account_id: str) -> Thing:
    """From a connected account to its bank."""
    account = store.get("account", account_id)
    amount, currency = int(params["amount"]), params["currency"].lower()
    if amount > account["_balance"].get(currency, 0):
        text = "You have insufficient funds in your Stripe account for this payout."
        raise invalid(text, "amount", "balance_insufficient")
    made = store.make(
        "payout", "po", amount=amount, currency=currency, status="pending",
        metadata=dict(params.get("metadata") or {}), _account=account_id,
    )  # fmt: skip
    _move(account, currency, -amount)
    store.emit("payout.created", made, account_id)
    store.later(3, "arrived", made["id"])
    return made


def arrived(store: Store, key: str) -> None:
    found = store.get("payout", key)
    found["status"] = "paid"
    store.emit("payout.paid", found, found["_account"])


def balance(store: Store, account_id: str) -> Thing:
    if account_id:
        held = store.get("account", account_id)["_balance"]
    else:
        currencies = {one["currency"] for kind in ("charge", "topup") for one in store.all(kind)}
        held = {currency: available(store, currency) for currency in sorted(currencies)}
    rows = [{"amount": amount, "currency": currency} for currency, amount in held.items()]
    return {"object": "balance", "livemode": False, "available": rows, "pending": []}
