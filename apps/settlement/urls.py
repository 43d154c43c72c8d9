"""Addresses of settlement in a company's portal."""

from django.urls import path

from apps.accounts.access import requires
from apps.settlement.views import (
    agreements,
    deposits,
    margins,
    pages,
    payouts,
    received,
    runs,
    statements,
)

urlpatterns = [
    path("money/", pages.money_home, name="money_home"),
    path("money/payouts/", payouts.new_payouts, name="payout_new"),
    path("deposits/", requires("view_money")(deposits.DepositList.as_view()), name="deposit_list"),
    path("deposits/<pid:contract_id>/", deposits.deposit_detail, name="deposit_detail"),
    path("deposits/<pid:contract_id>/steps/", deposits.deposit_step, name="deposit_step"),
    path("money/settlement/", runs.settlement_run, name="settlement_run"),
    path("shares/", requires("view_money")(pages.ShareList.as_view()), name="share_list"),
    path("shares/<pid:share_id>/", pages.share_detail, name="share_detail"),
    path("margins/", requires("view_money")(pages.PeriodList.as_view()), name="settled_list"),
    path("margins/months/", margins.margin_months, name="margin_months"),
    path("margins/<pid:settled_id>/", pages.settled_detail, name="settled_detail"),
    path("ledger/", requires("view_money")(pages.TransferList.as_view()), name="transfer_list"),
    path("invoices/<pid:invoice_id>/shares/", pages.invoice_shares, name="invoice_shares"),
    path(
        "received/<pid:incoming_id>/statement/", received.incoming_statement,
        name="incoming_statement",
    ),
    path(
        "received/<pid:incoming_id>/statement/match/", received.statement_match,
        name="incoming_statement_match",
    ),
    path(
        "self-billing/", requires("view_money")(agreements.AgreementList.as_view()),
        name="agreement_list",
    ),
    path("self-billing/new/", agreements.new_agreement, name="agreement_new"),
    path("self-billing/<pid:agreement_id>/", agreements.agreement_detail, name="agreement_detail"),
    path("self-billing/<pid:agreement_id>/answer/", agreements.answer, name="agreement_answer"),
    path("self-billing/<pid:agreement_id>/end/", agreements.end, name="agreement_end"),
    path(
        "statements/", requires("view_money")(statements.StatementList.as_view()),
        name="statement_list",
    ),
    path("statements/new/", statements.new_statements, name="statement_new"),
    path("statements/<pid:statement_id>/", statements.statement_detail, name="statement_detail"),
    path("statements/<pid:statement_id>/objection/", statements.objection, name="statement_objection"),
    path(
        "statements/<pid:statement_id>/objection/answer/", statements.objection_answer,
        name="statement_objection_answer",
    ),
    path(
        "statements/<pid:statement_id>/files/<slug:form>/", statements.statement_file,
        name="statement_file",
    ),
]  # fmt: skip
