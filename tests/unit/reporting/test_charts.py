"""The home's chart shows a whole month, however little of it is over."""

from datetime import date
from decimal import Decimal

from apps.reporting.charts import cost_by_day

NOON = "T12:00:00"


def drawn(*days: date) -> list[str]:
    axis = cost_by_day([(day, Decimal(1)) for day in days], "EUR")["layout"]["xaxis"]
    return axis.get("range", [])


def test_the_axis_reaches_from_the_first_day_to_the_end_of_the_last_month() -> None:
    assert drawn(date(2026, 12, 1)) == [f"2026-11-30{NOON}", f"2026-12-31{NOON}"]
    assert drawn(date(2026, 10, 20), date(2026, 11, 2)) == [
        f"2026-10-19{NOON}",
        f"2026-11-30{NOON}",
    ]
    assert drawn() == []
