"""Invoices of the fake: lines, tax, finalizing, paying, failing and trying again."""

from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal

from portal.local.stripe import payments
from portal.local.stripe.errors import Refused, invalid
from portal.local.stripe.store import Store, Thing, listed

DAY = 24 * 3600
# After a failed try, in days: Stripe's usual retries end after about three weeks.
RETRIES = (3, 5, 7)
# Told when an invoice of a subscription was paid or failed, or needs its payer.
Heard = Callable[[Store, Thing, str], None]
HEARD: list[Heard] = []
PAID, FAILED, ASKS, GIVEN_UP = "paid", "failed", "asks", "given_up"


def new_item(store: Store, params: Thing) -> Thing:
    """A pending line for the customer's next invoice, or the draft it names."""
    customer = store.get("customer", params.get("customer"))
    made = store.make(
        "invoiceitem", "ii", customer=customer["id"], amount=_amount(store, params),
        currency=str(params.get("currency", "eur")).lower(), invoice=params.get("invoice"),
        description=params.get("description"), subscription=params.get("subscription"),
        period=_period(store, params), proration=str(params.get("proration")).lower() == "true",
        metadata=dict(params.get("metadata") or {}),
    )  # fmt: skip
    store.emit("invoiceitem.created", made)
    return made


def _amount(store: Store, params: Thing) -> int:
    if params.get("amount") not in (None, ""):
        return int(params["amount"])
    price = (params.get("pricing") or {}).get("price") or params.get("price")
    return int(store.get("price", price)["unit_amount"]) * int(params.get("quantity") or 1)


def _period(store: Store, params: Thing) -> Thing:
    given = params.get("period") or {}
    return {name: int(given.get(name) or store.now) for name in ("start", "end")}


def line(text: str, amount: int, currency: str, period: Thing, **more: object) -> Thing:
    """A line as the invoice keeps it."""
    return {
        "object": "line_item", "description": text, "amount": amount, "currency": currency,
        "period": period, "quantity": 1, "metadata": {}, **more,
    }  # fmt: skip


def draft(
    store: Store, customer: str, lines: list[Thing], *, currency: str, reason: str,
    subscription: Thing | None = None, collection: str = "charge_automatically",
    days_until_due: int | None = None, metadata: Thing | None = None,
) -> Thing:  # fmt: skip
    """A draft with these lines and the customer's pending items."""
    made = store.make(
        "invoice", "in", customer=customer, currency=currency, status="draft", number=None,
        billing_reason=reason, collection_method=collection, attempt_count=0, attempted=False,
        amount_paid=0, next_payment_attempt=None, due_date=None, hosted_invoice_url=None,
        status_transitions={"finalized_at": None, "paid_at": None, "voided_at": None},
        parent=_parent(subscription), metadata=dict(metadata or {}), payment_intent=None,
        period_start=store.now, period_end=store.now, _days=days_until_due,
        _rates=rates_of(store, subscription) if subscription else [],
        lines=listed([*lines, *_pending(store, customer, currency, subscription)], ""),
    )  # fmt: skip
    made["lines"]["url"] = f"/v1/invoices/{made['id']}/lines"
    for number, one in enumerate(made["lines"]["data"], start=1):
        one["id"], one["invoice"] = f"il_{made['id'][3:]}_{number}", made["id"]
    for item in store.all("invoiceitem"):
        if item["invoice"] == "_taken":
            item["invoice"] = made["id"]
    total(store, made)
    store.emit("invoice.created", made)
    return made


def _parent(subscription: Thing | None) -> Thing | None:
    if subscription is None:
        return None
    details = {"subscription": subscription["id"], "metadata": dict(subscription["metadata"])}
    return {
        "type": "subscription_details", "subscription_details": details, "quote_details": None
    }  # fmt: skip


def _pending(
    store: Store, customer: str, currency: str, subscription: Thing | None
) -> list[Thing]:  # fmt: skip
    found = []
    own = subscription and subscription["id"]
    for item in reversed(list(store.all("invoiceitem"))):
        fits = item["subscription"] in (None, own) if own else item["subscription"] is None
        if item["customer"] == customer and item["invoice"] is None and fits:
            item["invoice"] = "_taken"
            found.append(
                line(item["description"] or "", item["amount"], currency, item["period"],
                     proration=item["proration"], invoice_item=item["id"])
            )  # fmt: skip
    return found


def rates_of(store: Store, subscription: Thing) -> list[str]:
    """Of a customer who is exempt, or owes the tax itself, none."""
    exempt = store.get("customer", subscription["customer"])["tax_exempt"] or "none"
    rates = subscription["default_tax_rates"] if exempt == "none" else []
    return [str(rate["id"]) for rate in rates]


def total(store: Store, invoice: Thing) -> None:
    """Sums over the lines and the tax of each rate; below zero nothing is due."""
    subtotal = sum(one["amount"] for one in invoice["lines"]["data"])
    taxes = [_tax(store.get("tax_rate", key), subtotal) for key in invoice["_rates"]]
    whole = subtotal + sum(tax["amount"] for tax in taxes)
    invoice.update(
        subtotal=subtotal, total_excluding_tax=subtotal, total_taxes=taxes, total=whole,
        amount_due=max(0, whole), amount_remaining=max(0, whole),
    )  # fmt: skip


def _tax(rate: Thing, subtotal: int) -> Thing:
    exact = Decimal(subtotal) * Decimal(str(rate["percentage"])) / 100
    return {
        "amount": int(exact.quantize(Decimal(1), ROUND_HALF_UP)), "taxable_amount": subtotal,
        "tax_behavior": "exclusive", "type": "tax_rate_details",
        "tax_rate_details": {"tax_rate": rate["id"]},
    }  # fmt: skip


