"""Companies with their health, and what the operator may do with one."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.html import format_html
from django.utils.timesince import timesince
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from apps.accounts.addresses import company_url
from apps.accounts.models import Membership, User, VatCheck
from apps.common.templatetags.portal import money
from apps.console.admin.site import ReadOnly, column, site
from apps.console.domain.charts import bar_chart
from apps.console.models import CompanyHealth
from apps.console.operations import impersonate, set_agreement, set_company_state
from apps.console.operations.agreements import STANDING
from apps.console.queries import (
    SILENT_AFTER,
    STALE_AFTER,
    companies_with_health,
    job_figures,
    needing_attention,
    readings_by_day,
)
from apps.console.queries.revenue import invoices_of, money_of
from apps.events.models import AuditRow, Job
from apps.subscriptions.domain.standing import IN_FORCE, Basis
from apps.subscriptions.models import Subscription
from apps.subscriptions.queries import all_subscriptions, plans_to_give, refused_reports
from apps.tenancy.models import Company, Hostname

NOTHING = "–"
LATEST = 8


class AttentionFilter(admin.SimpleListFilter):
    """Who needs somebody."""

    title = _("health")
    parameter_name = "health"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("attention", _("needs attention")),
            ("silent", _("no reading for a day")),
            ("quarantine", _("quarantine not empty")),
            ("parked", _("contracts parked")),
        ]

    def queryset(self, request: HttpRequest, companies: QuerySet[Company]) -> QuerySet[Company]:
        now = timezone.now()
        chosen = {
            "attention": needing_attention(now),
            "silent": Q(last_reading_at=None) | Q(last_reading_at__lt=now - SILENT_AFTER),
            "quarantine": Q(quarantine_count__gt=0),
            "parked": Q(parked_contracts__gt=0),
        }
        return companies.filter(chosen.get(self.value() or "", Q()))


@admin.register(Company, site=site)
class CompanyAdmin(ReadOnly):
    """Tenants, with how each of them does."""

    list_display = (
        "title", "shown_state", "plan", "paid", "unpaid", "last_reading", "queue_age", "parked_job_count", "parked",
        "quarantine", "invoices", "storage", "people_count",
    )  # fmt: skip
    list_filter = ("state", AttentionFilter, "country")
    list_fullwidth = True
    search_fields = ("name", "slug", "vat_id")
    change_form_template = "console/company.html"
    fields = ("address", "vat", "place", "land", "mail", "tongue", "zone", "since")
    title, address, vat = (
        column("name", _("Company")),
        column("slug", _("Address")),
        column("vat_id", _("VAT id")),
    )
    plan = column("plan_title", _("Plan"))
    place, land = column("city", _("City")), column("country", _("Country"))
    mail, tongue = column("email", _("E-mail")), column("language", _("Language"))
    zone, since = column("time_zone", _("Time zone")), column("created_at", _("Since"))
    acts = (
        ("suspension", "suspend"), ("resumption", "resume"), ("impersonation", "impersonate"),
        ("agreement", "agree"), ("agreement-ending", "end_agreed"),
    )  # fmt: skip
    asking = frozenset({"agreement", "agreement-ending"})

    def get_queryset(self, request: HttpRequest) -> QuerySet[Company]:
        return companies_with_health(timezone.now()).order_by("name", "id")

    @display(
        description=_("State"),
        label={
            "active": "success",
            "suspended": "danger",
            "provisioning": "info",
            "erased": "default",
        },
    )
    def shown_state(self, company: Company) -> tuple[str, str]:
        return company.state, company.get_state_display()

    @display(description=_("Paid in 12 months"))
    def paid(self, company: Any) -> str:
        return amounts(company.plan_money, "paid")

    @display(description=_("Unpaid"))
    def unpaid(self, company: Any) -> Any:
        owed = amounts(company.plan_money, "open")
        return owed if owed == NOTHING else format_html('<span class="c-flag">{}</span>', owed)

    @display(description=_("Last reading"))
    def last_reading(self, company: Any) -> str:
        return _ago(company.last_reading_at)

    @display(description=_("Queue age"))
    def queue_age(self, company: Any) -> str:
        return _age(company.oldest_open_at)

    @display(description=_("Parked jobs"))
    def parked_job_count(self, company: Any) -> Any:
        return _flag(company.parked_jobs)

    @display(description=_("Parked contracts"))
    def parked(self, company: Any) -> Any:
        return _flag(company.parked_contracts)

    @display(description=_("Quarantine"))
    def quarantine(self, company: Any) -> Any:
        return _flag(company.quarantine_count)

    @display(description=_("Open invoices"))
    def invoices(self, company: Any) -> Any:
        return NOTHING if company.open_invoices is None else company.open_invoices

    @display(description=_("Storage"))
    def storage(self, company: Any) -> str:
        return NOTHING if company.storage_bytes is None else filesizeformat(company.storage_bytes)

    @display(description=_("People"), ordering="people")
    def people_count(self, company: Any) -> int:
        return int(company.people)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:  # fmt: skip
        company = self.get_object(request, object_id)
        shown = company_page(company, timezone.now()) if company else {}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **shown})

    def suspend(self, request: HttpRequest, company: Company) -> str:
        reason = request.POST.get("reason", "")
        set_company_state(
            company=company, state=Company.State.SUSPENDED, by=request.user, now=timezone.now(),
            reason=reason,
        )  # fmt: skip
        return gettext(
            "%(name)s is suspended within half a minute. Its people see a page that says so; its "
            "machines' readings are stored as before."
        ) % {"name": company.name}

    def impersonate(self, request: HttpRequest, company: Company) -> HttpResponse:
        impersonate(
            company=company, by=User.objects.get(pk=request.user.pk or 0), now=timezone.now(),
            reason=request.POST.get("reason", ""),
        )  # fmt: skip
        return redirect(company_url(company, "/enter/start/", path="/"))

    def resume(self, request: HttpRequest, company: Company) -> str:
        set_company_state(
            company=company, state=Company.State.ACTIVE, by=request.user, now=timezone.now(),
            reason=request.POST.get("reason", ""),
        )  # fmt: skip
        return gettext("%(name)s is open again within half a minute.") % {"name": company.name}

    def agree(self, request: HttpRequest, company: Company) -> str:
        plan = plans_to_give().filter(pk=request.POST.get("plan", "")).first()
        if plan is None:
            raise ValidationError(gettext("Choose a plan."))
        set_agreement(
            company=company, plan=plan, by=request.user, now=timezone.now(),
            reason=request.POST.get("reason", ""),
        )  # fmt: skip
        return gettext("%(name)s has the plan %(plan)s by agreement.") % {
            "name": company.name, "plan": plan.title,
        }  # fmt: skip

    def end_agreed(self, request: HttpRequest, company: Company) -> str:
        set_agreement(
            company=company, plan=None, by=request.user, now=timezone.now(),
            reason=request.POST.get("reason", ""),
        )  # fmt: skip
        return gettext("%(name)s takes part without a plan of its own now.") % {
            "name": company.name
        }


def company_page(company: Any, now: datetime) -> dict[str, Any]:
    """Of one company, annotated as in the list: health, a chart, jobs that failed, people, plan, audit."""
    health = CompanyHealth.all_parties.filter(author=company).first()
    days = readings_by_day(now, [health] if health else [], days=30)
    jobs = Job.all_parties.filter(company=company)
    people = Membership.all_parties.filter(author=company, ended_at=None).select_related("user")
    return {
        "now": now,
        "company": company,
        **_plan_of(company, now),
        "refused_use": list(refused_reports().filter(author=company)[:LATEST]),
        "vat_check": VatCheck.all_parties.filter(author=company).first(),
        "health": health,
        "health_is_stale": health is None or health.noted_at < now - STALE_AFTER,
        "jobs": job_figures(now, company),
        "readings_chart": bar_chart([(f"{day:%d.%m.}", [("readings", n)]) for day, n in days]),
        "failed_jobs": jobs.filter(state=Job.State.PARKED).order_by("-id")[:LATEST],
        "people": people.order_by("user__name")[: LATEST * 3],
        "hostnames": Hostname.objects.filter(tenant=company),
        "audit": AuditRow.all_parties.filter(author=company).order_by("-id")[:LATEST],
    }


def _plan_of(company: Any, now: datetime) -> dict[str, Any]:
    """What it has, what else it may be given, and what it paid and owes for it."""
    found: Subscription | None = (
        all_subscriptions().filter(author=company).exclude(basis=Basis.NONE).first()
    )
    is_agreed = found is not None and found.basis == Basis.AGREEMENT
    is_ordered = found is not None and found.basis == Basis.PROVIDER and found.status in IN_FORCE
    plans = plans_to_give().exclude(pk=found.plan_id) if found and is_agreed else plans_to_give()
    sums = money_of(company, now)
    return {
        "subscription": found, "is_agreed": is_agreed, "is_ordered": is_ordered, "plans": plans,
        "stands": company.state in STANDING, "plan_invoices": invoices_of(company)[:LATEST],
        "plan_paid": amounts(sums, "paid"),
        "plan_unpaid": amounts(sums, "open"),
    }  # fmt: skip


def amounts(sums: list[dict[str, Any]], what: str) -> str:
    """By currency, those that are none left out."""
    found = [money(one[what], one["currency"]) for one in sums if one[what]]
    return ", ".join(found) or NOTHING


def _ago(instant: datetime | None) -> str:
    if instant is None:
        return NOTHING
    return gettext("%(time)s ago") % {"time": timesince(instant, timezone.now(), depth=1)}


def _age(instant: datetime | None) -> str:
    return NOTHING if instant is None else timesince(instant, timezone.now(), depth=1)


def _flag(count: int | None) -> Any:
    """A number, marked when there is something to look at."""
    if count is None:
        return NOTHING
    return format_html('<span class="c-flag">{}</span>', count) if count else "0"


@admin.register(Hostname, site=site)
class HostnameAdmin(ReadOnly):
    """Addresses of the portals."""

    list_display = ("host", "company", "primary")
    fields = ("host", "company", "primary")
    host, company = column("domain", _("Address")), column("tenant", _("Company"))
    primary = column("is_primary", _("Main address"))
    list_select_related = ("tenant",)
    search_fields = ("domain", "tenant__name")
