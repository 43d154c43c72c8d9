"""What each kind of message changes in the company it concerns. In any order, the end is the same."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from apps.common.money import CURRENCIES
from apps.payments.domain.amounts import from_provider
from apps.payments.domain.registry import Apply, applier_of
from apps.payments.domain.webhooks import MADE, NEVER_MADE, Message
from apps.payments.models import (
    CheckoutRequest,
    Payment,
    Payout,
    Refund,
    RefundRequest,
    SavedMandate,
    StripeAccount,
)
from apps.payments.models.failures import REFUND, decline_of
from apps.payments.operations.checkout import close_request
from apps.payments.operations.provider import ask
from apps.payments.operations.received import (
    Incoming,
    Overdrawn,
    record_payment,
    record_refund,
)
from apps.payments.operations.saving import note_expired, note_revoked, note_saved
from apps.payments.operations.sending import note_paid_out, note_partly_back, note_payout_failed
from apps.payments.queries.money import FAILED
from apps.tenancy.context import current_company

APPLIED = ""
CAPABLE = ["charges_enabled", "payouts_enabled", "details_submitted"]


class NotYet(LookupError):
    """It rests on a message that has not come yet."""


def apply_message(*, message: Message, now: datetime) -> str:
    """Returns why it was refused; empty when it was applied. Raises NotYet."""
    return (applier_of(message.kind) or HOW[message.kind])(message, now)


def _payment(state: str) -> Apply:
    def apply(message: Message, now: datetime) -> str:
        thing, told = message.thing, message.metadata
        currency = str(thing.get("currency", "")).upper()
        amount = thing.get("amount_received") or thing.get("amount")
        if currency not in CURRENCIES or type(amount) is not int or amount <= 0:
            return "an amount or currency that is not understood"
        payer = str(told.get("payer", ""))
        incoming = Incoming(
            provider_ref=str(thing["id"]), amount_minor=from_provider(amount, currency),
            currency=currency, method=_method(thing), reference=str(told.get("reference", "")),
            title=str(told.get("title", "")), payer_id=int(payer) if payer.isdigit() else None,
            payer_name=str(told.get("payer_name", "")),
            mandate_reference=str(told.get("mandate", ""))[:35],
        )  # fmt: skip
        record_payment(payment=incoming, state=state, now=now, failure=_failure(thing))
        return APPLIED

    return apply


def _method(thing: Any) -> str:
    kinds = thing.get("payment_method_types") or []
    if kinds == ["sepa_debit"]:
        return Payment.Method.SEPA_DEBIT
    return Payment.Method.CHECKOUT


def _failure(thing: Any) -> str:
    error = thing.get("last_payment_error")
    return decline_of(error) if isinstance(error, dict) else ""


def _closes(state: str) -> Apply:
    def apply(message: Message, now: datetime) -> str:
        if message.thing.get("mode") == "setup":
            return _mandate_page(message, state)
        key = str(message.metadata.get("request", ""))
        request = CheckoutRequest.objects.written_by(current_company()).filter(
            pk=_uuid(key), session_id=str(message.thing.get("id", ""))
        ).first()  # fmt: skip
        if request is None:
            return "no checkout of ours"
        close_request(request=request, state=state, now=now)
        return APPLIED

    return apply


def _mandate_page(message: Message, state: str) -> str:
    """Of a completed one the setup intent says what was saved."""
    mandate = _mandate(pk=_uuid(str(message.metadata.get("mandate", ""))))
    if mandate is None or mandate.session_id != str(message.thing.get("id", "")):
        return "no mandate of ours"
    if state == CheckoutRequest.State.EXPIRED:
        note_expired(mandate=mandate)
    return APPLIED


def _mandate(**known: Any) -> SavedMandate | None:
    found: SavedMandate | None = SavedMandate.objects.written_by(current_company()).filter(
        **known
    ).first()  # fmt: skip
    return found


def _saved(message: Message, now: datetime) -> str:
    key, thing = _uuid(str(message.metadata.get("mandate", ""))), message.thing
    if _mandate(pk=key) is None or not thing.get("payment_method"):
        return "no mandate of ours"
    note_saved(
        mandate_id=key, method_ref=str(thing["payment_method"]),
        mandate_ref=str(thing.get("mandate") or ""), now=now,
    )  # fmt: skip
    return APPLIED


def _mandate_moved(message: Message, now: datetime) -> str:
    """Only its end changes something here."""
    mandate = _mandate(mandate_ref=str(message.thing.get("id", "-")))
    if mandate is None:
        return "no mandate of ours"
    if message.thing.get("status") == "inactive":
        note_revoked(mandate=mandate, now=now)
    return APPLIED


def _uuid(text: str) -> UUID:
    """The key, or one that no row has."""
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)


def _refund(message: Message, now: datetime) -> str:
    """A refund counts when the provider says it succeeded, or is on its way for a bank debit."""
    status = message.thing.get("status")
    if status in NEVER_MADE:
        return _refund_failed(message, now)
    if status not in MADE:
        return "a refund that is not made"
    return _goes_back(message, now, Refund.Kind.REFUND, str(message.thing.get("reason") or ""))


def _refund_failed(message: Message, now: datetime) -> str:
    """The customer got nothing of a refund that was noted: the money is here again.

    Told before the refund itself it waits for it.
    """
    key = str(message.thing["id"])
    refund = Refund.objects.written_by(current_company()).filter(
        provider_ref=key
    ).select_related("payment").first()  # fmt: skip
    if refund is None:
        raise NotYet(key)
    paid = refund.payment
    why = str(message.thing.get("failure_reason") or message.thing.get("status"))
    incoming = Incoming(
        provider_ref=f"{key}{FAILED}", amount_minor=refund.amount_minor, currency=refund.currency,
        method=paid.method, reference=paid.reference, title=paid.title, payer_id=paid.payer_id,
        payer_name=paid.payer_name,
    )  # fmt: skip
    record_payment(
        payment=incoming, state=Payment.State.SUCCEEDED, now=now, failure=f"{REFUND}{why}"
    )  # fmt: skip
    return APPLIED


def _dispute(message: Message, now: datetime) -> str:
    """A lost dispute, or a debit the payer's bank returned: the money is gone."""
    if message.thing.get("status") != "lost":
        return "a dispute that was not lost"
    return _goes_back(message, now, Refund.Kind.RETURN, str(message.thing.get("reason") or ""))


