"""Addresses of a company's plan."""

from django.urls import path

from apps.subscriptions.views import departing, leaving, ordering, plan

urlpatterns = [
    path("plan/", plan.plan_page, name="plan"),
    path("plan/next-invoice/", plan.coming, name="plan_next_invoice"),
    path("plan/trial/", ordering.trial, name="plan_trial"),
    path("plan/order/", ordering.order, name="plan_order"),
    path("plan/checkout/", ordering.checkout, name="plan_checkout"),
    path("plan/change/", ordering.change, name="plan_change"),
    path("plan/end/", ordering.end, name="plan_end"),
    path("plan/billing/", ordering.billing, name="plan_billing"),
    path("plan/refresh/", ordering.refresh, name="plan_refresh"),
    path("plan/exports/", leaving.exports, name="plan_exports"),
    path("plan/exports/new/", leaving.new_export, name="plan_export_new"),
    path("plan/exports/<pid:job_id>/", leaving.export_file, name="plan_export_file"),
    path("plan/leaving/", departing.leaving, name="plan_leaving"),
    path("plan/leaving/new/", departing.ask, name="plan_leaving_new"),
    path("plan/leaving/withdrawal/", departing.withdraw, name="plan_leaving_withdrawal"),
    path("plan/invoices/<pid:invoice_id>/", plan.invoice, name="plan_invoice"),
]
