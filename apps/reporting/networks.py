"""The map of a value network: a part of its page. It stands here because `networks` lies below
contracts, data and money, which it shows."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.utils import timezone

from apps.common.period import Period, add_months, local_date, month_period
from apps.common.quantity import BadValue
from apps.networks.queries import visible_networks
from apps.reporting.domain.network_map import KINDS, draw
from apps.reporting.months import month_at, month_before
from apps.reporting.queries.network_flows import companies_of, flows_between, latest_billed
from apps.tenancy.context import current_company

# Months before this one that are searched for the latest invoiced.
LOOKED_BACK = 3


def network_map(request: HttpRequest, network_id: UUID) -> HttpResponse:
    """Companies as boxes, a month's flows as arrows; the same as a table.

    Last month's, or where nothing of it is invoiced yet, those of the latest month that is.
    """
    network = get_object_or_404(visible_networks(), pk=network_id)
    zone = current_company().time_zone
    month = chosen_month(request.GET.get("month", ""), network.pk, timezone.now(), zone)
    nodes = companies_of(network, month)
    names = {node.key: node.name for node in nodes}
    flows = flows_between(network.pk, list(names), month, zone)
    kinds = {kind: render_to_string("reporting/flow_kind.html", {"kind": kind}) for kind in KINDS}
    context = {
        "network": network, **_months(month, zone, timezone.now()), "drawing": draw(nodes, flows), "kinds": KINDS,
        "flows": [
            (flow, kinds[flow.kind], names[flow.source], names[flow.target]) for flow in flows
        ],
    }  # fmt: skip
    return render(request, "reporting/network_map.html", context)


def chosen_month(text: str, network: UUID, now: datetime, zone: str) -> Period:
    """The month named as 2026-03; else the latest calendar month before that of `now` which is invoiced."""
    try:
        return month_period(text, zone)
    except BadValue:
        last, first = month_before(now, zone), month_before(now, zone, LOOKED_BACK)
    billed = latest_billed(network, first.start, last.end)
    return last if billed is None else month_at(billed, zone)


def _months(month: Period, zone: str, now: datetime) -> dict[str, Any]:
    """The month and its neighbours; none that has not begun."""
    first = local_date(month.start, zone)
    later = add_months(first, 1)
    return {
        "month": first, "earlier": add_months(first, -1),
        "later": later if later <= local_date(now, zone) else None,
    }  # fmt: skip
