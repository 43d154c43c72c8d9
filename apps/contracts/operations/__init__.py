"""Writes of contracts: drafting, offering, signing, activating, ending; price indices."""

from apps.contracts.operations.activation import activate_contract
from apps.contracts.operations.clause import write_clause
from apps.contracts.operations.covers import (
    accept_cover,
    adopt_cover,
    propose_cover,
    withdraw_cover,
)
from apps.contracts.operations.credit import Counted, note_credit_use
from apps.contracts.operations.drafting import change_draft, discard_draft, draft_contract
from apps.contracts.operations.ending import close_ended, end_contract
from apps.contracts.operations.grants import grant_host_data, grant_wanted
from apps.contracts.operations.indices import add_series, add_values, remove_value
from apps.contracts.operations.leaving import end_with_member, first_day_after, shut_out
from apps.contracts.operations.notice import (
    accept_end,
    adopt_end,
    give_notice,
    propose_end,
    withdraw_end,
)
from apps.contracts.operations.offering import offer_contract, withdraw_offer
from apps.contracts.operations.one_off import (
    Cost,
    OrderLine,
    accept_one_off,
    note_cost,
    offer_one_off,
)
from apps.contracts.operations.plans import (
    accept_plan,
    adopt_plan,
    propose_plan,
    withdraw_proposal,
)
from apps.contracts.operations.refusing import refuse, refuse_terms
from apps.contracts.operations.signing import OfferChanged, sign_contract
from apps.contracts.operations.splits import (
    agree_split,
    draft_split,
    offer_split,
    sign_terms,
    withdraw_split,
)

__all__ = [
    "Cost",
    "Counted",
    "OfferChanged",
    "OrderLine",
    "accept_cover",
    "accept_end",
    "accept_one_off",
    "accept_plan",
    "activate_contract",
    "add_series",
    "add_values",
    "adopt_cover",
    "adopt_end",
    "adopt_plan",
    "agree_split",
    "change_draft",
    "close_ended",
    "discard_draft",
    "draft_contract",
    "draft_split",
    "end_contract",
    "end_with_member",
    "first_day_after",
    "give_notice",
    "grant_host_data",
    "grant_wanted",
    "note_cost",
    "note_credit_use",
    "offer_contract",
    "offer_one_off",
    "offer_split",
    "propose_cover",
    "propose_end",
    "propose_plan",
    "refuse",
    "refuse_terms",
    "remove_value",
    "shut_out",
    "sign_contract",
    "sign_terms",
    "withdraw_cover",
    "withdraw_end",
    "withdraw_offer",
    "withdraw_proposal",
    "withdraw_split",
    "write_clause",
]  # fmt: skip
