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
    open_missing,
    take_payment_back,
    use_credit,
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
    "approve_invoices",
    "bill_again",
    "bill_chunk",
    "continue_runs",
    "correct_periods",
    "correct_waiting",
    "discard_draft",
    "ensure_signing_key",
    "export_evidence",
    "issue_invoices",
    "open_missing",
    "park_refused",
    "resume_run",
    "start_run",
    "stop_run",
    "store_evidence",
    "take_payment_back",
    "use_credit",
]
