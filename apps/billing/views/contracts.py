"""A contract's part of billing: bill it alone, what holds it up, its invoices."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.accounts.access import requires
from apps.billing.forms import RunForm
from apps.billing.models import Invoice, RunItem
from apps.billing.operations import start_run
from apps.billing.wording import reason_words
from apps.common.period import add_months
from apps.contracts.models import Contract
from apps.contracts.queries import own_contracts

SHOWN = 12


@require_http_methods(["GET", "HEAD", "POST"])
@requires("run_billing")
def contract_billing(request: HttpRequest, contract_id: UUID) -> HttpResponse:
    """Part of an own contract's sheet; a POST runs the month for this contract alone."""
    contract = get_object_or_404(own_contracts(), id=contract_id)
    if request.method == "POST":
        return _run_alone(request, contract)
    last_month = add_months(timezone.localdate().replace(day=1), -1)
    return render(request, "billing/contract_billing.html", _shown(contract, RunForm(
        initial={"month": f"{last_month:%Y-%m}", "dry": True}
    )))  # fmt: skip


def _run_alone(request: HttpRequest, contract: Contract) -> HttpResponse:
    form = RunForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Enter a month such as 2026-03."))
        return redirect("contract_detail", contract.public_id)
    run = start_run(
        label=form.cleaned_data["month"], dry=form.cleaned_data["dry"], now=timezone.now(),
        started_by=request.user, contracts=[contract],
    )  # fmt: skip
    return redirect("run_detail", run.public_id)


def _shown(contract: Contract, form: RunForm) -> dict[str, Any]:
    items = RunItem.objects.filter(contract=contract, run__dry=False).select_related("run")
    latest = items.order_by("-run__started_at", "period_start").first()
    parked = latest if latest is not None and latest.state == RunItem.State.PARKED else None
    return {
        "contract": contract, "form": form, "parked": parked,
        "words": reason_words(parked.reason, parked.params) if parked else {},
        "invoices": Invoice.objects.filter(contract=contract)[:SHOWN],
    }  # fmt: skip
