"""Addresses of payments on a company's host."""

from django.urls import path

from apps.accounts.access import requires
from apps.payments.views import (
    bank,
    checkout,
    debits,
    inbox,
    losses,
    mandates,
    payouts,
    received,
    settings,
)

urlpatterns = [
    path("payments/", requires("view_payments")(payouts.PaymentList.as_view()), name="payment_list"),
    path("payments/<pid:payment_id>/", received.payment_detail, name="payment_detail"),
    path("payments/<pid:payment_id>/refunds/", received.new_refund, name="refund_new"),
    path("refunds/<pid:request_id>/approval/", received.refund_approval, name="refund_approval"),
    path(
        "refunds/<pid:request_id>/discarding/", received.refund_discarding,
        name="refund_discarding",
    ),
    path("refunds/<pid:request_id>/file/", received.refund_file, name="refund_file"),
    path("provider-messages/", inbox.provider_messages, name="provider_messages"),
    path(
        "provider-messages/<pid:told_id>/closing/", inbox.closing, name="provider_message_closing",
    ),
    # Direct debits.
    path("debits/", requires("draft_payouts")(debits.RunList.as_view()), name="debit_list"),
    path("debits/new/", debits.new_run, name="debit_new"),
    path("debits/<pid:run_id>/", debits.run_detail, name="debit_run"),
    path("debits/<pid:run_id>/approval/", debits.run_approval, name="debit_approval"),
    path("debits/<pid:run_id>/discarding/", debits.run_discarding, name="debit_discarding"),
    path("debits/<pid:run_id>/file/", debits.run_file, name="debit_file"),
    path("checkouts/<pid:request_id>/", checkout.checkout_detail, name="checkout_detail"),
    # Where the company is paid.
    path("payment-settings/", settings.payment_settings, name="payment_settings"),
    path("payment-settings/accounts/", settings.new_account, name="bank_account_new"),
    path("payment-settings/sharing/", settings.sharing, name="payment_sharing"),
    path("payment-settings/mandates/", settings.new_mandate, name="mandate_new"),
    path("payment-settings/stripe/", settings.stripe_connection, name="stripe_connection"),
    path(
        "bank-accounts/<pid:account_id>/priority/", settings.account_priority,
        name="bank_account_priority",
    ),
    path(
        "bank-accounts/<pid:account_id>/closing/", settings.account_closing,
        name="bank_account_closing",
    ),
    path(
        "mandates/<pid:mandate_id>/revocation/", settings.mandate_revocation,
        name="mandate_revocation",
    ),
    path("payment-settings/saved-mandates/", mandates.new_mandate, name="saved_mandate_new"),
    path("saved-mandates/<pid:mandate_id>/", mandates.mandate_detail, name="saved_mandate"),
    path(
        "saved-mandates/<pid:mandate_id>/revocation/", mandates.revocation,
        name="saved_mandate_revocation",
    ),
    # What the bank tells.
    path(
        "bank-entries/", requires("match_payments")(bank.EntryList.as_view()),
        name="bank_entry_list",
    ),
    path("bank-statements/", bank.new_statement, name="bank_statement_new"),
    path("bank-entries/<pid:entry_id>/", bank.entry_detail, name="bank_entry_detail"),
    path(
        "bank-entries/<pid:entry_id>/assignment/", bank.entry_assignment,
        name="bank_entry_assignment",
    ),
    path(
        "bank-entries/<pid:entry_id>/exclusion/", bank.entry_exclusion,
        name="bank_entry_exclusion",
    ),
    # What goes out.
    path("payouts/", requires("draft_payouts")(payouts.BatchList.as_view()), name="payout_list"),
    path("payouts/<pid:batch_id>/", payouts.batch_detail, name="payout_batch"),
    path("payouts/<pid:batch_id>/approval/", payouts.batch_approval, name="payout_approval"),
    path("payouts/<pid:batch_id>/sending/", payouts.batch_sending, name="payout_sending"),
    path("payouts/<pid:batch_id>/discarding/", payouts.batch_discarding, name="payout_discarding"),
    path("payouts/<pid:batch_id>/file/", payouts.batch_file, name="payout_file"),
    path("payouts/<pid:batch_id>/losses/", losses.new_loss, name="payout_loss_new"),
    path("losses/<pid:loss_id>/approval/", losses.loss_approval, name="payout_loss_approval"),
    path("losses/<pid:loss_id>/discarding/", losses.loss_discarding, name="payout_loss_discarding"),
]  # fmt: skip
