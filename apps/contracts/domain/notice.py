"""Notice: how either side of a contract may end it by itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

MOST_DAYS = 1_830
PERIOD, ANY_DAY = "period", "any_day"


@dataclass(frozen=True, slots=True)
class NoticeTerms:
    """So many days lie between the day notice is given and the first day not covered any more.

    `to`: that day begins a billing period, or is any day.
    """

    days: int
    to: Literal["period", "any_day"] = "period"

    def to_dict(self) -> dict[str, object]:
        return {"days": self.days, "to": self.to}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any] | None) -> "NoticeTerms | None":
        """Of a stored contract; None: neither side ends it by itself."""
        return None if data is None else cls(int(data["days"]), data["to"])
