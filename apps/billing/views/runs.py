"""Pages of billing runs."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import django_filters
from django.contrib import messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST
from django.views.generic import FormView

from apps.accounts.access import requires
from apps.billing.forms import RunForm
from apps.billing.models import BillingRun, RunItem
from apps.billing.operations import bill_again, resume_run, start_run, stop_run
from apps.billing.queries.runs import progress_of, running_like
from apps.billing.tables import ItemTable, RunTable
from apps.common.ids import BadId, decode
from apps.common.pages import Action, Empty, ListPage
from apps.common.period import add_months
from apps.tenancy.context import current_company


class RunFilters(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(
        choices=BillingRun.State.choices, empty_label=gettext_lazy("Every state")
    )


class RunList(ListPage):
    model = BillingRun
    table_class = RunTable
    title = gettext_lazy("Billing runs")
    search_fields = ("label", "started_by")
    filterset_class = RunFilters
    export_name = "billing-runs"
    actions = (Action("run_new", gettext_lazy("New run"), "play", "run_billing"),)
    empty = Empty(
        "play", gettext_lazy("No billing run yet"),
        gettext_lazy("A run turns a month's usage into draft invoices. Try it dry first."),
        "run_new", gettext_lazy("Start a run"), "run_billing",
    )  # fmt: skip

    def get_queryset(self) -> QuerySet[BillingRun]:
        state = RunItem.State
        rows: QuerySet[BillingRun] = BillingRun.objects.written_by(current_company())
        return rows.annotate(
            item_count=Count("items"),
            billed_count=Count("items", filter=Q(items__state__in=[state.BILLED, state.DRY])),
            parked_count=Count("items", filter=Q(items__state=state.PARKED)),
        )


class RunNew(FormView):
    template_name = "billing/run_new.html"
    form_class = RunForm

    def get_initial(self) -> dict[str, Any]:
        today = timezone.localdate()
        return {"month": f"{add_months(today.replace(day=1), -1):%Y-%m}", "dry": True}

    def form_valid(self, form: RunForm) -> HttpResponse:
        label, dry = form.cleaned_data["month"], form.cleaned_data["dry"]
        now = timezone.now()
        run = running_like(label, dry, since=now - timedelta(minutes=10))
        if run is None:
            run = start_run(label=label, dry=dry, now=now, started_by=self.request.user)
        else:
            messages.info(self.request, _("This run is already on its way."))
        return redirect("run_detail", run.public_id)


class ItemFilters(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(
        choices=RunItem.State.choices, empty_label=gettext_lazy("Every state")
    )


class RunDetail(ListPage):
    model = RunItem
    table_class = ItemTable
    template_name = "billing/run_detail.html"
    search_fields = ("contract__title", "contract__customer_name")
    filterset_class = ItemFilters
    export_name = "billing-run"
    empty = Empty(
        "circle-check", gettext_lazy("Nothing to bill"),
        gettext_lazy("Every finished period up to this month is billed already, or no contract "
                     "was active."),
    )  # fmt: skip

    @property
    def title(self) -> str:  # type: ignore[override]
        return _("Billing run %(label)s") % {"label": self.run.label}

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        own = BillingRun.objects.written_by(current_company())
        self.run = get_object_or_404(own, id=kwargs["run_id"])
        return super().get(request, *args, **kwargs)

    def get_template_names(self) -> list[str]:
        htmx = getattr(self.request, "htmx", None)
        if htmx and htmx.target == "progress":
            return ["billing/run_progress.html"]
        return super().get_template_names()

    def get_queryset(self) -> QuerySet[RunItem]:
        rows: QuerySet[RunItem] = RunItem.objects.filter(run_id=self.kwargs["run_id"])
        return rows.select_related("contract", "invoice").order_by(
            "contract__title", "period_start"
        )

    def annotate_rows(self, rows: Sequence[Any]) -> None:
        for row in rows:
            row.run_is_dry = self.run.dry

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs, run=self.run, progress=progress_of(self.run))


@require_POST
@requires("run_billing")
def bill_parked_again(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """One parked contract (`item`), or all parked ones of the run."""
    run = get_object_or_404(BillingRun.objects.written_by(current_company()), id=run_id)
    items = RunItem.objects.filter(run=run, state=RunItem.State.PARKED)
    if request.POST.get("item"):
        items = items.filter(id__in=_item_ids(request.POST["item"]))
    count = bill_again(
        items=items.values_list("id", flat=True), now=timezone.now(), asked_by=request.user
    )
    if count:
        text = ngettext("%(n)s period is tried again.", "%(n)s periods are tried again.", count)
        messages.success(request, text % {"n": count})
    else:
        messages.info(request, _("Nothing is parked here any more."))
    return redirect("run_detail", run.public_id)


@require_POST
@requires("run_billing")
def stop(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Holds a run; what is billed stays, what is left waits."""
    run = get_object_or_404(BillingRun.objects.written_by(current_company()), id=run_id)
    if stop_run(run=run, now=timezone.now(), stopped_by=request.user):
        messages.success(request, _("The run is stopped. What is left waits until you go on."))
    else:
        messages.info(request, _("The run was not under way any more."))
    return redirect("run_detail", run.public_id)


@require_POST
@requires("run_billing")
def go_on(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Goes on with a stopped run."""
    run = get_object_or_404(BillingRun.objects.written_by(current_company()), id=run_id)
    if resume_run(run=run, now=timezone.now(), resumed_by=request.user):
        messages.success(request, _("The run goes on with what was left."))
    else:
        messages.info(request, _("The run was not stopped."))
    return redirect("run_detail", run.public_id)


def _item_ids(text: str) -> list[UUID]:
    try:
        return [decode(RunItem.prefix, text)]
    except BadId:
        return []
