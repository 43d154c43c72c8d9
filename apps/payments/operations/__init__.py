"""Writes of payments."""

from apps.payments.operations.accounts import (
    close_account,
    connect_stripe,
    make_main,
    onboarding_link,
    open_account,
    revoke_mandate,
    show_payment_details,
    sign_mandate,
)
from apps.payments.operations.checkout import close_request, start_checkout
from apps.payments.operations.collecting import Collection, collect_by_debit
from apps.payments.operations.confirming import Approval
from apps.payments.operations.debit_runs import (
    approve_debits,
    discard_debits,
    draft_debits,
)
from apps.payments.operations.expecting import Expected, expect_payments
from apps.payments.operations.files import read_file
from apps.payments.operations.inbox import (
    apply_webhook,
    close_message,
    receive_webhook,
    route_webhooks,
)
from apps.payments.operations.losses import confirm_loss, discard_loss, report_loss
from apps.payments.operations.noting import note_receipt, take_receipt_back
from apps.payments.operations.online_debits import send_online
from apps.payments.operations.payouts import (
    PayoutItem,
    approve_batch,
    discard_batch,
    draft_payouts,
)
from apps.payments.operations.received import (
    Incoming,
    Overdrawn,
    record_payment,
    record_refund,
)
from apps.payments.operations.refunding import (
    Wish,
    approve_refund,
    ask_refund,
    discard_refund,
    send_refund,
)
from apps.payments.operations.saving import detach_method, revoke_saved, start_saving
from apps.payments.operations.sending import (
    note_paid_out,
    note_payout_failed,
    send_batch,
    send_transfer,
)
from apps.payments.operations.statements import (
    Imported,
    import_bank_statement,
    match_entry,
    set_entry_aside,
)
from apps.payments.operations.way_back import is_refundable

__all__ = [
    "Approval",
    "Collection",
    "Expected",
    "Imported",
    "Incoming",
    "Overdrawn",
    "PayoutItem",
    "Wish",
    "apply_webhook",
    "approve_batch",
    "approve_debits",
    "approve_refund",
    "ask_refund",
    "close_account",
    "close_message",
    "close_request",
    "collect_by_debit",
    "confirm_loss",
    "connect_stripe",
    "detach_method",
    "discard_batch",
    "discard_debits",
    "discard_loss",
    "discard_refund",
    "draft_debits",
    "draft_payouts",
    "expect_payments",
    "import_bank_statement",
    "is_refundable",
    "make_main",
    "match_entry",
    "note_paid_out",
    "note_payout_failed",
    "note_receipt",
    "onboarding_link",
    "open_account",
    "read_file",
    "receive_webhook",
    "record_payment",
    "record_refund",
    "report_loss",
    "revoke_mandate",
    "revoke_saved",
    "route_webhooks",
    "send_batch",
    "send_online",
    "send_refund",
    "send_transfer",
    "set_entry_aside",
    "show_payment_details",
    "sign_mandate",
    "start_checkout",
    "start_saving",
    "take_receipt_back",
]
