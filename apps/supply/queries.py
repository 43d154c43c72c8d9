"""Transfers the current company offered or was offered."""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import ngettext

from apps.subscriptions.domain.registry import Hold
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


def open_transfers(now: datetime) -> Iterator[Hold]:
    """Transfers whose title has not passed: they hold a company that wants to leave."""
    states = [AssetTransfer.State.OFFERED, AssetTransfer.State.ACCEPTED]
    if count := transfers_seen().filter(state__in=states).count():
        text = ngettext(
            "%(n)d transfer of an asset is open.", "%(n)d transfers of assets are open.", count
        )
        yield Hold(text % {"n": count}, "asset_transfer_list")
