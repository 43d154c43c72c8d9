"""The map of a value network: a part of its page. It stands here because `networks` lies below
contracts, data and money, which it shows."""

from datetime import datetime
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from apps.common.period import Period, add_months, local_date, month_period
from apps.networks.queries import visible_networks
from apps.reporting.domain.network_map import KINDS, draw
from apps.reporting.queries.network_flows import companies_of, flows_between
from apps.tenancy.context import current_company


def network_map(request: HttpRequest, network_id: UUID) -> HttpResponse:
    """Companies as boxes, last month's flows as arrows; the same as a table."""
    network = get_object_or_404(visible_networks(), pk=network_id)
    zone = current_company().time_zone
    month = last_month(timezone.now(), zone)
    nodes = companies_of(network)
    names = {node.key: node.name for node in nodes}
    flows = flows_between(list(names), month, zone)
    context = {
        "network": network, "month": local_date(month.start, zone), "drawing": draw(nodes, flows), "kinds": KINDS,
        "flows": [(flow, names[flow.source], names[flow.target]) for flow in flows],
    }  # fmt: skip
    return render(request, "reporting/network_map.html", context)


def last_month(now: datetime, zone: str) -> Period:
    """The calendar month before the one `now` lies in, in that zone."""
    before = add_months(local_date(now, zone).replace(day=1), -1)
    return month_period(f"{before:%Y-%m}", zone)
