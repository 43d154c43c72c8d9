"""Reads of plans and subscriptions: what the current company has, and how near its limits it is."""

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.events.models import Job
from apps.subscriptions.domain.keeping import Reason
from apps.subscriptions.domain.limits import LIMITED, Counted, Use
from apps.subscriptions.domain.registry import Hold, count_of, holds_of, is_counted
from apps.subscriptions.domain.standing import Basis, Facts, Verdict, judge
from apps.subscriptions.models import (
    Departure,
    Plan,
    PlanInvoice,
    Sponsorship,
    Subscription,
    UseReport,
)
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


def plans_to_give() -> QuerySet[Plan]:
    """What the operator may give by agreement, the smallest first: all that is more than taking part."""
    return Plan.objects.exclude(pk=PARTICIPANT)


def participant_plan() -> Plan:
    """What every company has that ordered nothing."""
    return Plan.objects.get(pk=PARTICIPANT)


def own_subscription() -> Subscription | None:
    """The current company's row with its plan; None: it never had one."""
    rows = Subscription.objects.filter(author=current_company()).select_related("plan", "next_plan")
    found: Subscription | None = rows.first()
    return found


def living_there() -> int:
    """How many of the current company's subscriptions at the provider were in force when it was asked last."""
    found = own_subscription()
    return 0 if found is None else found.living


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
        Use(what, count_of(what, since), plan.included(what), plan.most(what), plan.fee_for(what))
        for what in Counted
        if is_counted(what) or what in LIMITED
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


def refused_reports() -> QuerySet[UseReport]:
    """What the provider does not take of any company's use; as the platform alone (the console)."""
    rows: QuerySet[UseReport] = UseReport.all_parties.filter(sent_at=None).exclude(refusal="")
    return rows


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


def last_export(since: datetime | None = None) -> dict[str, object]:
    """Of the current company's newest written export: when, SHA-256, bytes, rows; empty without one.

    `since`: only of one that was begun then or later.
    """
    rows = exports_asked().filter(state=Job.State.DONE, result__has_key="sha256")
    job = (rows if since is None else rows.filter(finished_at__gte=since)).first()
    if job is None or job.finished_at is None or not job.result:
        return {}
    known = {name: job.result[name] for name in ("sha256", "bytes", "rows", "documents")}
    return {"written_at": job.finished_at.isoformat(), **known}


def own_departure() -> Departure | None:
    """The current company's wish to leave, unless it was taken back."""
    rows = Departure.objects.filter(author=current_company())
    found: Departure | None = rows.exclude(state=Departure.State.WITHDRAWN).first()
    return found


def leaving_holds(now: datetime) -> list[Hold]:
    """What the current company has to finish before it can be erased."""
    return holds_of(now)


def export_missing() -> Hold:
    """Nothing is erased before the export is written."""
    return Hold(_("The export is not written yet."), "plan_exports")


def reasons_kept(rows: list[dict[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    """What stays of an erased company, by reason in words."""
    words = {
        Reason.BOOKS: _("Books and documents: commercial and tax law want them kept (in Germany §§ 147 AO, 257 HGB)."),
        Reason.EVIDENCE: _("Evidence of what was billed, which belongs to the documents."),
        Reason.SHARED: _("Contracts and other rows that a partner sees too: they are the partner's as well."),
        Reason.NAMED: _("Named by a row that stays."),
        Reason.AUDIT: _("Who did what, sealed against change, and this departure itself."),
    }  # fmt: skip
    found = [(words[one], [row for row in rows if row["reason"] == one.value]) for one in words]
    return [(text, some) for text, some in found if some]
