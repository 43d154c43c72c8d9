"""What a customer read off a counter, stored as a reading of a channel of its own."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from apps.assets.models import Asset
from apps.telemetry.domain.sources import declared_code, stored_at
from apps.telemetry.models import Channel, Declaration
from apps.telemetry.operations.channels import sync_declared_channel
from apps.telemetry.operations.declaring import declare
from apps.telemetry.operations.intake import take_in
from apps.telemetry.operations.judgement import Outcome, RawItem
from apps.tenancy.context import current_company

SOURCE = "declared"


@dataclass(frozen=True, slots=True)
class SaidReading:
    """A value of an own asset's counter at an instant; from generation 1 on it replaces the one before."""

    asset_id: UUID
    channel_code: str
    unit: str
    value: Decimal
    read_at: datetime
    generation: int
    reason: str
    said_by: str


@transaction.atomic
def take_declared(*, said: SaidReading, now: datetime) -> Outcome:
    """Store it in the counter's declared channel; what it replaces is not believed any more.

    In any order of arrival, and twice is once. What is refused is kept with the other refused items.
    """
    asset = Asset.objects.written_by(current_company()).filter(pk=said.asset_id).first()
    own = Channel.objects.filter(asset_id=said.asset_id, code=said.channel_code).first()
    if asset is None or own is None or own.kind != "counter":
        return Outcome(0, "refused", "unknown_channel")
    sync_declared_channel(own)
    code = declared_code(own.code)
    item = RawItem(
        0, asset.public_id, code, stored_at(said.read_at, said.generation), said.value,
        unit=said.unit,
    )  # fmt: skip
    [outcome] = take_in(items=[item], source=SOURCE, now=now)
    if said.generation and outcome.status in ("accepted", "duplicate"):
        _disown(Channel.objects.get(asset_id=own.asset_id, code=code), said, now)
    return outcome


def _disown(channel: Channel, said: SaidReading, now: datetime) -> None:
    """The word before it is not believed, also where it is still to come."""
    before, kind = stored_at(said.read_at, said.generation - 1), Declaration.Kind.DISBELIEVE
    known = Declaration.objects.filter(channel=channel, kind=kind, measured_at=before)
    if not known.exists():
        declare(
            channel=channel, kind=kind, measured_at=before, reason=said.reason, by=said.said_by,
            now=now,
        )  # fmt: skip
