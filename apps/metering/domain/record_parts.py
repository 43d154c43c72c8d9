"""Which source of a meter of record counted for which part of a period, as values and as JSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from apps.common.canonical import instant_text
from apps.common.period import parse_instant
from apps.common.quantity import add, canonical, parse_decimal
from apps.telemetry.domain.sources import MeterTerms

OF_RECORD = "of_record"


@dataclass(frozen=True, slots=True)
class StandingPart:
    """A part of a period for which one source counted.

    `silent_since`: of a source that stood in, when the item's own counter was last read before; None:
    never, or it counted itself.
    """

    source: str
    start: datetime
    end: datetime
    quantity: Decimal
    silent_since: datetime | None

    def joined(self, later: "StandingPart") -> "StandingPart":
        """This part and the one that follows it as one."""
        quantity = add(self.quantity, later.quantity)
        return StandingPart(self.source, self.start, later.end, quantity, self.silent_since)

    def to_dict(self) -> dict[str, object]:
        return {
            "source": self.source, "start": instant_text(self.start), "end": instant_text(self.end),
            "quantity": canonical(self.quantity),
            "silent_since": None if self.silent_since is None else instant_text(self.silent_since),
        }  # fmt: skip

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> "StandingPart":
        silent = data["silent_since"]
        return cls(
            str(data["source"]), parse_instant(data["start"]), parse_instant(data["end"]),
            parse_decimal(data["quantity"]), None if silent is None else parse_instant(silent),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class OtherSource:
    """What another source says of the whole period; None: it was silent in it."""

    source: str
    quantity: Decimal | None
    is_beyond: bool

    def to_dict(self) -> dict[str, object]:
        quantity = None if self.quantity is None else canonical(self.quantity)
        return {"source": self.source, "quantity": quantity, "is_beyond": self.is_beyond}

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> "OtherSource":
        quantity = data["quantity"]
        if not isinstance(data["is_beyond"], bool):
            raise TypeError("is_beyond is true or false")
        return cls(
            str(data["source"]), None if quantity is None else parse_decimal(quantity),
            data["is_beyond"],
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class RecordParts:
    """What was agreed of the sources, who counted when, and what the others say.

    `origin`: the item's first instant; where its own counter was never read, others count from there.
    """

    terms: MeterTerms
    origin: datetime
    parts: tuple[StandingPart, ...]
    beside: tuple[OtherSource, ...]

    @property
    def deviates(self) -> bool:
        return any(item.is_beyond for item in self.beside)

    def to_dict(self) -> dict[str, object]:
        return {
            "terms": self.terms.to_dict(), "origin": instant_text(self.origin), "parts": [item.to_dict() for item in self.parts],
            "beside": [item.to_dict() for item in self.beside],
        }  # fmt: skip

    @classmethod
    def from_dict(cls, data: object) -> "RecordParts | None":
        """Raises KeyError, TypeError or ValueError (BadValue) for another form."""
        if data is None:
            return None
        if not isinstance(data, Mapping):
            raise TypeError("a meter of record is an object")
        return cls(
            MeterTerms.from_dict(data["terms"]), parse_instant(data["origin"]),
            tuple(StandingPart.from_dict(item) for item in data["parts"]),
            tuple(OtherSource.from_dict(item) for item in data["beside"]),
        )  # fmt: skip
