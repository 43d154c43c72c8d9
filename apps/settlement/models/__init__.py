"""Shares of issued documents, settled periods, and the ledger."""

from apps.settlement.models.ledger import Account, Transfer
from apps.settlement.models.payouts import PayoutRequest
from apps.settlement.models.shares import SettledPeriod, Share

__all__ = ["Account", "PayoutRequest", "SettledPeriod", "Share", "Transfer"]
