"""Reads of contracts."""

from apps.contracts.queries.content import content_of, content_sha256
from apps.contracts.queries.indices import IndexBook, index_book, own_series, visible_series
from apps.contracts.queries.lists import (
    contracts_of_asset,
    covers_of_asset,
    history_of,
    offered_before,
    offers_to_sign,
    own_contracts,
    plan_in_force,
    signatures_of,
    visible_contracts,
)
from apps.contracts.queries.spans import contract_span, item_span

__all__ = [
    "IndexBook",
    "content_of",
    "content_sha256",
    "contract_span",
    "contracts_of_asset",
    "covers_of_asset",
    "history_of",
    "index_book",
    "item_span",
    "offered_before",
    "offers_to_sign",
    "own_contracts",
    "own_series",
    "plan_in_force",
    "signatures_of",
    "visible_contracts",
    "visible_series",
]  # fmt: skip
