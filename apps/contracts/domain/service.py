"""Service levels: what the provider promises beside the price."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from decimal import Decimal
from typing import Any, Literal

from apps.common.quantity import canonical, parse_decimal

MOST_HOURS = 8_760
DAYS = ("all", "mon_sat", "mon_fri")


@dataclass(frozen=True, slots=True)
class ServiceHours:
    """When hours count: of these days from `opens` to `closes`, in the contract's zone."""

    days: Literal["all", "mon_sat", "mon_fri"] = "all"
    opens: time = time(0)
    # Midnight at a day's end is its beginning, too: round the clock.
    closes: time = time(0)

    @property
    def are_whole_days(self) -> bool:
        return self.opens == self.closes == time(0)

    def to_dict(self) -> dict[str, object]:
        return {
            "days": self.days, "opens": f"{self.opens:%H:%M}", "closes": f"{self.closes:%H:%M}",
        }  # fmt: skip

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "ServiceHours":
        opens, closes = (time.fromisoformat(data[name]) for name in ("opens", "closes"))
        return cls(data["days"], opens, closes)


ALWAYS = ServiceHours()


@dataclass(frozen=True, slots=True)
class ServiceLevels:
    """Hours from a report to an answer, to somebody on site and to the asset back in service, counted
    within the service hours; availability in percent of each billing period. None: not promised.

    A promise has no price of its own: a bonus or malus is a charge of the plan.
    """

    answer_hours: int | None = None
    on_site_hours: int | None = None
    repair_hours: int | None = None
    availability: Decimal | None = None
    hours: ServiceHours = ALWAYS

    @property
    def within(self) -> dict[str, int]:
        """What is promised in hours, from the first deed to the last."""
        names = ("answer_hours", "on_site_hours", "repair_hours")
        return {name: value for name in names if (value := getattr(self, name)) is not None}

    def __bool__(self) -> bool:
        return bool(self.within) or self.availability is not None

    def to_dict(self) -> dict[str, object]:
        """JSON-ready; what is not promised is left out."""
        percent = (
            {} if self.availability is None else {"availability": canonical(self.availability)}
        )
        return {
            **self.within,
            **percent,
            **({"hours": self.hours.to_dict()} if self.within else {}),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any] | None) -> "ServiceLevels":
        """Of a stored contract; None is nothing promised."""
        given = dict(data or {})
        hours = given.pop("hours", None)
        percent = given.pop("availability", None)
        return cls(
            **given, availability=None if percent is None else parse_decimal(percent),
            hours=ALWAYS if hours is None else ServiceHours.from_dict(hours),
        )  # fmt: skip


NO_PROMISE = ServiceLevels()
