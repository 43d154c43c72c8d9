"""Figures of usage records as plain dicts; the browser gives them the page's colours."""

from typing import Any

from apps.common.units import UNITS
from apps.metering.domain.figures import UsageFigures


def usage_by_day(figures: UsageFigures, language: str) -> dict[str, Any]:
    """Bars of each local day's usage."""
    unit = UNITS.get(figures.unit)
    symbol = unit.symbol(language) if unit else figures.unit
    bars = {
        "type": "bar", "x": [day.day.isoformat() for day in figures.own_days],
        "y": [float(day.quantity) for day in figures.own_days],
        "hovertemplate": f"%{{y}} {symbol}<extra></extra>",
    }  # fmt: skip
    layout = {
        "showlegend": False, "xaxis": {"type": "date"},
        "yaxis": {"rangemode": "tozero", "title": {"text": symbol}},
    }  # fmt: skip
    return {"data": [bars], "layout": layout}
