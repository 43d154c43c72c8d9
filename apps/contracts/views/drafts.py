"""The draft's form, and its price over real usage while it is written."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.access import requires
from apps.common.period import add_months
from apps.contracts.forms import (
    MOST_CHOICES,
    ItemFormSet,
    PreviewMonthForm,
    TermsForm,
    charge_formset,
    covered_choices,
    edited,
    item_initial,
    items_of,
    place_plan_error,
    plan_of,
    terms_initial,
    without_errors,
)
from apps.contracts.models import Contract, PlanVersion
from apps.contracts.operations import change_draft, draft_contract
from apps.contracts.queries import own_contracts
from apps.contracts.views.previewing import charge_problems, priced_preview
from apps.pricing.plan import PricePlan
from apps.pricing.source import PlanError


@dataclass(slots=True)
class Draft:
    """The forms of one draft, as typed or as stored."""

    terms: TermsForm
    items: Any
    charges: Any
    choices_are_cut: bool

    @classmethod
    def of(cls, contract: Contract | None, data: QueryDict | None) -> "Draft":
        plan: PlanVersion | None = None
        if contract is not None:
            plan = PlanVersion.objects.filter(contract=contract).order_by("-number").first()
        initial = item_initial(contract)
        typed = data.items() if data is not None else ()
        chosen = [row.get("covered", "") for row in initial]
        chosen += [str(value) for name, value in typed if name.endswith("-covered")]
        choices = covered_choices(chosen)
        today = timezone.localdate()
        return cls(
            TermsForm(data, initial=terms_initial(contract, today)),
            ItemFormSet(
                data, prefix="items", initial=initial,
                form_kwargs={"choices": choices},
            ),
            charge_formset(data, plan.plan if plan else None),
            len(choices) >= MOST_CHOICES,
        )  # fmt: skip

    def is_valid(self) -> bool:
        return self.terms.is_valid() & self.items.is_valid() & self.charges.is_valid()

    def plan(self, name: str, currency: str) -> PricePlan | None:
        """The plan the rows describe; where it is refused, the rows say so."""
        try:
            return PricePlan.from_dict(plan_of(name, currency, self.charges))
        except PlanError as error:
            text = place_plan_error(self.charges, error)
            if text:
                self.terms.add_error(None, text)
            return None


@require_http_methods(["GET", "POST"])
@requires("draft_contracts")
def new(request: HttpRequest) -> HttpResponse:
    """Draft a contract."""
    if "edit" in request.POST:
        return _page(request, _edited(request, None), None, status=200)
    draft = Draft.of(None, request.POST if request.method == "POST" else None)
    if request.method == "POST":
        made = _stored(draft, lambda **parts: draft_contract(
            **parts, now=timezone.now(), actor=request.user,
            by_finance="settle_receivables" in request.capabilities,  # type: ignore[attr-defined]
        ))  # fmt: skip
        if made is not None:
            messages.success(request, _("The draft %(title)s is saved.") % {"title": made.title})
            return redirect("contract_detail", made.public_id)
    return _page(request, draft, None)


@require_http_methods(["GET", "POST"])
@requires("draft_contracts")
def edit(request: HttpRequest, contract_id: UUID) -> HttpResponse:
    """Change a draft."""
    contract = get_object_or_404(own_contracts(), pk=contract_id)
    if contract.state != Contract.State.DRAFT:
        messages.info(request, _("Only a draft can be changed. Withdraw the offer first."))
        return redirect("contract_detail", contract.public_id)
    if "edit" in request.POST:
        return _page(request, _edited(request, contract), contract, status=200)
    draft = Draft.of(contract, request.POST if request.method == "POST" else None)
    if request.method == "POST":
        changed = _stored(draft, lambda **parts: change_draft(
            contract=contract, **parts, now=timezone.now(), actor=request.user
        ))  # fmt: skip
        if changed is not None:
            messages.success(request, _("The draft %(title)s is saved.") % {"title": changed.title})
            return redirect("contract_detail", changed.public_id)
    return _page(request, draft, contract)


def _edited(request: HttpRequest, contract: Contract | None) -> Draft:
    """The form with one charge or row more, less or elsewhere; nothing is judged."""
    draft = Draft.of(contract, edited(request.POST, request.POST["edit"]))
    for form in (draft.terms, draft.items, draft.charges):
        without_errors(form)
    return draft


def _stored(draft: Draft, write: Callable[..., Contract]) -> Contract | None:
    if not draft.is_valid():
        return None
    facts = draft.terms.facts()
    plan = draft.plan(facts.title, facts.currency)
    if plan is None:
        return None
    try:
        return write(facts=facts, items=items_of(draft.items), plan=plan.to_dict())
    except ValidationError as error:
        for field, texts in error.message_dict.items():
            draft.terms.add_error(field if field in draft.terms.fields else None, texts)
    return None


def _page(
    request: HttpRequest, draft: Draft, contract: Contract | None, status: int = 0
) -> HttpResponse:
    month = add_months(timezone.localdate().replace(day=1), -1)
    edits = status == 200 and request.method == "POST"
    context = {
        "terms": draft.terms, "choices_are_cut": draft.choices_are_cut,
        "items": draft.items, "charges": draft.charges, "contract": contract,
        "month": PreviewMonthForm(
            request.POST if edits else None, initial={"preview_month": f"{month:%Y-%m}"}
        ),
        "has_channels": len(draft.items.empty_form.fields["covered"].choices) > 1,
    }  # fmt: skip
    status = status or (422 if request.method == "POST" else 200)
    return render(request, "contracts/contract_form.html", context, status=status)


@require_GET
@requires("draft_contracts")
def channels(request: HttpRequest) -> HttpResponse:
    """What a row's list of channels offers for the words typed beside it, and what it has chosen."""
    typed = {name.rpartition("-")[2]: str(value) for name, value in request.GET.items()}
    chosen = typed.get("covered", "")
    found = covered_choices([chosen], typed.get("find", "").replace("\0", "")[:100])
    context = {"choices": [("", "–"), *found], "chosen": chosen}
    return render(request, "contracts/channel_options.html", context)


