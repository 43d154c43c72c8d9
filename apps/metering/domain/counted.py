"""What a usage record says of a counter or amounts that count under rules, and its JSON form."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from apps.common.canonical import instant_text
from apps.common.period import parse_instant
from apps.common.quantity import add, canonical, parse_decimal
from apps.telemetry.domain.counting import CountedUsage, CountRules, Estimated


@dataclass(frozen=True, slots=True)
class CountFigures:
    """The contract's rules and what came of them; fields as in `CountedUsage`.

    The evidence has the channel's readings from `since` to `until`, then those of each condition from
    `states_since` to the period's end. `is_first`: the item begins with the period.
    """

    rules: CountRules
    is_first: bool
    since: datetime
    until: datetime
    states_since: datetime
    gross: Decimal
    unknown: Decimal
    estimates: tuple[Estimated, ...]
    awaits: bool

    @property
    def opened(self) -> Decimal | None:
        """The agreed value the counter opens with in this period."""
        return self.rules.opening if self.is_first else None

    @property
    def estimated(self) -> Decimal:
        """How much of the gross fills gaps."""
        return add(*(item.quantity for item in self.estimates))

    @classmethod
    def of(
        cls, rules: CountRules, found: CountedUsage, *, is_first: bool, since: datetime,
        until: datetime, states_since: datetime,
    ) -> "CountFigures":  # fmt: skip
        return cls(
            rules, is_first, since, until, states_since, found.gross, found.unknown,
            found.estimates, found.awaits,
        )  # fmt: skip

    def to_dict(self) -> dict[str, object]:
        """JSON-ready: decimals as text, instants in UTC."""
        return {
            **self.rules.to_dict(), "is_first": self.is_first,
            "since": instant_text(self.since), "until": instant_text(self.until),
            "states_since": instant_text(self.states_since), "gross": canonical(self.gross),
            "unknown": canonical(self.unknown), "awaits": self.awaits,
            "estimates": [
                {"start": instant_text(item.start), "end": instant_text(item.end),
                 "quantity": canonical(item.quantity)}
                for item in self.estimates
            ],
        }  # fmt: skip

    @classmethod
    def from_dict(cls, data: object) -> "CountFigures | None":
        """Raises KeyError, TypeError or ValueError (BadValue) for another form."""
        if data is None:
            return None
        if not isinstance(data, Mapping) or not isinstance(data["estimates"], (list, tuple)):
            raise TypeError("rules of counting are an object with a list of estimates")
        since, until, states = (
            parse_instant(data[name]) for name in ("since", "until", "states_since")
        )
        return cls(
            CountRules.from_dict(data), data["is_first"] is True, since, until, states,
            parse_decimal(data["gross"]), parse_decimal(data["unknown"]),
            tuple(
                Estimated(
                    parse_instant(item["start"]), parse_instant(item["end"]),
                    parse_decimal(item["quantity"]),
                )
                for item in data["estimates"]
            ),
            data["awaits"] is True,
        )  # fmt: skip
