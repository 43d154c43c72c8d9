"""What companies pay the platform, read only: plans, standings, and paid invoices by month."""

from collections import defaultdict
from datetime import UTC, date, datetime

from django.db.models import Count, Sum
from django.db.models.functions import TruncMonth

from apps.subscriptions.models import Plan, PlanInvoice, Subscription

MONTHS = 12


def plans_by_standing() -> list[tuple[str, str, int]]:
    """(plan's title, standing's code, how many companies), the dearest plan last."""
    rows = Subscription.all_parties.order_by().values_list("plan", "standing")
    counts = {(plan, standing): n for plan, standing, n in rows.annotate(n=Count("pk"))}
    plans = Plan.objects.in_bulk()
    ordered = sorted(counts, key=lambda key: (plans[key[0]].place, key[1]))
    return [(plans[plan].title, standing, counts[plan, standing]) for plan, standing in ordered]


def paid_by_month(now: datetime) -> dict[str, list[tuple[date, int]]]:
    """By currency the last twelve UTC months, oldest first, with what was paid: minor units, no tax."""
    months = _months(now)
    first = datetime(months[0].year, months[0].month, 1, tzinfo=UTC)
    rows = (
        PlanInvoice.all_parties.filter(state=PlanInvoice.State.PAID, paid_at__gte=first)
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


def _months(now: datetime) -> list[date]:
    last = now.astimezone(UTC)
    numbers = range(last.year * 12 + last.month - MONTHS, last.year * 12 + last.month)
    return [date(number // 12, number % 12 + 1, 1) for number in numbers]
