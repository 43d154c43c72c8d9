"""Parts of the home page by role: a maker's fleet in the field, an owner's book, a partner's money."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from apps.common.period import Period
from apps.networks.models import Role
from apps.networks.queries import own_participations
from apps.reporting.months import month_at, month_before
from apps.reporting.queries import field, partners
from apps.settlement.queries.pages import standings
from apps.tenancy.context import current_company

# A company's part of others' revenue stands on the homes of these.
SHARING = frozenset({
    Role.MANUFACTURER, Role.OWNER, Role.MAINTENANCE, Role.SUPPLIER, Role.INTEGRATOR,
    Role.PLATFORM, Role.MARKETPLACE,
})  # fmt: skip
SHOWN_ASSETS = 25


def _last_month() -> Period:
    """The newest month the company has shares of; without any the one before this."""
    zone, latest = current_company().time_zone, field.latest_share()
    return month_before(timezone.now(), zone) if latest is None else month_at(latest, zone)


def fleet(request: HttpRequest) -> HttpResponse:
    """A maker's products in the field."""
    now, month = timezone.now(), _last_month()
    products = field.products_in_field(now, month)
    context = {
        "products": products, "month": month.start,
        "total": field.total_of(product.brought for product in products),
        "count": sum(product.count for product in products),
    }  # fmt: skip
    return render(request, "reporting/role_fleet.html", context)


def book(request: HttpRequest) -> HttpResponse:
    """An owner's assets with what they brought in."""
    now, month = timezone.now(), _last_month()
    held = field.book_of_assets(now, month)
    context = {
        "held": held[:SHOWN_ASSETS], "count": len(held), "month": month.start,
        "total": field.total_of(row.brought for row in held),
        "earning": sum(1 for row in held if row.brought.income),
        "silent": sum(1 for row in held if row.state == "silent"),
    }  # fmt: skip
    return render(request, "reporting/role_book.html", context)


def shares(request: HttpRequest) -> HttpResponse:
    """What a partner has of others' contracts."""
    month = _last_month()
    context = {
        "parts": field.shares_by_contract(month), "month": month.start,
        "standings": standings(mine=False),
    }  # fmt: skip
    return render(request, "reporting/role_shares.html", context)


def served(request: HttpRequest) -> HttpResponse:
    """What a workshop works on: things whose use pays it, and what was mounted lately."""
    month = _last_month()
    things = field.things_served(month)
    context = {
        "things": things[:SHOWN_ASSETS], "count": len(things), "month": month.start,
        "mountings": partners.mountings_lately(),
    }  # fmt: skip
    return render(request, "reporting/role_served.html", context)


def dealings(request: HttpRequest) -> HttpResponse:
    """What a partner agreed to and what it was sent: terms and statements."""
    context = {"terms": partners.terms_received(), "statements": partners.statements_received()}
    return render(request, "reporting/role_dealings.html", context)


def data(request: HttpRequest) -> HttpResponse:
    """Whose data a company may read."""
    readable = partners.data_held(timezone.now())
    return render(request, "reporting/role_data.html", {"readable": readable})


def platform(request: HttpRequest) -> HttpResponse:
    """The networks a platform or marketplace runs: who is in them, and its share."""
    month = _last_month()
    context = {"runs": partners.networks_run(month), "month": month.start}
    return render(request, "reporting/role_platform.html", context)


def memberships(request: HttpRequest) -> HttpResponse:
    """The networks the company belongs to, with its roles in each."""
    rows: dict[Any, dict[str, Any]] = {}
    for row in own_participations().filter(state="active").order_by("network__name", "role"):
        entry = rows.setdefault(row.network_id, {"network": row.network, "roles": []})
        entry["roles"].append(row.get_role_display())
    return render(request, "reporting/role_networks.html", {"rows": list(rows.values())})
