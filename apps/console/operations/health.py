"""A company's own job notes how its portal does."""

from datetime import UTC, datetime, timedelta

from apps.billing.queries.counting import billing_health
from apps.console.models import CompanyHealth
from apps.contracts.models import Contract
from apps.telemetry.queries.health import intake_health
from apps.tenancy.context import current_company
from apps.tenancy.queries import schema_bytes

DAYS_SHOWN = 30


def note_health(*, now: datetime) -> CompanyHealth:
    """Write the current company's health row, the only thing of it the platform reads."""
    company = current_company()
    today = now.astimezone(UTC).date()
    intake = intake_health(since=today - timedelta(days=DAYS_SHOWN - 1), today=today)
    billing = billing_health(today=today)
    row, _made = CompanyHealth.objects.update_or_create(
        author=company,
        defaults={
            "parties": [company.pk],
            "noted_at": now,
            "last_reading_at": intake.last_reading_at,
            "readings_by_day": [[day.isoformat(), count] for day, count in intake.by_day],
            "days_behind": intake.days_behind,
            "refused": intake.refused,
            "disbelieved": intake.disbelieved,
            "parked_contracts": billing["parked"],
            "running_contracts": Contract.objects.written_by(company)
            .filter(state=Contract.State.ACTIVE)
            .count(),
            "open_invoices": billing["open_invoices"],
            "overdue_invoices": billing["overdue_invoices"],
            "storage_bytes": schema_bytes(company.schema_name),
        },
    )
    return row
