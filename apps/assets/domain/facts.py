"""What a person or a file says about asset types, channels and assets."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

# A change of these would give stored readings another meaning, and bills with them.
MEANING_FIELDS = ("kind", "unit", "usage_unit", "register_size")
ROLES = ("manufacturer", "owner", "provider", "customer")


@dataclass(frozen=True, slots=True)
class ChannelFacts:
    """One channel of an asset type; rates per hour in the channel's unit, intervals in seconds.

    `formula`: what it is derived from (`domain.derived`), empty where it is sent; `formula_since`:
    the UTC day from which a changed one holds. `usage_unit`: what its meter's factor turns a counted
    unit into; empty: nothing else. `mark`: `secret`, `personal` or empty.
    """

    code: str
    title: str
    kind: str
    unit: str
    register_size: Decimal | None = None
    restarts_from_zero: bool = False
    max_rate_per_hour: Decimal | None = None
    expected_interval_seconds: int | None = None
    formula: str = ""
    formula_step: Decimal | None = None
    formula_hold_seconds: int | None = None
    formula_since: date | None = None
    usage_unit: str = ""
    mark: str = ""


@dataclass(frozen=True, slots=True)
class AssetFacts:
    """One asset and its passport; companies by their keys.

    `manufactured_on`: None says nothing, and a day that is known stays.
    """

    asset_type: UUID
    name: str
    serial: str
    site: str = ""
    manufacturer: int | None = None
    owner: int | None = None
    provider: int | None = None
    customer: int | None = None
    in_service_on: date | None = None
    manufactured_on: date | None = None

    def companies(self) -> set[int]:
        """Keys of every company the passport names."""
        return {key for role in ROLES if (key := getattr(self, role)) is not None}
