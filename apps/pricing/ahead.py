"""Fees in advance: the coming period as far as they need it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apps.common.canonical import instant_text
from apps.common.period import Period, parse_instant
from apps.pricing.circumstances import Circumstances
from apps.pricing.values import ServiceDays


@dataclass(frozen=True, slots=True)
class ComingPeriod:
    """The period after the billed one.

    `days`: its local days and those the contract covers; `kept`: the same as if the contract did
    not end in it. `circumstances`: index values that hold when it begins.
    """

    period: Period
    days: ServiceDays
    kept: ServiceDays
    circumstances: Circumstances

    @property
    def service(self) -> str:
        """What tells its lines from those of the billed period."""
        return instant_text(self.period.start)

    def to_dict(self) -> dict[str, object]:
        """JSON-ready: instants in UTC."""
        return {
            "start": instant_text(self.period.start), "end": instant_text(self.period.end),
            "in_period": self.days.in_period, "covered": self.days.covered,
            "kept": self.kept.covered, "circumstances": self.circumstances.to_dict(),
        }  # fmt: skip

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "ComingPeriod":
        """Raises KeyError, TypeError or ValueError for another form."""
        counts = [data[name] for name in ("in_period", "covered", "kept")]
        if not all(type(count) is int for count in counts):
            raise TypeError("not a coming period")
        return cls(
            Period(parse_instant(data["start"]), parse_instant(data["end"])),
            ServiceDays(counts[0], counts[1]), ServiceDays(counts[0], counts[2]),
            Circumstances.from_dict(data["circumstances"]),
        )  # fmt: skip
