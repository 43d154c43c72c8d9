"""The windows of the week as a metering order holds them: by plan version, from a day on."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from apps.metering.domain.told_apart import NO_WINDOWS, Calendars
from apps.pricing.plan import PricePlan
from apps.pricing.windows import WindowCalendar


def calendars_of(versions: Iterable[tuple[date, PricePlan]], meter: str) -> list[dict[str, object]]:
    """JSON-ready, of versions in order; an empty list where no version has windows."""
    rows: list[dict[str, object]] = [
        {
            "from": day.isoformat(),
            "charges": {
                code: calendar.to_dict() for code, calendar in plan.calendars.get(meter, {}).items()
            },
        }
        for day, plan in versions
    ]
    return rows if any(row["charges"] for row in rows) else []


def calendars_on(rows: Iterable[Mapping[str, Any]], day: date) -> Calendars:
    """By charge the windows of the version that holds on a day; the last of those begun."""
    begun = [row for row in rows if date.fromisoformat(row["from"]) <= day]
    if not begun:
        return NO_WINDOWS
    return {code: WindowCalendar.from_dict(data) for code, data in begun[-1]["charges"].items()}
