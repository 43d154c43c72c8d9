"""Direct debits: what may be collected, runs that one person drafts and another approves."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.access import requires
from apps.accounts.confirming import confirmed
from apps.common.pages import Action, Empty, ListPage
from apps.common.period import local_date
from apps.payments.forms import DebitForm
from apps.payments.models import BankFile, DebitRun
from apps.payments.operations import (
    approve_debits,
    discard_debits,
    draft_debits,
    read_file,
)
from apps.payments.queries.accounts import saved_held
from apps.payments.queries.debits import METHOD, collectables, own_debit_runs, paid_besides
from apps.payments.tables import DebitRunTable
from apps.payments.views.confirming import is_approved, second_look
from apps.tenancy.context import current_company

# Days from today that the form proposes: the bank's day before, and one in hand.
PROPOSED = timedelta(days=3)


class RunList(ListPage):
    """Runs that wait, and the files that were made."""

    model = DebitRun
    table_class = DebitRunTable
    title = gettext_lazy("Direct debits")
    filter_fields = ("state",)
    export_name = "direct-debits"
    actions = (Action("debit_new", gettext_lazy("Collect"), "plus", "draft_payouts"),)
    empty = Empty(
        "arrow-down-to-line", gettext_lazy("No direct debits yet"),
        gettext_lazy("Collect what is open from customers who gave you a SEPA mandate: one person "
                     "drafts, another approves, and the file goes to your bank."),
        "debit_new", gettext_lazy("See what may be collected"), "draft_payouts",
    )  # fmt: skip

    def get_queryset(self) -> QuerySet[DebitRun]:
        return own_debit_runs()


@require_http_methods(["GET", "POST"])
@requires("draft_payouts")
def new_run(request: HttpRequest) -> HttpResponse:
    """What may be collected, by bank file or through Stripe; a POST drafts a run of the ticked
    documents."""
    today = local_date(timezone.now(), current_company().time_zone)
    method = METHOD.STRIPE if request.GET.get("way") == METHOD.STRIPE else METHOD.SEPA
    given = request.POST if request.method == "POST" else None
    form = DebitForm(given, initial={"collected_on": today + PROPOSED})
    if method == METHOD.STRIPE:
        del form.fields["collected_on"]
    ticked = {text.replace("\0", "")[:80] for text in request.POST.getlist("reference")}
    if request.method == "POST" and form.is_valid():
        try:
            run = draft_debits(
                references=ticked, collected_on=form.cleaned_data.get("collected_on", today),
                now=timezone.now(), person=request.user, method=method,
            )  # fmt: skip
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("The run is drafted; a second person approves it."))
            return redirect("debit_run", run.public_id)
    rows = collectables(method=method)
    context = {
        "method": method, "has_saved": saved_held().exists(),
        "form": form, "rows": rows, "ticked": ticked, "is_asked": request.method == "POST",
        "total": sum(row.amount_minor for row in rows),
    }  # fmt: skip
    return render(request, "payments/debit_new.html", context, status=422 if form.errors else 200)


def _run(run_id: UUID) -> DebitRun:
    return get_object_or_404(own_debit_runs().select_related("file"), pk=run_id)


def _page(request: HttpRequest, run: DebitRun, status: int = 200) -> HttpResponse:
    debits = list(run.debits.select_related("saved_mandate", "online__payment"))
    besides = {} if run.state == DebitRun.State.DISCARDED else paid_besides(run)
    for debit in debits:
        debit.besides = besides.get(debit.reference)  # type: ignore[attr-defined]
    context: dict[str, Any] = {
        "run": run, "debits": debits,
        "look": second_look(request, run, "debit_approval"),
    }  # fmt: skip
    return render(request, "payments/debit_run.html", context, status=status)


@require_GET
@requires("draft_payouts")
def run_detail(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """From whom what is collected, who drafted and approved it, and the next step."""
    return _page(request, _run(run_id))


@require_POST
@requires("approve_payouts")
@confirmed
def run_approval(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """The second pair of eyes; the file is made."""
    run = _run(run_id)
    if not is_approved(
        request, lambda given: approve_debits(run=run, approval=given, now=timezone.now())
    ):
        return _page(request, run, 422)
    told = _("The bank file is ready; hand it to your bank.")
    if run.method == METHOD.STRIPE:
        told = _(
            "The payment provider is being asked; each payment is under way until it says more."
        )
    messages.success(request, told)
    return redirect("debit_run", run.public_id)


@require_POST
@requires("draft_payouts")
def run_discarding(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Give it up; its documents may be collected anew."""
    run = _run(run_id)
    try:
        discard_debits(run=run, now=timezone.now(), actor=request.user)
        messages.success(request, _("The run is discarded."))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("debit_run", run.public_id)


@require_GET
@requires("draft_payouts")
def run_file(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """The stored pain.008 file, as it was made."""
    run = _run(run_id)
    file = get_object_or_404(BankFile, debit_run=run)
    try:
        content = read_file(file)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("debit_run", run.public_id)
    headers = {"Content-Disposition": f'attachment; filename="{run.public_id}.xml"'}
    return HttpResponse(content, content_type="application/xml", headers=headers)
