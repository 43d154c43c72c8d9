"""Jobs of all companies: running, stuck, failed, tried again; and the events they follow."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from apps.console.admin.site import ReadOnly, column, site
from apps.console.operations import retry_jobs
from apps.console.queries import STUCK_AFTER, open_jobs, stuck_jobs
from apps.events.models import Job, OutboxEvent


class ConditionFilter(admin.SimpleListFilter):
    """What an operator looks for."""

    title = _("condition")
    parameter_name = "condition"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("open", _("open")),
            ("running", _("running")),
            ("stuck", _("stuck")),
            ("failed", _("failed")),
        ]

    def queryset(self, request: HttpRequest, jobs: QuerySet[Job]) -> QuerySet[Job]:
        chosen = {
            "open": open_jobs(),
            "running": Q(state=Job.State.RUNNING),
            "stuck": stuck_jobs(timezone.now()),
            "failed": Q(state=Job.State.PARKED),
        }
        return jobs.filter(chosen.get(self.value() or "", Q()))


@admin.register(Job, site=site)
class JobAdmin(ReadOnly):
    """Jobs of all companies; a parked or stuck one can be tried again."""

    list_display = (
        "what", "whose", "shown_state", "tries", "due", "over", "short_error",
    )  # fmt: skip
    list_filter = (ConditionFilter, "queue", "kind")
    list_fullwidth = True
    search_fields = ("kind", "error", "company__name")
    list_select_related = ("company",)
    actions = ("retry",)
    ordering = ("-id",)
    change_form_template = "console/job.html"
    # What a job is told and what it found are the company's business: not shown.
    fields = (
        "key", "what", "whose", "lane", "tries", "made", "due", "leased", "over", "progress",
    )  # fmt: skip
    key, what, whose = (
        column("public_id", _("Id")),
        column("kind", _("Kind")),
        column("company", _("Company")),
    )
    lane, tries = (
        column("get_queue_display", _("Queue"), order="queue"),
        column("attempts", _("Tries")),
    )
    made, due = column("created_at", _("Written")), column("run_after", _("Due"))
    leased, over = column("lease_until", _("Leased until")), column("finished_at", _("Finished"))
    acts = (("retry", "retry_one"),)

    @display(
        description=_("State"),
        label={
            "done": "success", "parked": "danger", "running": "info", "waiting": "warning",
            "stuck": "danger",
        },
    )  # fmt: skip
    def shown_state(self, job: Job) -> tuple[str, Any]:
        return ("stuck", _("stuck")) if is_stuck(job) else (job.state, job.get_state_display())

    @display(description=_("Error"))
    def short_error(self, job: Job) -> str:
        return job.error[:80]

    @display(description=_("Progress"))
    def progress(self, job: Job) -> str:
        return f"{job.progress_done} / {job.progress_total}" if job.progress_total else "–"

    @admin.action(description=_("Try the chosen parked and stuck jobs again"))
    def retry(self, request: HttpRequest, jobs: QuerySet[Job]) -> None:
        count = retry_jobs(jobs=jobs, by=request.user, now=timezone.now())
        text = ngettext("%(count)s job is tried again.", "%(count)s jobs are tried again.", count)
        self.message_user(
            request, text % {"count": count}, messages.SUCCESS if count else messages.WARNING
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:  # fmt: skip
        job = self.get_object(request, object_id)
        shown = {"is_stuck": job is not None and is_stuck(job)}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **shown})

    def retry_one(self, request: HttpRequest, job: Job) -> str:
        rows = Job.all_parties.filter(pk=job.pk)
        if not retry_jobs(jobs=rows, by=request.user, now=timezone.now()):
            raise ValidationError(
                gettext(
                    "Only a parked or stuck job is tried again, unless another of its kind waits already."
                )
            )
        return gettext("The job is tried again within some seconds.")


def is_stuck(job: Job) -> bool:
    """Whether nobody has worked on it though it was due long ago."""
    before = timezone.now() - STUCK_AFTER
    if job.state == Job.State.RUNNING:
        return job.lease_until is not None and job.lease_until < before
    return job.state == Job.State.WAITING and job.run_after < before


@admin.register(OutboxEvent, site=site)
class OutboxAdmin(ReadOnly):
    """What happened, by name and time; its content is the companies' own."""

    list_display = ("what", "whose", "at")
    list_filter = ("name",)
    search_fields = ("name", "author__name")
    list_select_related = ("author",)
    fields = ("what", "whose", "at")
    what, whose = column("name", _("Event")), column("author", _("Company"))
    at = column("published_at", _("Published"))
    ordering = ("-id",)
