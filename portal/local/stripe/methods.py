"""Test cards and accounts, as Stripe publishes them (docs.stripe.com/testing)."""

from typing import Any

OK, DECLINED, POOR, ASKS = "ok", "generic_decline", "insufficient_funds", "authentication_required"
# Is charged, and refunds to it fail later.
KEEPS = "4000000000005126"
CARDS = {
    "4242424242424242": OK,
    "4000000000000002": DECLINED,
    "4000000000009995": POOR,
    "4000002500003155": ASKS,
    KEEPS: OK,
}
TOKENS = {
    "pm_card_visa": "4242424242424242",
    "pm_card_visa_chargeDeclined": "4000000000000002",
    "pm_card_visa_chargeDeclinedInsufficientFunds": "4000000000009995",
    "pm_card_refundFail": KEEPS,
    "pm_card_authenticationRequired": "4000002500003155",
}
SUCCEEDS, FAILS, DISPUTED = "succeeds", "fails", "disputed"
IBANS = {
    "DE89370400440532013000": SUCCEEDS,
    "DE62370400440532013001": FAILS,
    "DE35370400440532013002": DISPUTED,
}


def card(number: str) -> dict[str, Any]:
    """The fields of a card's payment method."""
    return {
        "type": "card", "_number": number, "customer": None,
        "card": {"brand": "visa", "last4": number[-4:], "exp_month": 12, "exp_year": 2034,
                 "country": "US", "funding": "credit"},
    }  # fmt: skip


def sepa(iban: str) -> dict[str, Any]:
    """The fields of a SEPA account's payment method."""
    iban = iban.replace(" ", "").upper()
    return {
        "type": "sepa_debit", "_iban": iban, "customer": None,
        "sepa_debit": {"bank_code": iban[4:12], "country": iban[:2], "last4": iban[-4:]},
    }  # fmt: skip
