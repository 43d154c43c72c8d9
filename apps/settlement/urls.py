"""Addresses of settlement in a company's portal."""

from django.urls import path

from apps.accounts.access import requires
from apps.settlement.views import pages

urlpatterns = [
    path("money/", pages.money_home, name="money_home"),
    path("money/payouts/", pages.draft_payouts, name="money_payouts"),
    path("shares/", requires("view_money")(pages.ShareList.as_view()), name="share_list"),
    path("shares/<pid:share_id>/", pages.share_detail, name="share_detail"),
    path("margins/", requires("view_money")(pages.PeriodList.as_view()), name="settled_list"),
    path("margins/<pid:settled_id>/", pages.settled_detail, name="settled_detail"),
    path("ledger/", requires("view_money")(pages.TransferList.as_view()), name="transfer_list"),
    path("invoices/<pid:invoice_id>/shares/", pages.invoice_shares, name="invoice_shares"),
]
