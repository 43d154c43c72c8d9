"""What a person answered on the way to a network, as values kept in JSON."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

OURS, COMPANY, LATER = "ours", "company", "later"


@dataclass(frozen=True, slots=True)
class Filling:
    """Who fills a place: we ourselves, a company by its key, or nobody yet."""

    who: str = LATER
    company: int | None = None

    def to_dict(self) -> dict[str, Any]:
        return {"who": self.who, **({} if self.company is None else {"company": self.company})}


@dataclass(frozen=True, slots=True)
class ContractAnswer:
    """How a contract of the blueprint is drafted; `prices`: decimal texts by charge code; `withheld`:
    recipients of data (`DataPart.key`) that the clause does not name."""

    wanted: bool = True
    title: str = ""
    starts_on: date | None = None
    prices: Mapping[str, str] = field(default_factory=dict)
    withheld: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return {
            "wanted": self.wanted, "title": self.title, "prices": dict(self.prices),
            "starts_on": self.starts_on and self.starts_on.isoformat(),
            "withheld": list(self.withheld),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answers:
    """All answers of a setup; what is not answered has its default."""

    name: str = ""
    purpose: str = ""
    members_meet: bool = False
    places: Mapping[str, Filling] = field(default_factory=dict)
    contracts: Mapping[int, ContractAnswer] = field(default_factory=dict)

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "Answers":
        network = stored.get("network", {})
        return cls(
            network.get("name", ""), network.get("purpose", ""),
            bool(network.get("members_meet")),
            {place: Filling(row["who"], row.get("company"))
             for place, row in stored.get("places", {}).items()},
            {int(number): _contract(row) for number, row in stored.get("contracts", {}).items()},
        )  # fmt: skip

    def to_dict(self) -> dict[str, Any]:
        return {
            "network": {
                "name": self.name, "purpose": self.purpose, "members_meet": self.members_meet,
            },
            "places": {place: filling.to_dict() for place, filling in self.places.items()},
            "contracts": {str(number): row.to_dict() for number, row in self.contracts.items()},
        }  # fmt: skip

    def companies(self, own: int) -> dict[str, int]:
        """Keys of the companies of the places that are filled."""
        found = {
            place: own if filling.who == OURS else filling.company
            for place, filling in self.places.items() if filling.who != LATER
        }  # fmt: skip
        return {place: key for place, key in found.items() if key is not None}


def _contract(row: Mapping[str, Any]) -> ContractAnswer:
    day = row.get("starts_on")
    return ContractAnswer(
        bool(row.get("wanted", True)), row.get("title", ""),
        date.fromisoformat(day) if day else None, row.get("prices", {}),
        tuple(row.get("withheld", ())),
    )  # fmt: skip


def with_prices(
    plan: Mapping[str, Any], prices: Mapping[str, str], currency: str
) -> dict[str, Any]:
    """The plan in this currency, with other prices for the charges that have a single one."""
    charges = []
    for charge in plan["charges"]:
        name = price_field(charge)
        changed = prices.get(str(charge["code"])) if name else None
        charges.append({**charge, name: changed} if name and changed else dict(charge))
    return {**plan, "currency": currency, "charges": charges}


def price_field(charge: Mapping[str, Any]) -> str:
    """Where a charge keeps its single price; empty for one with tiers or bands."""
    return {"flat_fee": "amount", "per_unit": "unit_price"}.get(str(charge.get("model")), "")
