"""What metering answers about one contract and period."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

from apps.metering.models import BilledPeriod, UsageRecord
from apps.pricing.changes import UsageWindows
from apps.pricing.groups import Group


@dataclass(frozen=True, slots=True)
class Metered:
    """The billed period and its usage records, the newest of each item."""

    period: BilledPeriod
    records: list[UsageRecord]


@dataclass(frozen=True, slots=True)
class NotMetered:
    """Why there is no usage: a reason code and its parameters.

    period_not_over, earlier_period_open, no_order, no_channel, unit_mismatch, no_readings,
    no_value, no_factor, factor_too_fine, meter_not_verified, declaration_missing, kind_mismatch, readings_not_ready, waiting_for_collector, metering_refused.
    """

    reason: str
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UsagePreview:
    """What one item used; the fields rating needs."""

    item_id: UUID
    asset_id: UUID
    asset_label: str
    meter: str
    unit: str
    quantity: Decimal
    windows: UsageWindows = None
    group: Group | None = None


Measured = Sequence[UsagePreview]
