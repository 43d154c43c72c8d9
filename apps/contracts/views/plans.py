"""New prices for a contract in force: proposed here, accepted in the customer's portal."""

from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.access import requires
from apps.common.period import add_months, local_date
from apps.contracts.domain.facts import ItemFacts
from apps.contracts.forms import (
    PreviewMonthForm,
    charge_formset,
    edited,
    place_plan_error,
    plan_of,
    without_errors,
)
from apps.contracts.forms.plans import PlanDayForm
from apps.contracts.models import Contract, ContractItem, PlanVersion
from apps.contracts.operations import accept_plan, propose_plan, withdraw_proposal
from apps.contracts.queries import own_contracts, visible_contracts
from apps.contracts.queries.credit import use_above
from apps.contracts.queries.plans import next_period_start, open_proposal
from apps.contracts.views.doing import done
from apps.contracts.views.previewing import charge_problems, priced_preview
from apps.pricing.plan import PricePlan
from apps.pricing.source import PlanError


@require_http_methods(["GET", "POST"])
@requires("sign_contracts")
def propose(request: HttpRequest, contract_id: UUID) -> HttpResponse:
    """The editor with the latest prices; sent, it signs and shows them to the customer."""
    contract = get_object_or_404(own_contracts(), pk=contract_id)
    if contract.state != Contract.State.ACTIVE:
        messages.info(request, _("Only a contract in force gets new prices."))
        return redirect("contract_detail", contract.public_id)
    if request.method != "POST":
        return _page(request, contract, PlanDayForm(initial=_day(contract)), _stored(contract))
    if "edit" in request.POST:
        charges = charge_formset(edited(request.POST, request.POST["edit"]), None, judged=False)
        day = PlanDayForm(request.POST)
        without_errors(day)
        return _page(request, contract, day, charges)
    day, charges = PlanDayForm(request.POST), charge_formset(request.POST, None)
    if _proposed(request, contract, day, charges):
        words = _("The new prices are proposed to %(name)s.") % {"name": contract.customer_name}
        messages.success(request, words)
        return redirect("contract_detail", contract.public_id)
    return _page(request, contract, day, charges, status=422)


def _proposed(request: HttpRequest, contract: Contract, day: PlanDayForm, charges: Any) -> bool:
    plan = _plan(contract, charges, day) if day.is_valid() & charges.is_valid() else None
    if plan is None:
        return False
    try:
        propose_plan(
            contract=contract, plan=plan.to_dict(), valid_from=day.cleaned_data["valid_from"],
            now=timezone.now(), actor=request.user,
            by_finance="settle_receivables" in request.capabilities,  # type: ignore[attr-defined]
        )  # fmt: skip
    except ValidationError as error:
        for field, texts in _by_field(error):
            day.add_error(field, texts)
        return False
    return True


def _by_field(error: ValidationError) -> list[tuple[str | None, Any]]:
    if not hasattr(error, "error_dict"):
        return [(None, error.messages)]
    return [
        (field if field == "valid_from" else None, texts)
        for field, texts in error.message_dict.items()
    ]


def _plan(contract: Contract, charges: Any, day: PlanDayForm) -> PricePlan | None:
    try:
        return PricePlan.from_dict(plan_of(contract.title, contract.currency, charges))
    except PlanError as error:
        text = place_plan_error(charges, error)
        if text:
            day.add_error(None, text)
        return None


def _stored(contract: Contract) -> Any:
    """The open proposal's charges, else those of the latest version."""
    proposal = open_proposal(contract)
    latest = PlanVersion.objects.filter(contract=contract).order_by("-number").first()
    return charge_formset(None, proposal.plan if proposal else latest.plan if latest else None)


def _day(contract: Contract) -> dict[str, date]:
    today = local_date(timezone.now(), contract.time_zone)
    return {"valid_from": next_period_start(contract, max(today, contract.starts_on))}


def _page(
    request: HttpRequest, contract: Contract, day: PlanDayForm, charges: Any, status: int = 200
) -> HttpResponse:
    month = add_months(timezone.localdate().replace(day=1), -1)
    context = {
        "contract": contract, "day": day, "charges": charges,
        "credit": use_above(contract.customer_id, contract.currency),
        "month": PreviewMonthForm(initial={"preview_month": f"{month:%Y-%m}"}),
    }  # fmt: skip
    return render(request, "contracts/plan_form.html", context, status=status)


@require_POST
@requires("sign_contracts")
def preview(request: HttpRequest, contract_id: UUID) -> HttpResponse:
    """The typed prices over the real usage of the contract's assets in a month."""
    contract = get_object_or_404(own_contracts(), pk=contract_id)
    month, charges = PreviewMonthForm(request.POST), charge_formset(request.POST, None)
    day = PlanDayForm(request.POST)
    context: dict[str, Any] = {"problems": [_("A month is written as 2026-03.")]}
    if month.is_valid():
        chosen = month.cleaned_data["preview_month"]
        first = chosen or add_months(timezone.localdate().replace(day=1), -1)
        plan = _plan(contract, charges, day) if charges.is_valid() else None
        if plan is None:
            context = {"problems": charge_problems(charges)}
        else:
            context = priced_preview(plan, _items(contract), first, contract.time_zone)
    return render(request, "contracts/preview.html", context)


def _items(contract: Contract) -> list[ItemFacts]:
    rows = ContractItem.objects.filter(contract=contract)
    return [
        ItemFacts(
            row.asset_id,
            row.channel_code,
            row.meter,
            follows_host=row.follows_host,
            measure=row.level_measure,
        )
        for row in rows
    ]


@require_POST
@requires("sign_contracts")
def withdraw(request: HttpRequest, contract_id: UUID) -> HttpResponse:
    """The proposed prices are taken back."""
    contract = get_object_or_404(own_contracts(), pk=contract_id)
    return done(
        request, contract, _("The proposed prices are withdrawn."),
        lambda: withdraw_proposal(contract=contract, now=timezone.now(), actor=request.user),
    )  # fmt: skip


@require_POST
@requires("sign_contracts")
def accept(request: HttpRequest, contract_id: UUID) -> HttpResponse:
    """The customer signs the prices its page showed."""
    contract = get_object_or_404(visible_contracts(), pk=contract_id)
    if contract.customer_id != request.company.pk:  # type: ignore[attr-defined]
        raise Http404
    content = request.POST.get("content", "")[:64]
    return done(
        request, contract, _("Accepted. The new prices are agreed in a moment."),
        lambda: accept_plan(
            contract_id=contract.pk, content=content, now=timezone.now(), actor=request.user
        ),
    )  # fmt: skip
