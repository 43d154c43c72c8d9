"""Writes of what is owed on issued documents."""

from apps.billing.operations.receivables.allocating import Applied, Incoming, allocate_payment
from apps.billing.operations.receivables.crediting import use_credit
from apps.billing.operations.receivables.disputes import (
    answer_dispute,
    dispute_line,
    hold_back,
    withdraw_dispute,
)
from apps.billing.operations.receivables.opening import open_missing, open_receivables
from apps.billing.operations.receivables.returning import take_payment_back

__all__ = [
    "Applied",
    "Incoming",
    "allocate_payment",
    "answer_dispute",
    "dispute_line",
    "hold_back",
    "open_missing",
    "open_receivables",
    "take_payment_back",
    "use_credit",
    "withdraw_dispute",
]
