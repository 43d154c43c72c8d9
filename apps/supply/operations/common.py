"""What writes of transfers share."""

from datetime import datetime
from typing import Any
from uuid import UUID

from apps.assets.operations import release_ownership
from apps.events.operations import record
from apps.supply.models import AssetTransfer, TransferAnswer
from apps.tenancy.context import current_company


def locked(transfer_id: UUID) -> AssetTransfer:
    """An own offer, held until the transaction ends. Raises AssetTransfer.DoesNotExist."""
    rows = AssetTransfer.objects.written_by(current_company()).select_for_update(of=("self",))
    found: AssetTransfer = rows.get(pk=transfer_id)
    return found


def answer_to(transfer: AssetTransfer) -> TransferAnswer | None:
    """What the buyer said, read anew."""
    found: TransferAnswer | None = TransferAnswer.objects.filter(transfer=transfer).first()
    return found


def close(transfer: AssetTransfer, state: str, at: datetime) -> None:
    """It is over, without a new owner."""
    transfer.state, transfer.closed_at = state, at
    transfer.save(update_fields=["state", "closed_at"])
    release_ownership(asset_id=transfer.asset_id)


def tell(action: str, transfer: AssetTransfer, now: datetime, actor: Any = None) -> None:
    record(
        action=action, subject=transfer.public_id, now=now, actor=actor, also=transfer.parties,
        details={"asset": transfer.asset_public_id},
    )  # fmt: skip