@require_POST
@requires("draft_contracts")
def charges(request: HttpRequest) -> HttpResponse:
    """The charges alone after one edit, for the page that is open; nothing is judged."""
    changed = edited(request.POST, request.POST.get("edit", ""))
    formset = charge_formset(changed, None, judged=False)
    answer = render(request, "contracts/charges.html", {"charges": formset})
    # The preview asks for the price again.
    answer["HX-Trigger-After-Swap"] = "charges-changed"
    return answer


@require_POST
@requires("draft_contracts")
def preview(request: HttpRequest) -> HttpResponse:
    """The typed plan over the real usage of a month: lines, steps, total, curve."""
    draft, month = Draft.of(None, request.POST), PreviewMonthForm(request.POST)
    context: dict[str, Any] = {"problems": [_("A month is written as 2026-03.")]}
    if month.is_valid():
        chosen = month.cleaned_data["preview_month"]
        first = chosen or add_months(timezone.localdate().replace(day=1), -1)
        context = _calculated(draft, first)
    return render(request, "contracts/preview.html", context)


def _calculated(draft: Draft, month: date) -> dict[str, Any]:
    draft.is_valid()
    zone = draft.terms.cleaned_data.get("time_zone")
    currency = draft.terms.cleaned_data.get("currency")
    if not (zone and currency and draft.items.is_valid() and draft.charges.is_valid()):
        return {"problems": [_("The price appears when assets and charges are filled in.")]}
    plan = draft.plan(draft.terms.cleaned_data.get("title") or "–", currency)
    if plan is None:
        texts = [str(text) for text in draft.terms.non_field_errors()]
        return {"problems": texts + charge_problems(draft.charges)}
    return priced_preview(plan, items_of(draft.items), month, zone)
