"""Addresses of contracts in a company's portal."""

from django.urls import path

from apps.accounts.access import requires
from apps.contracts.views import (
    acts,
    clause,
    covers,
    detail,
    drafts,
    ends,
    indices,
    networks,
    one_off,
    pages,
    plans,
    sheet,
    splits,
    terms,
)

_ONE = "contracts/<pid:contract_id>/"
_INDEX = "price-indices/<pid:series_id>/"

urlpatterns = [
    path(
        "contracts/", requires("view_contracts")(pages.ContractList.as_view()), name="contract_list"
    ),
    path("contracts/new/", drafts.new, name="contract_new"),
    path("contracts/orders/new/", one_off.new, name="order_new"),
    path("contracts/preview/", drafts.preview, name="contract_preview"),
    path("contracts/channels/", drafts.channels, name="contract_channels"),
    path("contracts/charges/", drafts.charges, name="contract_charges"),
    path(_ONE, detail.contract_detail, name="contract_detail"),
    path(f"{_ONE}sheet/", sheet.contract_sheet, name="contract_sheet"),
    path(f"{_ONE}edit/", drafts.edit, name="contract_edit"),
    path(f"{_ONE}offer/", acts.offer, name="contract_offer"),
    path(f"{_ONE}withdrawal/", acts.withdraw, name="contract_withdrawal"),
    path(f"{_ONE}signature/", acts.sign, name="contract_signature"),
    path(f"{_ONE}refusal/", acts.refusal, name="contract_refusal"),
    path(f"{_ONE}cost-object/", acts.note_cost_object, name="contract_cost_object"),
    path(f"{_ONE}end/", ends.end, name="contract_end"),
    path(f"{_ONE}end/withdrawal/", ends.withdraw, name="contract_end_withdrawal"),
    path(f"{_ONE}end/acceptance/", ends.accept, name="contract_end_acceptance"),
    path(f"{_ONE}plans/new/", plans.propose, name="contract_plan_new"),
    path(f"{_ONE}plans/preview/", plans.preview, name="contract_plan_preview"),
    path(f"{_ONE}plans/withdrawal/", plans.withdraw, name="contract_plan_withdrawal"),
    path(f"{_ONE}plans/acceptance/", plans.accept, name="contract_plan_acceptance"),
    path(f"{_ONE}cover/new/", covers.propose, name="contract_cover_new"),
    path(f"{_ONE}cover/withdrawal/", covers.withdraw, name="contract_cover_withdrawal"),
    path(f"{_ONE}cover/acceptance/", covers.accept, name="contract_cover_acceptance"),
    path(f"{_ONE}split/", splits.split_page, name="contract_split"),
    path(f"{_ONE}split/draft/", splits.edit_split, name="contract_split_edit"),
    path(f"{_ONE}split/preview/", splits.preview_split, name="contract_split_preview"),
    path(f"{_ONE}split/offer/", splits.offer_terms, name="contract_split_offer"),
    path(f"{_ONE}split/withdrawal/", splits.withdraw_terms, name="contract_split_withdrawal"),
    path("terms/", requires("view_contracts")(terms.TermsList.as_view()), name="terms_list"),
    path("terms/<pid:terms_id>/", terms.terms_page, name="terms_detail"),
    path("terms/<pid:terms_id>/signature/", terms.sign, name="terms_signature"),
    path("terms/<pid:terms_id>/refusal/", terms.refusal, name="terms_refusal"),
    path(f"{_ONE}discard/", acts.discard, name="contract_discard"),
    path(
        "price-indices/", requires("view_contracts")(indices.IndexList.as_view()), name="index_list"
    ),
    path("price-indices/new/", indices.new_series, name="index_new"),
    path(_INDEX, indices.detail, name="index_detail"),
    path(f"{_INDEX}chart/", indices.chart, name="index_chart"),
    path(f"{_INDEX}values/", indices.enter_value, name="index_value"),
    path(f"{_INDEX}file/", indices.enter_file, name="index_file"),
    path(f"{_INDEX}removal/", indices.remove, name="index_removal"),
    path("networks/<pid:network_id>/contracts/", networks.network_contracts, name="network_contracts"),
    path(
        "participations/<pid:participation_id>/contracts/", networks.ending_with,
        name="participation_contracts",
    ),
    path(f"{_ONE}clause/", clause.clause, name="contract_clause"),
    path(f"{_ONE}clause/removal/", clause.clause_removal, name="contract_clause_removal"),
    path("assets/<pid:asset_id>/clauses/", clause.asset_clauses, name="asset_clauses"),
    path("assets/<pid:asset_id>/contracts/", pages.asset_contracts, name="asset_contracts"),
]  # fmt: skip
