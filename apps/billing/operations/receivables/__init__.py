"""Writes of what is owed on issued documents."""

from apps.billing.operations.receivables.allocating import Applied, Incoming, allocate_payment
from apps.billing.operations.receivables.collecting import (
    allocate_received,
    expect_receivables,
    return_refunded,
)
from apps.billing.operations.receivables.crediting import use_credit
from apps.billing.operations.receivables.disputes import (
    answer_dispute,
    dispute_line,
    hold_back,
    withdraw_dispute,
)
from apps.billing.operations.receivables.opening import open_missing, open_receivables
from apps.billing.operations.receivables.reminding import send_reminders
from apps.billing.operations.receivables.returning import take_payment_back
from apps.billing.operations.receivables.settling import (
    SeenPayment,
    note_payment,
    take_noted_payment_back,
    write_off,
)

__all__ = [
    "Applied",
    "Incoming",
    "SeenPayment",
    "allocate_payment",
    "allocate_received",
    "answer_dispute",
    "dispute_line",
    "expect_receivables",
    "hold_back",
    "note_payment",
    "open_missing",
    "open_receivables",
    "return_refunded",
    "send_reminders",
    "take_noted_payment_back",
    "take_payment_back",
    "use_credit",
    "withdraw_dispute",
    "write_off",
]
