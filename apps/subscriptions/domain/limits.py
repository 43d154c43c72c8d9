"""Limits of a plan, and how near a company is to them."""

from dataclasses import dataclass
from enum import StrEnum

# From this part of a limit on a company is warned, in percent.
WARNED_FROM = 80
# Readings are charged by started packs of so many.
READINGS_PACK = 100_000


class Counted(StrEnum):
    """What a plan counts. Assets, networks and devices stand; the others are those of the billed month.

    Statements are documents on which a partner's shares were settled; orders are those of a marketplace.
    """

    ASSETS = "assets"
    NETWORKS = "networks"
    DEVICES = "devices"
    READINGS = "readings"
    STATEMENTS = "statements"
    ORDERS = "orders"


# Counted as they are now, whenever they came.
STANDING = frozenset({Counted.ASSETS, Counted.NETWORKS, Counted.DEVICES})
# What has a limit: a column `most_…` of the plan. The others are charged by use alone.
LIMITED = (Counted.ASSETS, Counted.NETWORKS, Counted.DEVICES, Counted.READINGS)
# What may be charged by use beyond `included_…`, by its column of the fee.
FEE_COLUMNS = {
    Counted.ASSETS: "asset_fee_minor", Counted.READINGS: "pack_fee_minor",
    Counted.STATEMENTS: "statement_fee_minor", Counted.ORDERS: "order_fee_minor",
}  # fmt: skip


class Level(StrEnum):
    """How a count stands to its limit."""

    FREE = "free"
    NEAR = "near"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Use:
    """A count against its limit; `most` None: without limit. `included` is part of the fee.

    `fee_minor`: for each one, of readings each started pack, beyond what is included.
    """

    what: Counted
    count: int
    included: int | None
    most: int | None
    fee_minor: int = 0

    @property
    def level(self) -> Level:
        if self.most is None:
            return Level.FREE
        if self.count >= self.most:
            return Level.FULL
        return Level.NEAR if self.count * 100 >= self.most * WARNED_FROM else Level.FREE

    @property
    def percent(self) -> int:
        """Of the limit, 0 to 100; of nothing allowed 100 once there is something."""
        if self.most is None:
            return 0
        if self.most == 0:
            return 100 if self.count else 0
        return min(100, self.count * 100 // self.most)

    @property
    def beyond(self) -> int:
        """What is charged on top of the fee."""
        return 0 if self.included is None else max(0, self.count - self.included)

    @property
    def charge_minor(self) -> int:
        """What that comes to, in minor units, without tax."""
        return charged(self.what, self.beyond) * self.fee_minor


def has_room(count: int, added: int, most: int | None) -> bool:
    """Whether so many new ones fit. What stands above a limit stays; nothing new joins it."""
    return most is None or count + added <= most


def charged(what: Counted, beyond: int) -> int:
    """How often the fee of this is due, for so much beyond what is included."""
    return packs(beyond) if what == Counted.READINGS else beyond


def packs(readings: int) -> int:
    """Started packs of readings."""
    return -(-readings // READINGS_PACK)
