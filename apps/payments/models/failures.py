"""What the payment provider says of a payment that was declined, or of a refund that the payer did not
get, in words of the reader."""

from typing import Any

from django.utils.translation import gettext, gettext_lazy

# A payment that is money here again keeps this and the provider's reason.
REFUND = "refund:"
WHY = {
    "lost_or_stolen_card": gettext_lazy("the card was lost or stolen"),
    "expired_or_canceled_card": gettext_lazy("the card is expired or cancelled"),
    "declined": gettext_lazy("the payer's bank declined it"),
    "insufficient_funds": gettext_lazy("the balance at the payment provider was too low"),
    "charge_for_pending_refund_disputed": gettext_lazy("the payer disputed the payment"),
    "merchant_request": gettext_lazy("it was cancelled on request"),
    "canceled": gettext_lazy("it was cancelled"),
}
# A payment that did not come keeps this and the code of the decline.
DECLINED = "declined:"
# Also for cards that are lost, stolen or suspected: neither side is told more than that.
NO_REASON = gettext_lazy(
    "The bank declined the payment and told no reason. The payer can ask the bank, or pay another way."
)
_NUMBER = gettext_lazy("The number of the card is not right.")
_EXPIRED = gettext_lazy("The card has expired, or its date was not given as it stands on it.")
_CHECK = gettext_lazy("The check digits of the card are not right.")
_ADDRESS = gettext_lazy("The address does not fit the card.")
_POOR = gettext_lazy("The account or card does not cover the amount.")
_LIMIT = gettext_lazy("The limit of the card is reached.")
_ASKS = gettext_lazy("The bank asked the payer to confirm the payment, and that did not happen.")
_KIND = gettext_lazy("The card cannot be used for a payment of this kind.")
_AGAIN = gettext_lazy("The bank could not be asked. Another try may succeed.")
_TWICE = gettext_lazy("The same amount was paid with this card a moment before.")
_ACCOUNT = gettext_lazy("The bank account is closed, blocked, or does not exist.")
_FORBIDDEN = gettext_lazy(
    "The bank account may not be debited: the mandate is missing or withdrawn."
)
# By the provider's code, as docs.stripe.com/declines/codes and its SEPA failures name them.
DECLINES = {
    "account_closed": _ACCOUNT, "account_frozen": _ACCOUNT, "approve_with_id": _AGAIN,
    "authentication_not_handled": _ASKS, "authentication_required": _ASKS,
    "bank_account_unusable": _ACCOUNT, "bank_account_restricted": _ACCOUNT,
    "card_not_supported": _KIND, "card_velocity_exceeded": _LIMIT, "could_not_process": _AGAIN,
    "currency_not_supported": _KIND, "debit_authorization_not_match": _FORBIDDEN,
    "debit_not_authorized": _FORBIDDEN, "duplicate_transaction": _TWICE, "expired_card": _EXPIRED,
    "incorrect_address": _ADDRESS, "incorrect_cvc": _CHECK, "incorrect_number": _NUMBER,
    "incorrect_zip": _ADDRESS, "insufficient_funds": _POOR, "invalid_account": _ACCOUNT,
    "invalid_account_number": _ACCOUNT, "invalid_cvc": _CHECK, "invalid_expiry_month": _EXPIRED,
    "invalid_expiry_year": _EXPIRED, "invalid_number": _NUMBER, "issuer_not_available": _AGAIN,
    "mobile_device_authentication_required": _ASKS, "no_account": _ACCOUNT, "not_permitted": _KIND,
    "payment_intent_authentication_failure": _ASKS, "processing_error": _AGAIN,
    "reenter_transaction": _AGAIN, "restricted_card": _KIND,
    "revocation_of_all_authorizations": _FORBIDDEN, "revocation_of_authorization": _FORBIDDEN,
    "service_not_allowed": _KIND, "stop_payment_order": _FORBIDDEN,
    "transaction_not_allowed": _KIND, "try_again_later": _AGAIN,
    "withdrawal_count_limit_exceeded": _LIMIT,
}  # fmt: skip


def decline_of(error: Any) -> str:
    """What is stored of the provider's error: its code alone, never its words."""
    return f"{DECLINED}{error.get('decline_code') or error.get('code') or ''}"[:200]


def told(failure: str) -> str:
    """A stored failure as people read it; the bank's own words stay as they are."""
    if failure.startswith(DECLINED):
        return str(DECLINES.get(failure.removeprefix(DECLINED), NO_REASON))
    if not failure.startswith(REFUND):
        return gettext(failure) if failure else ""
    why = failure.removeprefix(REFUND)
    text = gettext("A refund did not reach the payer (%(why)s): its money is here again.")
    return text % {"why": WHY.get(why, gettext("no reason given"))}
