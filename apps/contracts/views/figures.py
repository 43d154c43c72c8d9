"""Figures of contracts as plain dicts; the browser gives them the page's colours."""

from typing import Any

from django.utils.translation import gettext as _

from apps.common.money import Money, format_money
from apps.common.units import UNITS
from apps.contracts.queries.quoting import Curve


def price_over_quantity(curve: Curve, currency: str, language: str) -> dict[str, Any]:
    """The plan's net over the quantity, and the month itself as a point."""

    def trace(points: list[Any], **more: Any) -> dict[str, Any]:
        money = [Money(net, currency) for _at, net in points]
        return {
            "type": "scatter", "x": [float(at) for at, _net in points],
            "y": [float(item.to_decimal()) for item in money],
            "text": [format_money(item, language) for item in money],
            "hovertemplate": "%{text}<extra></extra>", **more,
        }  # fmt: skip

    data = [trace(curve.points, mode="lines", name=_("Price"))]
    if curve.here is not None:
        data.append(trace([curve.here], mode="markers", name=_("this month"), marker={"size": 10}))
    unit = UNITS.get(curve.unit or "")
    shown = (unit.symbol(language) or unit.name(language)) if unit else str(curve.unit)
    title = _("Usage of the month in %") if curve.unit is None else shown
    layout = {
        "showlegend": False, "hovermode": "closest",
        "xaxis": {"rangemode": "tozero", "title": {"text": title}},
        "yaxis": {"rangemode": "tozero", "title": {"text": currency}},
    }  # fmt: skip
    return {"data": data, "layout": layout}
