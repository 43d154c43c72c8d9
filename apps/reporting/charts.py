"""Figures of the home page as plain dicts; the browser gives them the page's colours."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from apps.common.period import add_months

_DAY_MS = 86_400_000
_HALF_DAY = timedelta(hours=12)


def cost_by_day(days: Sequence[tuple[date, Decimal]], currency: str) -> dict[str, Any]:
    """Bars of each day's cost in whole units of the currency, on an axis to the end of the last month:
    a month of which one day is over is one narrow bar at its left."""
    trace = {
        "type": "bar",
        "x": [day.isoformat() for day, _cost in days],
        "y": [float(cost) for _day, cost in days],
        "width": _DAY_MS * 0.8,
        "hovertemplate": f"%{{y:,.2f}} {currency}<extra></extra>",
    }
    layout = {
        "template": None,
        "showlegend": False,
        "xaxis": {"type": "date", **_whole_months([day for day, _cost in days])},
        "yaxis": {"ticksuffix": f" {currency}", "rangemode": "tozero"},
    }
    return {"data": [trace], "layout": layout}


def _whole_months(days: Sequence[date]) -> dict[str, Any]:
    if not days:
        return {}
    after = add_months(max(days).replace(day=1), 1)
    ends = (datetime.combine(day, time()) - _HALF_DAY for day in (min(days), after))
    return {"range": [instant.isoformat() for instant in ends]}
