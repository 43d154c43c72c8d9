"""What the operator sees first: who needs attention, and how much goes through."""

from datetime import datetime
from typing import Any

from django.utils.formats import date_format

from apps.console.domain.charts import bar_chart
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
        "readings_chart": bar_chart(readings),
        "jobs_chart": bar_chart(jobs),
    }
