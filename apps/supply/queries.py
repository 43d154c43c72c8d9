"""Transfers the current company offered or was offered."""

from uuid import UUID

from django.db.models import QuerySet

from apps.supply.models import AssetTransfer
from apps.tenancy.context import current_company


def transfers_seen() -> QuerySet[AssetTransfer]:
    """Those of either side, with their answers."""
    rows: QuerySet[AssetTransfer] = AssetTransfer.objects.select_related("answer")
    return rows


def transfers_of(asset_id: UUID) -> QuerySet[AssetTransfer]:
    """Of one asset, the newest first."""
    return transfers_seen().filter(asset=asset_id)


def transfers_to_answer() -> QuerySet[AssetTransfer]:
    """Offers to the company that it has not answered."""
    rows = transfers_seen().filter(buyer=current_company(), state=AssetTransfer.State.OFFERED)
    return rows.filter(answer=None)
