"""Pages of the company's jobs. They stand here because `events` lies below who may see what."""

from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from apps.common import tables
from apps.common.cards import NOTHING
from apps.common.pages import Empty, ListPage
from apps.common.templatetags import portal
from apps.events.models import Job
from apps.reporting.wording import job_title

FINAL = (Job.State.DONE, Job.State.PARKED)


class JobTable(tables.Table):
    kind = tables.LinkColumn("job_progress", verbose_name=_("Job"))
    state = tables.PillColumn(verbose_name=_("State"))
    progress_done = tables.NumberColumn(verbose_name=_("Progress"), orderable=False)
    attempts = tables.NumberColumn(verbose_name=_("Tries"))
    created_at = tables.InstantColumn(verbose_name=_("Requested"))
    finished_at = tables.InstantColumn(verbose_name=_("Finished"))

    class Meta(tables.Table.Meta):
        model = Job
        fields = ("kind", "state", "progress_done", "attempts", "created_at", "finished_at")
        order_by = "-created_at"

    def render_kind(self, value: str, record: Job) -> str:
        link = self.columns["kind"].column.render(job_title(record.kind), record)
        if not record.error:
            return link
        return format_html('{}<div class="text-secondary small">{}</div>', link, record.error[:160])

    def render_progress_done(self, record: Job) -> str:
        if not record.progress_total:
            return NOTHING
        return f"{portal.quantity(record.progress_done)} / {portal.quantity(record.progress_total)}"


class JobList(ListPage):
    model = Job
    table_class = JobTable
    title = _("Jobs")
    pretitle = _("Company")
    filter_fields = ("state",)
    export_name = "jobs"
    empty = Empty(
        "list-checks", _("No jobs yet"),
        _("File imports, billing runs and exports that take a while are shown here."),
    )  # fmt: skip

    def get_queryset(self) -> QuerySet[Any]:
        return shown_jobs(self.request)


def shown_jobs(request: HttpRequest) -> QuerySet[Any]:
    """Jobs somebody asked for or that take long; of the small steady ones only what failed."""
    company = request.company  # type: ignore[attr-defined]
    asked = Q(requested_by__isnull=False) | Q(progress_total__gt=0)
    return Job.objects.filter(asked | Q(state=Job.State.PARKED), company=company)


def job_progress(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """How far a job is: a part that asks again each second, or a page of its own."""
    company = request.company  # type: ignore[attr-defined]
    mine = Job.objects.filter(Q(company=company) | Q(author=company))
    job = get_object_or_404(mine, pk=job_id)
    reload = request.GET.get("reload") == "1"
    context = {"job": job, "reload": reload, "title": job_title(job.kind)}
    if not request.htmx:  # type: ignore[attr-defined]
        return render(request, "events/job.html", context)
    response = render(request, "components/progress.html", context)
    if reload and job.state in FINAL:
        response.headers["HX-Refresh"] = "true"
    return response
