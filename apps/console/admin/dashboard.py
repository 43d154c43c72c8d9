"""What the operator sees first: who needs attention, and how much goes through."""

from datetime import datetime
from typing import Any

from django.utils.formats import date_format

from apps.common.templatetags.portal import money
from apps.console.domain.charts import Chart, bar_chart
from apps.console.queries import (
    broken_chains,
    companies_by_state,
    companies_with_health,
    job_figures,
    jobs_by_hour,
    needing_attention,
    readings_by_day,
    webhook_figures,
)
from apps.console.queries.revenue import paid_by_month, plans_by_standing

ATTENTION = 8


def dashboard(now: datetime) -> dict[str, Any]:
    """Figures and charts of the whole platform; nothing of any company's business."""
    wanting = companies_with_health(now).filter(needing_attention(now)).order_by("name")
    readings = [
        (date_format(day, "MONTH_DAY_FORMAT"), [("readings", count)])
        for day, count in readings_by_day(now)
    ]
    jobs = [
        (hour.strftime("%H:%M"), [("done", done), ("parked", parked)])
        for hour, done, parked in jobs_by_hour(now)
    ]
    states = companies_by_state()
    return {
        "now": now,
        "states": states,
        "company_count": sum(states.values()),
        "jobs": job_figures(now),
        "webhooks": webhook_figures(now),
        "broken_chains": list(broken_chains()[:ATTENTION]),
        "attention": list(wanting[: ATTENTION + 1]),
        "attention_most": ATTENTION,
        "plans": plans_by_standing(),
        "revenue": revenue(now),
        "readings_chart": bar_chart(readings),
        "jobs_chart": bar_chart(jobs),
    }


def revenue(now: datetime) -> list[tuple[str, str, Chart]]:
    """By currency: its code, what was paid in twelve months, and a chart of the months."""
    found = []
    for currency, months in paid_by_month(now).items():
        columns = [(date_format(month, "M Y"), [("revenue", paid)]) for month, paid in months]
        texts = {date_format(month, "M Y"): money(paid, currency) for month, paid in months}
        chart = bar_chart(columns, texts)
        found.append((currency, money(chart.total, currency), chart))
    return found
