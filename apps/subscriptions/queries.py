"""Reads of plans and subscriptions: what the current company has, and how near its limits it is."""

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from apps.events.models import Job
from apps.subscriptions.domain.limits import Counted, Use
from apps.subscriptions.domain.registry import count_of
from apps.subscriptions.domain.standing import Basis, Facts, Verdict, judge
from apps.subscriptions.models import Plan, PlanInvoice, Sponsorship, Subscription
from apps.tenancy.context import current_company

# Without a row, or when what was ordered has ended.
PARTICIPANT = "participant"
# The kind of the jobs that write a company's data into one file.
EXPORT = "subscriptions.export"


def plans_on_sale() -> QuerySet[Plan]:
    """What a company may choose, the smallest first."""
    return Plan.objects.filter(is_sold=True)


def largest_plan() -> Plan:
    """Of those for sale."""
    return Plan.objects.filter(is_sold=True).latest("place")


def participant_plan() -> Plan:
    """What every company has that ordered nothing."""
    return Plan.objects.get(pk=PARTICIPANT)


def own_subscription() -> Subscription | None:
    """The current company's row with its plan; None: it never had one."""
    rows = Subscription.objects.filter(author=current_company()).select_related("plan")
    found: Subscription | None = rows.first()
    return found


def verdict_of(found: Subscription | None, now: datetime) -> Verdict:
    """What the company may do by this row at this time."""
    return judge(found.facts if found else Facts(Basis.NONE), now)


def plan_in_force(found: Subscription | None, now: datetime) -> Plan:
    """The row's plan as long as it holds, else a participant's."""
    if found is not None and verdict_of(found, now).has_plan:
        return found.plan
    return participant_plan()


def own_plan(now: datetime) -> Plan:
    """What the current company may use now."""
    return plan_in_force(own_subscription(), now)


def month_of(found: Subscription | None, now: datetime) -> datetime:
    """Since when readings are counted: the billed period's start, else the month's in the own zone."""
    if found is not None and found.period_start is not None and found.basis == Basis.PROVIDER:
        return found.period_start
    local = now.astimezone(ZoneInfo(current_company().time_zone))
    return local.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def uses(found: Subscription | None, now: datetime) -> list[Use]:
    """Everything a plan counts, against the limits in force."""
    plan, since = plan_in_force(found, now), month_of(found, now)
    return [
        Use(what, count_of(what, since), plan.included(what), plan.most(what)) for what in Counted
    ]


def own_sponsor() -> Sponsorship | None:
    """By whom the current company takes part, as long as it has no plan of its own."""
    rows = Sponsorship.objects.filter(author=current_company(), ended_at=None)
    found: Sponsorship | None = rows.first()
    return found


def sponsored() -> QuerySet[Sponsorship]:
    """Participants the current company brought in, by name."""
    rows: QuerySet[Sponsorship] = Sponsorship.objects.filter(
        sponsor=current_company(), ended_at=None
    )
    return rows.order_by("participant_name", "id")


def all_subscriptions() -> QuerySet[Subscription]:
    """Of every company; as the platform alone (the console)."""
    rows: QuerySet[Subscription] = Subscription.all_parties.select_related("plan", "author")
    return rows.order_by("author__name", "author_id")


def own_invoices() -> QuerySet[PlanInvoice]:
    """The platform's invoices to the current company, the latest first."""
    rows: QuerySet[PlanInvoice] = PlanInvoice.objects.filter(author=current_company())
    return rows


def exports_asked() -> QuerySet[Job]:
    """Exports of the current company's data, the latest first, whatever became of them."""
    return Job.objects.filter(company=current_company(), kind=EXPORT).order_by("-created_at")


def export_of(job_id: UUID) -> Job | None:
    """A written one."""
    return exports_asked().filter(pk=job_id, state=Job.State.DONE).first()
