"""Usage told apart by the windows of the week that a plan's charges price."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from apps.common.period import Period
from apps.common.quantity import canonical, parse_decimal
from apps.pricing.changes import UsageWindows, by_window, steps_by_window
from apps.pricing.windows import WindowCalendar

# By charge code.
Calendars = Mapping[str, WindowCalendar]
NO_WINDOWS: Calendars = {}


@dataclass(frozen=True, slots=True)
class ChargeWindows:
    """The quantity in each window of one charge's calendar; they sum to the record's quantity."""

    charge: str
    calendar: WindowCalendar
    quantities: Mapping[str, Decimal]

    def to_dict(self) -> dict[str, object]:
        """JSON-ready: decimals as text."""
        return {
            "charge": self.charge, "calendar": self.calendar.to_dict(),
            "quantities": {code: canonical(part) for code, part in self.quantities.items()},
        }  # fmt: skip

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> "ChargeWindows":
        """Raises KeyError, TypeError or ValueError for another form."""
        calendar, quantities = data["calendar"], data["quantities"]
        if not isinstance(calendar, Mapping) or not isinstance(quantities, Mapping):
            raise TypeError("not the windows of a charge")
        return cls(
            str(data["charge"]), WindowCalendar.from_dict(calendar),
            {str(code): parse_decimal(part) for code, part in quantities.items()},
        )  # fmt: skip


def windows_of_parts(
    calendars: Calendars, parts: Sequence[tuple[datetime, Decimal]], zone: str
) -> tuple[ChargeWindows, ...]:
    """From parts that each begin in one window and end with it, or before."""
    return tuple(
        ChargeWindows(code, calendar, by_window(calendar, parts, zone))
        for code, calendar in calendars.items()
    )


def counter_windows(
    calendars: Calendars, steps: Sequence[tuple[datetime, Decimal]], period: Period, zone: str
) -> tuple[ChargeWindows, ...]:
    """From a counter's steps by the instants that end them: a step counts where it ends."""
    return tuple(
        ChargeWindows(code, calendar, steps_by_window(calendar, steps, period, zone))
        for code, calendar in calendars.items()
    )


def quantities_by_charge(windows: Iterable[ChargeWindows]) -> UsageWindows:
    """As `apps.pricing.values.AssetUsage` takes them; None where nothing is told apart."""
    return {item.charge: item.quantities for item in windows} or None


def windows_to_text(windows: UsageWindows) -> dict[str, dict[str, str]] | None:
    """JSON-ready: decimals as text."""
    if windows is None:
        return None
    return {
        charge: {code: canonical(part) for code, part in parts.items()}
        for charge, parts in windows.items()
    }


def windows_from_text(data: Mapping[str, Mapping[str, str]] | None) -> UsageWindows:
    if data is None:
        return None
    return {
        charge: {code: parse_decimal(part) for code, part in parts.items()}
        for charge, parts in data.items()
    }
