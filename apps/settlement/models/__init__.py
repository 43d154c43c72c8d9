"""Shares of issued documents, settled periods, the ledger, and self-billing agreements."""

from apps.settlement.models.agreements import AgreementAnswer, SelfBillingAgreement
from apps.settlement.models.ledger import Account, Transfer
from apps.settlement.models.payouts import PayoutRequest
from apps.settlement.models.shares import SettledPeriod, Share

__all__ = [
    "Account",
    "AgreementAnswer",
    "PayoutRequest",
    "SelfBillingAgreement",
    "SettledPeriod",
    "Share",
    "Transfer",
]
