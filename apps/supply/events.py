"""What this app publishes. Payloads carry keys; none carries a price."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from apps.assets.domain.timeline import TitleFacts


@dataclass(frozen=True, slots=True)
class TransferEvent:
    """Something happened to a transfer."""

    transfer: UUID
    name: ClassVar[str] = ""

    @property
    def payload(self) -> dict[str, Any]:
        return {"transfer": str(self.transfer)}


class TransferOffered(TransferEvent):
    """For the buyer."""

    name: ClassVar[str] = "supply.offered"


class TransferAnswered(TransferEvent):
    """The buyer accepted or refused; for the seller."""

    name: ClassVar[str] = "supply.answered"


class SaleDrawnUp(TransferEvent):
    """The contract of an accepted sale is offered; for the buyer."""

    name: ClassVar[str] = "supply.sale_drawn_up"


class OwnerNoted(TransferEvent):
    """The passport names the new owner; for the seller."""

    name: ClassVar[str] = "supply.owner_noted"


@dataclass(frozen=True, slots=True)
class TitlePassed:
    """The title passes; for the buyer and for who keeps the passport."""

    facts: TitleFacts
    transfer: UUID
    name: ClassVar[str] = "supply.title_passed"

    @property
    def payload(self) -> dict[str, Any]:
        facts = self.facts
        return {
            "transfer": str(self.transfer), "asset": str(facts.asset), "seller": facts.seller,
            "buyer": facts.buyer, "at": facts.at.isoformat(), "name": facts.transfer,
            "warranty": [_text(facts.warranty_from), _text(facts.warranty_until)],
        }  # fmt: skip

    @classmethod
    def from_payload(cls, payload: Mapping[str, Any]) -> "TitlePassed":
        first, last = (
            None if day is None else date.fromisoformat(day) for day in payload["warranty"]
        )
        facts = TitleFacts(
            UUID(payload["asset"]), payload["seller"], payload["buyer"],
            datetime.fromisoformat(payload["at"]), payload["name"], first, last,
        )  # fmt: skip
        return cls(facts, UUID(payload["transfer"]))


def _text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
