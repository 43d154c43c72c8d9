"""Shares of issued documents, settled periods, the ledger, self-billing agreements and statements."""

from apps.settlement.models.agreements import AgreementAnswer, SelfBillingAgreement
from apps.settlement.models.deposits import DepositStep
from apps.settlement.models.invoices import StatementInvoice
from apps.settlement.models.ledger import Account, Transfer
from apps.settlement.models.objections import Objection, ObjectionAnswer
from apps.settlement.models.payouts import PayoutRequest
from apps.settlement.models.shares import SettledPeriod, Share
from apps.settlement.models.statements import Statement, StatementLine

__all__ = [
    "Account",
    "AgreementAnswer",
    "DepositStep",
    "Objection",
    "ObjectionAnswer",
    "PayoutRequest",
    "SelfBillingAgreement",
    "SettledPeriod",
    "Share",
    "Statement",
    "StatementInvoice",
    "StatementLine",
    "Transfer",
]
