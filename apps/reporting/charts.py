"""Figures of the home page as plain dicts; the browser gives them the page's colours."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any


def cost_by_day(days: Sequence[tuple[date, Decimal]], currency: str) -> dict[str, Any]:
    """Bars of each day's cost in whole units of the currency."""
    trace = {
        "type": "bar",
        "x": [day.isoformat() for day, _cost in days],
        "y": [float(cost) for _day, cost in days],
        "hovertemplate": f"%{{y:,.2f}} {currency}<extra></extra>",
    }
    layout = {
        "template": None,
        "showlegend": False,
        "xaxis": {"type": "date"},
        "yaxis": {"ticksuffix": f" {currency}", "rangemode": "tozero"},
    }
    return {"data": [trace], "layout": layout}
