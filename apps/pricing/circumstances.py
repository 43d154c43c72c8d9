"""What prices depend on besides usage and days: index values and the contract year so far."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from apps.common.quantity import canonical, parse_decimal
from apps.pricing.values import ServiceDays


@dataclass(frozen=True, slots=True)
class IndexValue:
    """The value of a published series that a period is priced with.

    `reference`: the month or quarter it describes, as published; `published_on`: ISO date.
    """

    series: str
    name: str
    value: Decimal
    reference: str
    published_on: str

    def to_dict(self) -> dict[str, object]:
        return {
            "series": self.series, "name": self.name, "value": canonical(self.value),
            "reference": self.reference, "published_on": self.published_on,
        }  # fmt: skip

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> "IndexValue":
        value = parse_decimal(data["value"])
        return cls(
            str(data["series"]), str(data["name"]), value, str(data["reference"]),
            str(data["published_on"]),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class ContractYear:
    """The contract year a period lies in.

    `closes`: the period is the year's last. `days`: the year's local days and those the contract
    covers. `net_minor`: what earlier periods of the year charged, by charge code, without fees
    in advance. `elsewhere_minor`: the same of those that another system billed before.
    """

    closes: bool
    days: ServiceDays
    net_minor: Mapping[str, int] = field(default_factory=dict)
    elsewhere_minor: Mapping[str, int] = field(default_factory=dict)

    def to_dict(self) -> dict[str, object]:
        return {
            "closes": self.closes,
            "in_year": self.days.in_period, "covered": self.days.covered,
            "net_minor": dict(sorted(self.net_minor.items())),
            **({"elsewhere_minor": dict(sorted(self.elsewhere_minor.items()))}
               if self.elsewhere_minor else {}),
        }  # fmt: skip

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> "ContractYear":
        nets, elsewhere = data["net_minor"], data.get("elsewhere_minor", {})
        if not isinstance(nets, Mapping) or not isinstance(elsewhere, Mapping):
            raise TypeError("not a contract year")
        if not isinstance(data["closes"], bool):
            raise TypeError("not a contract year")
        return cls(
            data["closes"], ServiceDays(_minor(data["in_year"]), _minor(data["covered"])),
            {str(code): _minor(net) for code, net in nets.items()},
            {str(code): _minor(net) for code, net in elsewhere.items()},
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Circumstances:
    """One frozen value; what a plan does not need is absent, what it needs and misses is refused.

    `included_used`: by charge code how much of this period's included quantity is used up elsewhere.
    """

    indices: tuple[IndexValue, ...] = ()
    year: ContractYear | None = None
    included_used: Mapping[str, Decimal] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.indices) or self.year is not None or bool(self.included_used)

    def index(self, series: str) -> IndexValue | None:
        return next((item for item in self.indices if item.series == series), None)

    def to_dict(self) -> dict[str, object] | None:
        """JSON-ready, as in the evidence; None when there is nothing to state."""
        if not self:
            return None
        return {
            "indices": [item.to_dict() for item in self.indices],
            "year": None if self.year is None else self.year.to_dict(),
            **({"included_used": _texts(self.included_used)} if self.included_used else {}),
        }

    @classmethod
    def from_dict(cls, data: object) -> "Circumstances":
        """Raises KeyError, TypeError or ValueError for another form."""
        if data is None:
            return cls()
        if not isinstance(data, Mapping) or not isinstance(data["indices"], (list, tuple)):
            raise TypeError("not circumstances")
        year, used = data["year"], data.get("included_used", {})
        return cls(
            tuple(IndexValue.from_dict(item) for item in data["indices"]),
            None if year is None else ContractYear.from_dict(year),
            {str(code): parse_decimal(quantity) for code, quantity in used.items()},
        )


def _texts(quantities: Mapping[str, Decimal]) -> dict[str, str]:
    return {code: canonical(quantity) for code, quantity in sorted(quantities.items())}


def _minor(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"not a whole number: {value!r}")
    return value
