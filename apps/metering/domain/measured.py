"""What a usage record of a gauge or state says beside its quantity, and its JSON form."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from apps.common.canonical import instant_text
from apps.common.period import parse_instant
from apps.common.quantity import canonical, parse_decimal
from apps.telemetry.domain.measures import LevelMeasure, MeasuredUsage

GAUGE = "gauge"
STATE = "state"
MEASURED = (GAUGE, STATE)


@dataclass(frozen=True, slots=True)
class MeasureFigures:
    """The contract's measure and what was found of it; fields as in `MeasuredUsage`."""

    measure: LevelMeasure
    exact: Decimal
    known: Decimal
    at: datetime | None
    by_day: tuple[tuple[date, Decimal], ...]

    @classmethod
    def of(cls, measure: LevelMeasure, found: MeasuredUsage) -> "MeasureFigures":
        return cls(measure, found.exact, found.known, found.at, found.by_day)

    def to_dict(self) -> dict[str, object]:
        """JSON-ready: decimals as text, `known` in seconds."""
        return {
            **self.measure.to_dict(), "exact": canonical(self.exact),
            "known": canonical(self.known),
            "at": None if self.at is None else instant_text(self.at),
            "by_day": [
                {"day": day.isoformat(), "value": canonical(value)} for day, value in self.by_day
            ],
        }  # fmt: skip

    @classmethod
    def from_dict(cls, data: object) -> "MeasureFigures | None":
        """Raises KeyError, TypeError or ValueError (BadValue) for another form."""
        if data is None:
            return None
        if not isinstance(data, Mapping) or not isinstance(data["by_day"], (list, tuple)):
            raise TypeError("a measure is an object with a list of days")
        at = data["at"]
        return cls(
            LevelMeasure.from_dict(data), parse_decimal(data["exact"]), parse_decimal(data["known"]),
            None if at is None else parse_instant(at),
            tuple(
                (date.fromisoformat(str(item["day"])), parse_decimal(item["value"]))
                for item in data["by_day"]
            ),
        )  # fmt: skip
