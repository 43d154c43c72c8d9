"""Reads of the console, as the platform: through its policies, never in a company's schema."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, F, Min, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, TruncHour
from django.utils.translation import get_language

from apps.accounts.models import Membership
from apps.common.ids import least_id
from apps.console.models import CompanyHealth
from apps.console.queries.revenue import paid_and_open
from apps.events.models import AuditCheck, Job, WebhookMessage
from apps.payments.models import WebhookEvent
from apps.subscriptions.domain.standing import Basis
from apps.subscriptions.models import Subscription
from apps.subscriptions.queries import refused_reports
from apps.tenancy.models import Company

# Due for longer than this and not done: no worker takes it, or the one that did is gone.
STUCK_AFTER = timedelta(minutes=5)
# A health row is written each ten minutes; older than this nobody works for the company.
STALE_AFTER = timedelta(minutes=30)
SILENT_AFTER = timedelta(days=1)
CHART_DAYS, CHART_HOURS = 14, 24
UNSETTLED = [Job.State.WAITING, Job.State.RUNNING, Job.State.PARKED]
# How long before its end a job of the chart was written at most; the keys tell when, and have an index.
LONGEST_JOB = timedelta(days=3)


def open_jobs() -> Q:
    """Waiting or running."""
    return Q(state__in=[Job.State.WAITING, Job.State.RUNNING])


def stuck_jobs(now: datetime) -> Q:
    """Due since long, or running on a lease that ran out long ago."""
    before = now - STUCK_AFTER
    return Q(state=Job.State.WAITING, run_after__lt=before) | Q(
        state=Job.State.RUNNING, lease_until__lt=before
    )


def companies_with_health(now: datetime) -> QuerySet[Company]:
    """All companies with what their health row says, their open work and their people.

    Annotated: `noted_at`, `last_reading_at`, `quarantine`, `parked_contracts`, `open_invoices`,
    `storage_bytes` (None without a row), `oldest_open_at`, `parked_jobs`, `people`; `plan_money` as
    `paid_and_open` has it.
    """
    health = CompanyHealth.all_parties.filter(author=OuterRef("pk"))
    jobs = Job.all_parties.filter(company=OuterRef("pk")).order_by()
    plan = Subscription.all_parties.filter(author=OuterRef("pk")).exclude(basis=Basis.NONE)
    title = "title_de" if (get_language() or "").startswith("de") else "title_en"
    people = Membership.all_parties.filter(author=OuterRef("pk"), ended_at=None).order_by()
    due = jobs.filter(open_jobs(), run_after__lte=now)
    return Company.objects.annotate(
        noted_at=Subquery(health.values("noted_at")),
        last_reading_at=Subquery(health.values("last_reading_at")),
        quarantine_count=Subquery(
            health.annotate(sum=F("refused") + F("disbelieved")).values("sum")
        ),
        parked_contracts=Subquery(health.values("parked_contracts")),
        open_invoices=Subquery(health.values("open_invoices")),
        storage_bytes=Subquery(health.values("storage_bytes")),
        oldest_open_at=Subquery(
            due.values("company").annotate(oldest=Min("run_after")).values("oldest")
        ),
        parked_jobs=Coalesce(Subquery(_count(jobs.filter(state=Job.State.PARKED), "company")), 0),
        plan_code=Subquery(plan.values("plan")),
        plan_title=Subquery(plan.values(f"plan__{title}")),
        people=Coalesce(Subquery(_count(people, "author")), 0),
        plan_money=paid_and_open(now),
    )


def _count(rows: QuerySet[Any], by: str) -> Any:
    return rows.values(by).annotate(number=Count("pk")).values("number")


def needing_attention(now: datetime) -> Q:
    """Of companies: whose jobs are parked or stuck, whose health nobody has noted for long, who pays twice, or of
    whose use a report is refused."""
    jobs = Job.all_parties.filter(company=OuterRef("pk"))
    return Q(state=Company.State.ACTIVE) & (
        Exists(Subscription.all_parties.filter(author=OuterRef("pk"), living__gt=1))
        | Exists(refused_reports().filter(author=OuterRef("pk")))
        | Exists(jobs.filter(Q(state=Job.State.PARKED) | stuck_jobs(now)))
        | ~Exists(
            CompanyHealth.all_parties.filter(author=OuterRef("pk"), noted_at__gte=now - STALE_AFTER)
        )
    )


@dataclass(frozen=True, slots=True)
class JobFigures:
    """How many jobs are where, and since when the oldest due one waits."""

    waiting: int
    running: int
    stuck: int
    parked: int
    oldest_due_at: datetime | None
    # The oldest due job that follows an event: how far the outbox is behind.
    oldest_event_at: datetime | None


def job_figures(now: datetime, company: Company | None = None) -> JobFigures:
    """Of all companies, or of one. One query over open and parked jobs."""
    rows = Job.all_parties.filter(state__in=UNSETTLED).order_by()
    if company is not None:
        rows = rows.filter(company=company)
    due = Q(open_jobs(), run_after__lte=now)
    return JobFigures(
        **rows.aggregate(
            waiting=Count("pk", filter=Q(state=Job.State.WAITING)),
            running=Count("pk", filter=Q(state=Job.State.RUNNING)),
            stuck=Count("pk", filter=stuck_jobs(now)),
            parked=Count("pk", filter=Q(state=Job.State.PARKED)),
            oldest_due_at=Min("run_after", filter=due),
            oldest_event_at=Min("created_at", filter=due & Q(event_id__isnull=False)),
        )
    )


def jobs_by_hour(now: datetime) -> list[tuple[datetime, int, int]]:
    """(hour, jobs done, jobs parked) of the last day, oldest first; UTC hours."""
    last = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    first = last - timedelta(hours=CHART_HOURS - 1)
    rows = (
        Job.all_parties.filter(
            pk__gte=least_id(first - LONGEST_JOB),
            finished_at__gte=first,
            state__in=[Job.State.DONE, Job.State.PARKED],
        )
        .annotate(hour=TruncHour("finished_at", tzinfo=UTC))
        .order_by()
        .values_list("hour", "state")
        .annotate(number=Count("pk"))
    )
    found = {(hour, state): number for hour, state, number in rows}
    return [
        (hour, found.get((hour, Job.State.DONE), 0), found.get((hour, Job.State.PARKED), 0))
        for hour in (first + timedelta(hours=n) for n in range(CHART_HOURS))
    ]


def readings_by_day(
    now: datetime, rows: Iterable[CompanyHealth] | None = None, days: int = CHART_DAYS
) -> list[tuple[date, int]]:
    """(UTC day, readings measured on it) of these health rows, or of all; oldest first."""
    total: dict[str, int] = defaultdict(int)
    for health in CompanyHealth.all_parties.all() if rows is None else rows:
        for day, count in health.readings_by_day:
            total[day] += count
    today = now.astimezone(UTC).date()
    span = [today - timedelta(days=days - 1 - n) for n in range(days)]
    return [(day, total[day.isoformat()]) for day in span]


def companies_by_state() -> dict[str, int]:
    """How many companies have which state."""
    rows = Company.objects.order_by().values_list("state").annotate(number=Count("pk"))
    return dict(rows)


def broken_chains() -> QuerySet[AuditCheck]:
    """Chains of audit rows that did not hold when they were last looked at."""
    return AuditCheck.all_parties.exclude(faults=[]).select_related("author")


@dataclass(slots=True)
class WebhookFigures:
    """Messages by state: of the payment provider to us, and of companies to others."""

    incoming: Counter[str] = field(default_factory=Counter)
    outgoing: Counter[str] = field(default_factory=Counter)
    oldest_outgoing_at: datetime | None = None


def webhook_figures(now: datetime) -> WebhookFigures:
    """What is not settled, and since when the oldest message to others is due."""
    incoming = WebhookEvent.objects.exclude(state=WebhookEvent.State.APPLIED).order_by()
    outgoing = WebhookMessage.all_parties.exclude(state=WebhookMessage.State.DELIVERED).order_by()
    found = WebhookFigures()
    found.incoming.update(dict(incoming.values_list("state").annotate(number=Count("pk"))))
    found.outgoing.update(dict(outgoing.values_list("state").annotate(number=Count("pk"))))
    found.oldest_outgoing_at = outgoing.filter(next_at__lte=now).aggregate(at=Min("next_at"))["at"]
    return found
