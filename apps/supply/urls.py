"""Addresses of supply in a company's portal."""

from django.urls import path

from apps.accounts.access import requires
from apps.supply.views import offers, transfers

urlpatterns = [
    path(
        "transfers/", requires("view_contracts")(transfers.TransferList.as_view()),
        name="asset_transfer_list",
    ),
    path("transfers/<pid:transfer_id>/", transfers.transfer_detail, name="transfer_detail"),
    path(
        "transfers/<pid:transfer_id>/acceptance/", transfers.acceptance, name="transfer_acceptance"
    ),
    path("transfers/<pid:transfer_id>/refusal/", transfers.refusal, name="transfer_refusal"),
    path("transfers/<pid:transfer_id>/withdrawal/", offers.withdrawal, name="transfer_withdrawal"),
    path("assets/<pid:asset_id>/transfers/", transfers.asset_transfers, name="asset_transfers"),
    path("assets/<pid:asset_id>/transfers/new/", offers.new_transfer, name="transfer_new"),
]  # fmt: skip
