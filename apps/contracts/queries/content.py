"""What both parties sign: the canonical content of a contract and its digest."""

from typing import Any

from apps.common.canonical import digest
from apps.contracts.models import Contract, ContractItem

_FACTS = (
    "title", "provider_name", "customer_name", "starts_on", "period_kind", "time_zone",
    "currency", "tax_category", "payment_days", "corrections",
    "buyer_reference", "order_number",
)  # fmt: skip
_AGREED = ("opening", "dunning", "deposit_minor", "credit_limit_minor", "notice", "service")


def content_of(contract: Contract) -> dict[str, Any]:
    """Facts, items in one order, and the first plan; the same for both parties.

    Two queries, none where items and versions were prefetched. Later versions and changes of cover
    are signed by themselves (`plans.proposal_content`, `covers.change_content`).
    """
    items = [item for item in contract.items.all() if item.added_by_id is None]
    versions = contract.plans.all()
    plan = min(versions, key=lambda version: version.number, default=None)
    return {
        "contract": contract.public_id, "provider": contract.author_id,
        "customer": contract.customer_id,
        **{name: getattr(contract, name) for name in _FACTS},
        # Not the end that was set since: what both signed keeps its digest.
        "ends_on": contract.signed_ends_on,
        # Left out where nothing is agreed: what was signed before keeps its digest.
        **{name: value for name in _AGREED if (value := getattr(contract, name)) is not None},
        **({"one_off": True} if contract.is_one_off else {}),
        **({"data_clause": contract.data_clause} if contract.data_clause else {}),
        **({} if contract.network_id is None else {"network": str(contract.network_id)}),
        "items": sorted((written_item(item) for item in items), key=_order),
        "plan": None if plan is None else plan.plan,
        "plan_valid_from": None if plan is None else plan.valid_from,
    }  # fmt: skip


def content_sha256(contract: Contract) -> str:
    """SHA-256 over the canonical JSON of the content."""
    return digest(content_of(contract))


def written_item(item: ContractItem) -> dict[str, Any]:
    """What is signed of a covered channel."""
    return {
        "asset": str(item.asset_id), "asset_label": item.asset_label, "meter": item.meter,
        "channel": item.channel_code, "unit": item.unit, "starts_on": item.starts_on,
        "ends_on": item.ends_on,
        # Left out where it says nothing: what was signed before keeps its digest.
        **({"follows_host": True} if item.follows_host else {}),
        **({} if item.measure is None else {"measure": item.measure}),
        **({} if item.counting is None else {"counting": item.counting}),
        **({} if item.group_of is None else {"group": item.group_of}),
        **({} if item.meter_terms is None else {"meter_terms": item.meter_terms}),
    }  # fmt: skip


def _order(item: dict[str, Any]) -> tuple[str, str, str]:
    return item["meter"], item["asset"], item["channel"]
