"""Writes of settlement: shares, what becomes payable, the ledger behind both, self-billing."""

from apps.settlement.operations.agreements import (
    AgreementFacts,
    answer_agreement,
    end_agreement,
    offer_agreement,
)
from apps.settlement.operations.deposits import StepFacts, note_deposit
from apps.settlement.operations.invoices import match_invoice, unmatch_invoice
from apps.settlement.operations.objections import answer_objection, object_to_statement
from apps.settlement.operations.paying import make_payable
from apps.settlement.operations.payouts import draft_payable, note_payouts
from apps.settlement.operations.settling import settle_contract, settle_documents, settle_waiting
from apps.settlement.operations.statements import (
    issue_statements,
    plan_statements,
    store_statement_files,
)
from apps.settlement.operations.taxes import post_invoice_taxes

__all__ = [
    "AgreementFacts",
    "StepFacts",
    "answer_agreement",
    "answer_objection",
    "draft_payable",
    "end_agreement",
    "issue_statements",
    "make_payable",
    "match_invoice",
    "note_deposit",
    "note_payouts",
    "object_to_statement",
    "offer_agreement",
    "plan_statements",
    "post_invoice_taxes",
    "settle_contract",
    "settle_documents",
    "settle_waiting",
    "store_statement_files",
    "unmatch_invoice",
]
