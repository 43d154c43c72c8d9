"""Opening balances of a contract that ran elsewhere before: what it had used up and left open."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from apps.common.quantity import canonical, parse_decimal

MOST_OPEN_ITEMS = 50


@dataclass(frozen=True, slots=True)
class OpenItem:
    """An invoice of the other system that is not paid; in minor units of the contract's currency."""

    number: str
    due_on: date
    open_minor: int

    def to_dict(self) -> dict[str, object]:
        return {
            "number": self.number, "due_on": self.due_on.isoformat(),
            "open_minor": self.open_minor,
        }  # fmt: skip

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> "OpenItem":
        minor = data["open_minor"]
        if type(minor) is not int:
            raise TypeError("an amount is whole minor units")
        return cls(str(data["number"]), date.fromisoformat(str(data["due_on"])), minor)


@dataclass(frozen=True, slots=True)
class OpeningBalances:
    """As both sign them.

    `year_from`: when the contract year began that is under way; `charged`: by charge code what its
    earlier periods came to, in minor units; `included_used`: by charge code how much of the first
    period's included quantity is used up.
    """

    year_from: date | None = None
    charged: Mapping[str, int] = field(default_factory=dict)
    included_used: Mapping[str, Decimal] = field(default_factory=dict)
    open_items: tuple[OpenItem, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.year_from or self.charged or self.included_used or self.open_items)

    def to_dict(self) -> dict[str, object]:
        """JSON-ready: decimals as text."""
        return {
            "year_from": None if self.year_from is None else self.year_from.isoformat(),
            "charged": dict(sorted(self.charged.items())),
            "included_used": {
                code: canonical(used) for code, used in sorted(self.included_used.items())
            },
            "open_items": [item.to_dict() for item in self.open_items],
        }

    @classmethod
    def from_dict(cls, data: object) -> "OpeningBalances":
        """Raises KeyError, TypeError or ValueError (BadValue) for another form; None is nothing."""
        if data is None:
            return cls()
        if not isinstance(data, Mapping):
            raise TypeError("opening balances are an object")
        year = data["year_from"]
        return cls(
            None if year is None else date.fromisoformat(str(year)),
            {str(code): int(net) for code, net in data["charged"].items()},
            {str(code): parse_decimal(used) for code, used in data["included_used"].items()},
            tuple(map(OpenItem.from_dict, data["open_items"])),
        )  # fmt: skip


NOTHING_BEFORE = OpeningBalances()
