"""Tables of payments, one module per noun."""

from apps.payments.models.accounts import BankAccount, Mandate, StripeAccount
from apps.payments.models.bank import BankEntry, BankFile, BankStatement
from apps.payments.models.debits import Debit, DebitRun
from apps.payments.models.giving_back import RefundRequest
from apps.payments.models.inbox import WebhookEvent
from apps.payments.models.losses import PayoutLoss
from apps.payments.models.money import CheckoutRequest, ExpectedPayment, Payment, Refund
from apps.payments.models.payouts import Payout, PayoutBatch
from apps.payments.models.saved import OnlineDebit, SavedMandate

__all__ = [
    "BankAccount",
    "BankEntry",
    "BankFile",
    "BankStatement",
    "CheckoutRequest",
    "Debit",
    "DebitRun",
    "ExpectedPayment",
    "Mandate",
    "OnlineDebit",
    "Payment",
    "Payout",
    "PayoutBatch",
    "PayoutLoss",
    "Refund",
    "RefundRequest",
    "SavedMandate",
    "StripeAccount",
    "WebhookEvent",
]