def _given_back(message: Message) -> Payment | None:
    """Of a refund asked for here the payment it was asked of: the intent may have several."""
    request = RefundRequest.objects.written_by(current_company()).filter(
        pk=_uuid(str(message.metadata.get("request", "")))
    ).select_related("payment").first()  # fmt: skip
    if request is not None and not request.iban:
        return request.payment
    rows = Payment.objects.written_by(current_company())
    found: Payment | None = rows.filter(provider_ref=message.subject).first()
    return found


def _goes_back(message: Message, now: datetime, kind: str, reason: str) -> str:
    payment = _given_back(message)
    if payment is None or payment.settled_at is None:
        raise NotYet(message.subject)
    try:
        record_refund(
            payment=payment, provider_ref=str(message.thing["id"]), kind=kind, reason=reason,
            amount_minor=from_provider(int(message.thing["amount"]), payment.currency), now=now,
        )  # fmt: skip
    except Overdrawn:
        return "more than the payment has left"
    return APPLIED


def _account_now(row: StripeAccount) -> dict[str, Any]:
    """What the account may do, asked for. Raises ValidationError; the message is tried again then."""
    found = ask(lambda stripe: stripe.v1.accounts.retrieve(row.account_id))
    return {name: getattr(found, name, None) for name in CAPABLE}


def _account(message: Message, now: datetime) -> str:
    """What was told later is not overwritten by what was told before.

    The provider's clock counts seconds: of two messages of one second nobody knows the later, so the
    account itself is read.
    """
    thing, told_at = message.thing, datetime.fromtimestamp(message.made_at, UTC)
    rows = StripeAccount.objects.written_by(current_company()).select_for_update(of=("self",))
    row = rows.filter(account_id=str(thing.get("id", "")), told_at__lte=told_at).first()
    if row is None:
        return APPLIED
    told = thing if row.told_at < told_at else _account_now(row)
    row.told_at = told_at
    for name in CAPABLE:
        setattr(row, name, told.get(name) is True)
    row.save(update_fields=[*CAPABLE, "told_at"])
    return APPLIED


def _payout(message: Message) -> Payout | None:
    key = _uuid(str(message.metadata.get("payout", "")))
    found: Payout | None = Payout.objects.written_by(current_company()).filter(pk=key).first()
    return found


def _transferred(message: Message, now: datetime) -> str:
    payout = _payout(message)
    if payout is None:
        return "no payout of ours"
    note_paid_out(payout=payout, provider_ref=str(message.thing.get("id", "")), now=now)
    return APPLIED


def _reversed(message: Message, now: datetime) -> str:
    """Only a transfer that came back as a whole has failed: of a part a person decides."""
    payout, thing = _payout(message), message.thing
    if payout is None:
        return "no payout of ours"
    if thing.get("reversed") is not True:
        minor = from_provider(int(thing.get("amount_reversed") or 0), payout.currency)
        note_partly_back(payout=payout, amount_minor=minor, now=now)
        return "a part came back; a person decides what is paid anew"
    note_payout_failed(payout=payout, provider_ref=str(thing.get("id", "")), now=now)
    return APPLIED


HOW: dict[str, Apply] = {
    "account.updated": _account,
    "charge.dispute.closed": _dispute,
    "checkout.session.completed": _closes(CheckoutRequest.State.COMPLETED),
    "checkout.session.expired": _closes(CheckoutRequest.State.EXPIRED),
    "mandate.updated": _mandate_moved,
    "payment_intent.payment_failed": _payment(Payment.State.FAILED),
    "payment_intent.processing": _payment(Payment.State.PENDING),
    "payment_intent.succeeded": _payment(Payment.State.SUCCEEDED),
    "refund.created": _refund,
    "refund.failed": _refund,
    "refund.updated": _refund,
    "setup_intent.succeeded": _saved,
    "transfer.created": _transferred,
    "transfer.reversed": _reversed,
}
