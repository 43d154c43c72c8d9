"""Writes of supply: transfers of assets between companies, and their sale."""

from apps.supply.operations.answering import accept_transfer, refuse_transfer
from apps.supply.operations.offering import offer_transfer, withdraw_transfer
from apps.supply.operations.passing import (
    NotTheOwner,
    note_bought,
    note_owner_noted,
    note_title,
    settle_answer,
    settle_payments,
)
from apps.supply.operations.sales import sign_sale

__all__ = [
    "NotTheOwner",
    "accept_transfer",
    "note_bought",
    "note_owner_noted",
    "note_title",
    "offer_transfer",
    "refuse_transfer",
    "settle_answer",
    "settle_payments",
    "sign_sale",
    "withdraw_transfer",
]
