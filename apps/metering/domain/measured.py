"""What a usage record of a gauge or state says beside its quantity, and its JSON form."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from apps.common.canonical import instant_text
from apps.common.period import parse_instant
from apps.common.quantity import add, canonical, parse_decimal
from apps.telemetry.domain.measures import LevelMeasure, MeasuredUsage

GAUGE = "gauge"
STATE = "state"
MEASURED = (GAUGE, STATE)


@dataclass(frozen=True, slots=True)
class MeasureFigures:
    """The contract's measure and what was found of it; fields as in `MeasuredUsage`.

    `until`: the first reading from the period's end on, where a gap over the end is filled by it.
    """

    measure: LevelMeasure
    exact: Decimal
    known: Decimal
    at: datetime | None
    by_day: tuple[tuple[date, Decimal], ...]
    estimates: tuple[tuple[datetime, datetime, Decimal], ...] = ()
    until: datetime | None = None
    awaits: bool = False

    @property
    def estimated(self) -> Decimal:
        """Seconds that are estimates."""
        return add(*(seconds for _start, _end, seconds in self.estimates))

    @classmethod
    def of(
        cls, measure: LevelMeasure, found: MeasuredUsage, until: datetime | None = None
    ) -> "MeasureFigures":
        return cls(
            measure, found.exact, found.known, found.at, found.by_day, found.estimates, until,
            found.awaits,
        )  # fmt: skip

    def to_dict(self) -> dict[str, object]:
        """JSON-ready: decimals as text, `known` in seconds."""
        return {
            **self.measure.to_dict(), "exact": canonical(self.exact),
            "known": canonical(self.known),
            "at": None if self.at is None else instant_text(self.at),
            "by_day": [
                {"day": day.isoformat(), "value": canonical(value)} for day, value in self.by_day
            ],
            **({"awaits": True} if self.awaits else {}),
            **({} if self.until is None else {"until": instant_text(self.until)}),
            **({"estimates": [_estimate(*item) for item in self.estimates]} if self.estimates else {}),
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
            tuple(
                (parse_instant(item["start"]), parse_instant(item["end"]), parse_decimal(item["seconds"]))
                for item in data.get("estimates", ())
            ),
            None if data.get("until") is None else parse_instant(data["until"]),
            data.get("awaits") is True,
        )  # fmt: skip


def _estimate(start: datetime, end: datetime, seconds: Decimal) -> dict[str, object]:
    return {
        "start": instant_text(start), "end": instant_text(end), "seconds": canonical(seconds)
    }  # fmt: skip
