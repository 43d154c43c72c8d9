"""The admin console: companies, people and jobs of the whole platform, for its operator only."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.sites import UnfoldAdminSite

from apps.accounts.addresses import local_path
from apps.accounts.middleware import SESSION_ROOT
from apps.accounts.models import Membership, User
from apps.accounts.queries import root_stands
from apps.console.operations import retry_jobs, set_company_state
from apps.events.models import AuditRow, Job
from apps.tenancy.models import Company, Hostname


class ConsoleSite(UnfoldAdminSite):
    """Only staff, only here, while the sign-in they came from stands."""

    site_header = site_title = _("Peruse console")
    index_title = _("Platform")

    def has_permission(self, request: HttpRequest) -> bool:
        person = request.user
        if not (person.is_active and getattr(person, "is_staff", False)):
            return False
        return root_stands(request.session.get(SESSION_ROOT, ""), timezone.now())

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """No password is typed here; the sign-in host sends the person back with a code."""
        wanted = urlencode({"path": local_path(request.GET.get("next"))})
        return redirect(f"{reverse('enter_start')}?{wanted}")


site = ConsoleSite(name="admin")


class ReadOnly(ModelAdmin):
    """Shows, never edits: acts are buttons of their own, each audited."""

    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        manager = getattr(self.model, "all_parties", self.model._default_manager)
        rows = manager.all()
        ordering = self.get_ordering(request)
        return rows.order_by(*ordering) if ordering else rows


@admin.register(Company, site=site)
class CompanyAdmin(ReadOnly):
    """Tenants, with what waits or is parked in each."""

    list_display = (
        "name",
        "slug",
        "country",
        "shown_state",
        "people",
        "open_jobs",
        "parked_jobs",
        "created_at",
    )
    list_filter = ("state", "country")
    search_fields = ("name", "slug", "vat_id")
    actions = ("suspend", "resume")
    ordering = ("name",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Company]:
        return Company.objects.order_by("name")

    def get_actions(self, request: HttpRequest) -> Any:
        return super(ModelAdmin, self).get_actions(request)

    @display(description=_("State"), label={"active": "success", "suspended": "danger"})
    def shown_state(self, company: Company) -> tuple[str, str]:
        return company.state, company.get_state_display()

    @display(description=_("People"))
    def people(self, company: Company) -> int:
        return Membership.all_parties.filter(author=company, ended_at=None).count()

    @display(description=_("Open jobs"))
    def open_jobs(self, company: Company) -> int:
        return _jobs(company, "waiting", "running")

    @display(description=_("Parked jobs"))
    def parked_jobs(self, company: Company) -> int:
        return _jobs(company, "parked")

    @admin.action(description=_("Suspend the chosen companies"))
    def suspend(self, request: HttpRequest, companies: QuerySet[Company]) -> None:
        for company in companies:
            set_company_state(
                company=company,
                state=Company.State.SUSPENDED,
                by=request.user,
                now=timezone.now(),
            )

    @admin.action(description=_("Resume the chosen companies"))
    def resume(self, request: HttpRequest, companies: QuerySet[Company]) -> None:
        for company in companies.filter(state=Company.State.SUSPENDED):
            set_company_state(
                company=company, state=Company.State.ACTIVE, by=request.user, now=timezone.now()
            )


def _jobs(company: Company, *states: str) -> int:
    return Job.all_parties.filter(company=company, state__in=states).count()


@admin.register(Hostname, site=site)
class HostnameAdmin(ReadOnly):
    """Addresses of the portals."""

    list_display = ("domain", "tenant", "is_primary")
    search_fields = ("domain",)


@admin.register(User, site=site)
class UserAdmin(ReadOnly):
    """People and where they belong; passwords are never shown."""

    list_display = ("name", "email", "language", "is_active", "is_staff", "companies", "joined_at")
    list_filter = ("is_active", "is_staff", "language")
    search_fields = ("name", "email")
    exclude = ("password",)
    ordering = ("name",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        current = Count("memberships", filter=Q(memberships__ended_at=None))
        return User.objects.annotate(company_count=current).order_by("name")

    @display(description=_("Companies"))
    def companies(self, user: Any) -> int:
        return int(user.company_count)


@admin.register(Job, site=site)
class JobAdmin(ReadOnly):
    """Jobs of all companies; a parked one can be tried again."""

    list_display = (
        "kind",
        "company",
        "shown_state",
        "attempts",
        "created_at",
        "finished_at",
        "short_error",
    )
    list_filter = ("state", "kind", "queue")
    search_fields = ("kind", "error", "company__name")
    list_select_related = ("company",)
    actions = ("retry",)
    ordering = ("-created_at",)

    def get_actions(self, request: HttpRequest) -> Any:
        return super(ModelAdmin, self).get_actions(request)

    @display(
        description=_("State"),
        label={"done": "success", "parked": "danger", "running": "info", "waiting": "warning"},
    )
    def shown_state(self, job: Job) -> tuple[str, str]:
        return job.state, job.get_state_display()

    @display(description=_("Error"))
    def short_error(self, job: Job) -> str:
        return job.error[:80]

    @admin.action(description=_("Try the chosen parked jobs again"))
    def retry(self, request: HttpRequest, jobs: QuerySet[Job]) -> None:
        count = retry_jobs(jobs=jobs, by=request.user, now=timezone.now())
        self.message_user(request, _("%(count)s jobs are tried again.") % {"count": count})


@admin.register(AuditRow, site=site)
class AuditAdmin(ReadOnly):
    """Who did what."""

    list_display = ("at", "author", "actor", "action", "subject")
    list_filter = ("action",)
    search_fields = ("actor", "subject", "author__name")
    list_select_related = ("author",)
    ordering = ("-at",)
