"""The home page, its running cost, and the search."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone

from apps.accounts.queries import is_alone
from apps.assets.queries import reporting_state
from apps.common import navigation
from apps.common.money import CURRENCIES
from apps.common.period import local_date
from apps.common.rows import COUNTED
from apps.networks.models import Role
from apps.reporting import steps
from apps.reporting.charts import cost_by_day
from apps.reporting.queries import costs
from apps.reporting.queries import home as reads
from apps.reporting.queries.roles import Standing, standing
from apps.reporting.queries.search import search
from apps.reporting.roles import SHARING
from apps.tenancy.context import current_company

LONGEST_SEARCH = 200


def home(request: HttpRequest) -> HttpResponse:
    """What needs the person now, what runs, what it costs or brings."""
    now = timezone.now()
    counts = reads.counts(now, request.user.pk or 0)
    today = local_date(now, current_company().time_zone)
    company = standing(counts, today, COUNTED + 1)
    chosen = request.GET.get("role", "")
    context: dict[str, Any] = {
        "counts": counts, "now": now, "shares": company.shares,
        **_roles(company, chosen if chosen in company.roles else ""),
        "begun": counts.has_begun or company.is_known,
        "needs": steps.needs(counts, company, request.capabilities),  # type: ignore[attr-defined]
    }  # fmt: skip
    if counts.has_begun:
        context["invoices"] = (
            reads.latest_invoices() if counts.invoices or counts.invoice_drafts else []
        )
        context["assets"] = _assets(now) if counts.assets else []
        context["offers"] = reads.latest_offers() if counts.offers_in else []
    context["steps"] = steps.first_steps(counts, company, request.capabilities, is_alone)  # type: ignore[attr-defined]
    return render(request, "reporting/home.html", context)


def _roles(company: Standing, chosen: str) -> dict[str, Any]:
    """The company's roles to switch between, and those whose parts are shown."""
    roles = company.in_order()
    return {
        "roles": [(role, Role(role).label) for role in roles], "chosen": chosen,
        "shown": frozenset([chosen] if chosen else roles),
        "has_book": chosen == Role.OWNER or (not chosen and company.owned),
        "may_share": _shares_in(company, chosen),
    }  # fmt: skip


def _shares_in(company: Standing, chosen: str) -> bool:
    """Whether the page shows what the company has of others' revenue; a provider without any does not
    ask for it."""
    if chosen:
        return chosen in SHARING
    provides = Role.PROVIDER in company.roles
    return company.shares or (not provides and bool(SHARING & company.roles))


def _assets(now: datetime) -> list[Any]:
    assets: list[Any] = reads.lately_heard_assets()
    for asset in assets:
        asset.reporting = reporting_state(asset.last_reading_at, asset.expected_interval, now)
    return assets


def running_cost_tile(request: HttpRequest) -> HttpResponse:
    """The open periods' cost so far, on the provider's and the customer's side, by currency."""
    side = request.GET.get("side", "")
    totals = costs.running_totals(now=timezone.now())
    totals = [total for total in totals if side in ("", total.side)]
    return render(request, "reporting/running_cost.html", {"totals": totals})


def running_cost_chart(request: HttpRequest) -> HttpResponse:
    """A plotly figure: cost of each day's usage in the open periods."""
    side = "customer" if request.GET.get("side") == "customer" else "provider"
    currency = request.GET.get("currency", "")
    if currency not in CURRENCIES:
        return JsonResponse({"data": [], "layout": {}})
    days = costs.cost_of_days(side=side, currency=currency, now=timezone.now())
    return JsonResponse(cost_by_day(days, currency))


def search_page(request: HttpRequest) -> HttpResponse:
    """Hits for `?q=`: a part for the palette, a page without JavaScript."""
    text = request.GET.get("q", "").replace("\0", "").strip()[:LONGEST_SEARCH]
    groups = search(text, request.capabilities)  # type: ignore[attr-defined]
    htmx = request.htmx and not request.htmx.history_restore_request  # type: ignore[attr-defined]
    template = "reporting/hits.html" if htmx else "reporting/search.html"
    return render(request, template, {"groups": groups, "text": text})


def all_pages(request: HttpRequest) -> HttpResponse:
    """Everything the person may open, also what the company's menu leaves out."""
    sections = navigation.everything(request.capabilities)  # type: ignore[attr-defined]
    return render(request, "reporting/all_pages.html", {"sections": sections})
