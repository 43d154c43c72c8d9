"""What companies pay the platform, read only: plans, standings, and paid invoices by month."""

from collections import defaultdict
from datetime import UTC, date, datetime

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Coalesce, JSONObject, TruncMonth

from apps.subscriptions.domain.standing import Basis
from apps.subscriptions.models import Plan, PlanInvoice, Subscription
from apps.tenancy.models import Company

MONTHS = 12


def plans_by_standing() -> list[tuple[str, str, int]]:
    """(plan's title, standing's code, how many companies), the dearest plan last."""
    rows = Subscription.all_parties.exclude(basis=Basis.NONE).order_by()
    counts = {
        (plan, standing): n
        for plan, standing, n in rows.values_list("plan", "standing").annotate(n=Count("pk"))
    }
    plans = Plan.objects.in_bulk()
    ordered = sorted(counts, key=lambda key: (plans[key[0]].place, key[1]))
    return [(plans[plan].title, standing, counts[plan, standing]) for plan, standing in ordered]


def paid_by_month(now: datetime) -> dict[str, list[tuple[date, int]]]:
    """By currency the last twelve UTC months, oldest first, with what was paid: minor units, no tax."""
    months = _months(now)
    rows = (
        PlanInvoice.all_parties.filter(_paid(now))
        .annotate(month=TruncMonth("paid_at", tzinfo=UTC))
        .order_by()
        .values_list("currency", "month")
        .annotate(net=Sum("net_minor"))
    )
    found: dict[str, dict[date, int]] = defaultdict(dict)
    for currency, month, net in rows:
        found[currency][month.date()] = net
    return {
        currency: [(month, paid.get(month, 0)) for month in months]
        for currency, paid in sorted(found.items())
    }


def money_of(company: Company, now: datetime) -> list[dict[str, object]]:
    """`paid_and_open` of one company."""
    found: list[dict[str, object]] = Company.objects.values_list(paid_and_open(now), flat=True).get(
        pk=company.pk
    )
    return found


def paid_and_open(now: datetime) -> ArraySubquery:
    """For a query of companies: by currency what each paid in the same months, without tax, and owes, with it.

    A list of {"currency", "paid", "open"}, minor units; companies without invoices have none.
    """
    rows = PlanInvoice.all_parties.filter(author=OuterRef("pk")).order_by("currency")
    sums = rows.values("currency").annotate(
        paid=Coalesce(Sum("net_minor", filter=_paid(now)), 0),
        open=Coalesce(Sum("open_minor", filter=_OWED), 0),
    )
    told = JSONObject(currency="currency", paid="paid", open="open")
    return ArraySubquery(sums.annotate(told=told).values("told"))


def invoices_of(company: Company) -> QuerySet[PlanInvoice]:
    """The platform's invoices to a company, the latest first."""
    rows: QuerySet[PlanInvoice] = PlanInvoice.all_parties.filter(author=company)
    return rows


# As what keeps a company from leaving.
_OWED = Q(state__in=[PlanInvoice.State.OPEN, PlanInvoice.State.UNCOLLECTIBLE])


def _paid(now: datetime) -> Q:
    first = _months(now)[0]
    since = datetime(first.year, first.month, 1, tzinfo=UTC)
    return Q(state=PlanInvoice.State.PAID, paid_at__gte=since)


def _months(now: datetime) -> list[date]:
    last = now.astimezone(UTC)
    numbers = range(last.year * 12 + last.month - MONTHS, last.year * 12 + last.month)
    return [date(number // 12, number % 12 + 1, 1) for number in numbers]
