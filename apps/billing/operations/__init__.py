"""Writes of billing: runs, drafts, approval, issue, evidence."""

from apps.billing.operations.approval import approve_invoices, discard_draft
from apps.billing.operations.correcting import correct_periods, correct_waiting
from apps.billing.operations.evidence import export_evidence, keep_evidence, store_evidence
from apps.billing.operations.issuing import issue_invoices
from apps.billing.operations.keys import ensure_signing_key
from apps.billing.operations.orders import OrderFacts, note_order
from apps.billing.operations.receivables import (
    Applied,
    Incoming,
    SeenPayment,
    allocate_payment,
    allocate_received,
    answer_dispute,
    dispute_line,
    expect_receivables,
    hold_back,
    note_payment,
    open_missing,
    return_refunded,
    send_reminders,
    take_noted_payment_back,
    take_payment_back,
    use_credit,
    withdraw_dispute,
    write_off,
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
    "OrderFacts",
    "SeenPayment",
    "allocate_payment",
    "allocate_received",
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
    "expect_receivables",
    "export_evidence",
    "hold_back",
    "issue_invoices",
    "keep_evidence",
    "note_order",
    "note_payment",
    "open_missing",
    "park_refused",
    "resume_run",
    "return_refunded",
    "send_reminders",
    "start_run",
    "stop_run",
    "store_evidence",
    "take_noted_payment_back",
    "take_payment_back",
    "use_credit",
    "withdraw_dispute",
    "write_off",
]