def finalize(store: Store, invoice: Thing, base: str = "") -> Thing:
    """Its number is given and nothing in it changes any more; what is nothing is paid at once."""
    if invoice["status"] != "draft":
        raise invalid("This invoice is already finalized.", code="invoice_not_editable")
    number = sum(1 for one in store.all("invoice") if one["number"]) + 1
    invoice.update(
        status="open", number=f"FAKE-{number:04d}", hosted_invoice_url=f"{base}/i/{invoice['id']}",
        customer_tax_ids=[
            {"type": one["type"], "value": one["value"]} for one in store.all("tax_id")
            if one["customer"] == invoice["customer"]
        ],
    )  # fmt: skip
    invoice["status_transitions"]["finalized_at"] = store.now
    if invoice["collection_method"] == "send_invoice":
        invoice["due_date"] = store.now + DAY * int(invoice["_days"] or 30)
    store.emit("invoice.finalized", invoice)
    if not invoice["amount_due"]:
        _paid(store, invoice)
    elif invoice["collection_method"] == "charge_automatically":
        attempt(store, invoice)
    return invoice


def attempt(store: Store, invoice: Thing, method: Thing | None = None, asked: bool = False) -> None:
    """Charge the given method, or the one it is to be charged to. Never raises: it is told."""
    found = method or method_for(store, invoice)
    invoice["attempt_count"] += 1
    invoice["attempted"] = True
    if found is None:
        _failed(store, invoice)
        return
    intent = _intent(store, invoice)
    try:
        payments.confirm(store, intent, found, asked)
    except Refused:
        _failed(store, invoice)
        return
    if intent["status"] == "succeeded":
        _paid(store, invoice)
    elif intent["status"] == "requires_action":
        store.emit("invoice.payment_action_required", invoice)
        _tell(store, invoice, ASKS)
        _later(store, invoice)


def method_for(store: Store, invoice: Thing) -> Thing | None:
    """Of the subscription as it stands now, else the customer's default."""
    customer = store.get("customer", invoice["customer"])
    settings = customer.get("invoice_settings") or {}
    details = (invoice.get("parent") or {}).get("subscription_details") or {}
    subscription = store.things.get(str(details.get("subscription"))) or {}
    key = subscription.get("default_payment_method") or settings.get("default_payment_method")
    return store.things.get(str(key)) if key else None


def _intent(store: Store, invoice: Thing) -> Thing:
    if invoice["payment_intent"]:
        return store.get("payment_intent", invoice["payment_intent"])
    made = payments.new_intent(
        store,
        {"amount": str(invoice["amount_due"]), "currency": invoice["currency"],
         "customer": invoice["customer"], "metadata": {"invoice": invoice["id"]}},
    )  # fmt: skip
    invoice["payment_intent"] = made["id"]
    return made


def answered(store: Store, intent: Thing, is_paid: bool) -> None:
    """The bank's answer to a direct debit of an invoice."""
    for invoice in store.all("invoice"):
        if invoice["payment_intent"] == intent["id"] and invoice["status"] == "open":
            _paid(store, invoice) if is_paid else _failed(store, invoice)


payments.ANSWERED.append(answered)


def _paid(store: Store, invoice: Thing) -> None:
    due = invoice["amount_due"]
    invoice.update(status="paid", amount_paid=due, amount_remaining=0, next_payment_attempt=None)
    invoice["status_transitions"]["paid_at"] = store.now
    store.emit("invoice.paid", invoice)
    store.emit("invoice.payment_succeeded", invoice)
    _tell(store, invoice, PAID)


def _failed(store: Store, invoice: Thing) -> None:
    is_last = not _later(store, invoice)
    store.emit("invoice.payment_failed", invoice)
    _tell(store, invoice, GIVEN_UP if is_last else FAILED)


def _later(store: Store, invoice: Thing) -> bool:
    """When it is tried again; False: never."""
    tries = invoice["attempt_count"] - 1
    if tries >= len(RETRIES) or invoice["collection_method"] != "charge_automatically":
        invoice["next_payment_attempt"] = None
        return False
    wait = RETRIES[tries] * DAY
    invoice["next_payment_attempt"] = store.now + wait
    store.later(wait, "retried", invoice["id"])
    return True


def retried(store: Store, key: str) -> None:
    invoice = store.get("invoice", key)
    due = invoice["next_payment_attempt"]
    if invoice["status"] == "open" and due is not None and due <= store.now:
        attempt(store, invoice)


def _tell(store: Store, invoice: Thing, outcome: str) -> None:
    for hear in HEARD:
        hear(store, invoice, outcome)


def pay(store: Store, key: str, params: Thing) -> Thing:
    """Now, with another method where one is given. Raises Refused where it does not go through."""
    invoice = store.get("invoice", key)
    if invoice["status"] == "draft":
        finalize(store, invoice)
    if invoice["status"] == "paid":
        raise invalid("Invoice is already paid", code="invoice_already_paid")
    method = params.get("payment_method")
    if str(params.get("paid_out_of_band")).lower() == "true":
        _paid(store, invoice)
        return invoice
    attempt(store, invoice, payments.method_of(store, method) if method else None)
    if invoice["status"] != "paid":
        raise Refused(402, "card_error", "Your card was declined.", code="card_declined")
    return invoice


def close(store: Store, key: str, status: str) -> Thing:
    """Void, or uncollectible."""
    invoice = store.get("invoice", key)
    if invoice["status"] not in ("open", "uncollectible"):
        raise invalid(f"This invoice is {invoice['status']}.", code="invoice_not_editable")
    invoice.update(status=status, next_payment_attempt=None)
    told = "voided" if status == "void" else "marked_uncollectible"
    store.emit(f"invoice.{told}", invoice)
    return invoice
