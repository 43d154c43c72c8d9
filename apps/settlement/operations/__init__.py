"""Writes of settlement: shares, what becomes payable, and the ledger behind both."""

from apps.settlement.operations.paying import make_payable
from apps.settlement.operations.payouts import draft_payable, note_payouts
from apps.settlement.operations.settling import settle_contract, settle_documents

__all__ = ["draft_payable", "make_payable", "note_payouts", "settle_contract", "settle_documents"]
