"""Writes of billing: runs, drafts, approval, issue, evidence."""

from apps.billing.operations.approval import approve_invoices, discard_draft
from apps.billing.operations.correcting import correct_periods, correct_waiting
from apps.billing.operations.evidence import export_evidence, store_evidence
from apps.billing.operations.issuing import issue_invoices
from apps.billing.operations.keys import ensure_signing_key
from apps.billing.operations.receivables import (
    Applied,
    Incoming,
    allocate_payment,
    answer_dispute,
    dispute_line,
    hold_back,
    open_missing,
    take_payment_back,
    use_credit,
    withdraw_dispute,
)
from apps.billing.operations.run import (
    bill_again,
    bill_chunk,
    continue_runs,
    park_refused,
    resume_run,
    start_run,
    stop_run,
)

__all__ = [
    "Applied",
    "Incoming",
    "allocate_payment",
    "answer_dispute",
    "approve_invoices",
    "bill_again",
    "bill_chunk",
    "continue_runs",
    "correct_periods",
    "correct_waiting",
    "discard_draft",
    "dispute_line",
    "ensure_signing_key",
    "export_evidence",
    "hold_back",
    "issue_invoices",
    "open_missing",
    "park_refused",
    "resume_run",
    "start_run",
    "stop_run",
    "store_evidence",
    "take_payment_back",
    "use_credit",
    "withdraw_dispute",
]
