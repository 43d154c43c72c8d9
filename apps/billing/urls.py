"""Addresses of billing in a company's portal."""

from django.urls import path

from apps.accounts.access import requires
from apps.accounts.confirming import confirmed
from apps.billing.views import (
    archives,
    contracts,
    corrections,
    disputes,
    evidence,
    incoming,
    invoices,
    lines,
    orders,
    papers,
    receivables,
    reminders,
    runs,
)

urlpatterns = [
    path("billing/runs/", requires("run_billing")(runs.RunList.as_view()), name="run_list"),
    path("billing/runs/new/", requires("run_billing")(runs.RunNew.as_view()), name="run_new"),
    path(
        "billing/runs/<pid:run_id>/",
        requires("run_billing")(runs.RunDetail.as_view()),
        name="run_detail",
    ),
    path("billing/runs/<pid:run_id>/again/", runs.bill_parked_again, name="run_again"),
    path("billing/runs/<pid:run_id>/stop/", runs.stop, name="run_stop"),
    path("billing/runs/<pid:run_id>/continuation/", runs.go_on, name="run_continuation"),
    path(
        "contracts/<pid:contract_id>/billing/", contracts.contract_billing, name="contract_billing"
    ),
    path(
        "invoices/", requires("view_invoices")(invoices.InvoiceList.as_view()), name="invoice_list"
    ),
    path(
        "billing/corrections/",
        requires("view_invoices")(corrections.CorrectionList.as_view()),
        name="correction_list",
    ),
    path(
        "billing/corrections/<pid:correction_id>/",
        corrections.correction_detail,
        name="correction_detail",
    ),
    path(
        "invoices/sums/",
        requires("view_invoices")(invoices.InvoiceSums.as_view()),
        name="invoice_sums",
    ),
    path(
        "invoices/archives/",
        requires("export_evidence")(archives.ArchiveList.as_view()),
        name="archive_list",
    ),
    path(
        "invoices/archives/new/",
        requires("export_evidence")(confirmed(archives.ArchiveNew.as_view())),
        name="archive_new",
    ),
    path("invoices/archives/<pid:archive_id>/", archives.archive_detail, name="archive_detail"),
    path("invoices/archives/<pid:archive_id>/file/", archives.archive_file, name="archive_file"),
    path("invoices/<pid:invoice_id>/rating/", corrections.rate_again, name="invoice_rating"),
    path("invoices/approval/", invoices.approve, name="invoice_approval"),
    path("invoices/issue/", invoices.issue, name="invoice_issue"),
    path("invoices/<pid:invoice_id>/", invoices.invoice_detail, name="invoice_detail"),
    path("invoices/<pid:invoice_id>/discard/", invoices.discard, name="invoice_discard"),
    path("invoices/<pid:invoice_id>/evidence/", evidence.download, name="invoice_evidence"),
    path("invoices/<pid:invoice_id>/files/<slug:form>/", papers.invoice_file, name="invoice_file"),
    path("invoices/<pid:invoice_id>/picture/", papers.invoice_picture, name="invoice_picture"),
    path("invoices/<pid:invoice_id>/verify/", evidence.verify, name="invoice_verification"),
    path(
        "invoices/<pid:invoice_id>/lines/<int:position>/", lines.invoice_line, name="invoice_line"
    ),
    path(
        "invoices/<pid:invoice_id>/usage/<pid:record_id>/chart/",
        lines.usage_chart,
        name="invoice_usage_chart",
    ),
    path(
        "invoices/<pid:invoice_id>/usage/<pid:record_id>/readings/",
        lines.usage_readings,
        name="invoice_readings",
    ),
    path(
        "receivables/",
        requires("view_invoices")(receivables.ReceivableList.as_view()),
        name="receivable_list",
    ),
    path(
        "receivables/credits/",
        requires("view_invoices")(receivables.CreditList.as_view()),
        name="credit_list",
    ),
    path("receivables/reminders/", reminders.reminder_run, name="reminder_run"),
    path(
        "receivables/reminders/<pid:reminder_id>/",
        reminders.reminder_detail,
        name="reminder_detail",
    ),
    path("invoices/<pid:invoice_id>/owed/", receivables.invoice_owed, name="invoice_owed"),
    path(
        "receivables/reminders/<pid:reminder_id>/letter/",
        reminders.reminder_letter,
        name="reminder_letter",
    ),
    path(
        "receivables/reminders/<pid:paper_id>/checkout/",
        receivables.checkout,
        name="charge_checkout",
    ),
    path(
        "receivables/reminders/<pid:paper_id>/payment/",
        receivables.new_payment,
        name="charge_payment",
    ),
    path(
        "receivables/reminders/<pid:paper_id>/credit/", receivables.credit_use, name="charge_credit"
    ),
    path(
        "receivables/reminders/<pid:paper_id>/write-off/",
        receivables.new_write_off,
        name="charge_write_off",
    ),
    path("contracts/<pid:contract_id>/orders/", orders.contract_orders, name="contract_orders"),
    path("invoices/<pid:paper_id>/checkout/", receivables.checkout, name="invoice_checkout"),
    path("invoices/<pid:paper_id>/payment/", receivables.new_payment, name="invoice_payment"),
    path("invoices/<pid:paper_id>/credit/", receivables.credit_use, name="invoice_credit"),
    path("invoices/<pid:paper_id>/write-off/", receivables.new_write_off, name="invoice_write_off"),
    path(
        "receivables/payments/<pid:payment_id>/return/",
        receivables.payment_return,
        name="payment_return",
    ),
    path(
        "invoices/<pid:invoice_id>/lines/<int:position>/dispute/",
        disputes.new_dispute,
        name="line_dispute",
    ),
    path("disputes/<pid:dispute_id>/withdrawal/", disputes.withdrawal, name="dispute_withdrawal"),
    path("disputes/<pid:dispute_id>/answer/", disputes.answer, name="dispute_answer"),
    path("verifier/peruse_verify.py", evidence.verifier, name="verifier"),
    path(".well-known/peruse-keys.json", evidence.public_keys, name="public_keys"),
    path(
        "received/",
        requires("view_invoices")(incoming.IncomingList.as_view()),
        name="incoming_list",
    ),
    path("received/new/", incoming.new_document, name="incoming_new"),
    path(
        "received/answers/",
        requires("view_invoices")(incoming.AnswerList.as_view()),
        name="incoming_answers",
    ),
    path("received/<pid:incoming_id>/", incoming.incoming_detail, name="incoming_detail"),
    path("received/<pid:incoming_id>/acceptance/", incoming.accept, name="incoming_acceptance"),
    path("received/<pid:incoming_id>/refusal/", incoming.refuse, name="incoming_refusal"),
    path("received/<pid:incoming_id>/match/", incoming.match, name="incoming_match"),
    path("received/<pid:incoming_id>/file/", incoming.download, name="incoming_file"),
    path(
        "received/<pid:incoming_id>/attachments/<int:position>/",
        incoming.attachment,
        name="incoming_attachment",
    ),
]
