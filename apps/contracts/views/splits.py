"""A contract's split: its versions and partners, the editor with a live example."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.access import requires
from apps.common.sankey import Flow, picture
from apps.contracts.domain.example import example, flows_of
from apps.contracts.domain.split import Split, SplitRefused
from apps.contracts.forms.splits import (
    charge_choices,
    companies,
    edited_steps,
    split_data,
    split_forms,
)
from apps.contracts.models import Contract, PlanVersion, SplitVersion
from apps.contracts.operations import draft_split, offer_split, withdraw_split
from apps.contracts.queries import own_contracts
from apps.contracts.queries.splits import open_split, splits_of
from apps.contracts.wording.splits import refusal_words, terms_words

EXAMPLE_MINOR = 100_000


@require_GET
@requires("draft_contracts")
def split_page(request: HttpRequest, contract_id: UUID) -> HttpResponse:
    """All versions, each partner's terms in words and whether it has signed."""
    contract = get_object_or_404(own_contracts(), pk=contract_id)
    versions = splits_of(contract)
    shown = next((row for row in versions if row.state != SplitVersion.State.WITHDRAWN), None)
    context: dict[str, Any] = {
        "contract": contract, "open": open_split(contract),
        "versions": [(row, _partners(row)) for row in versions],
        **(_pictured(contract, shown.value) if shown is not None else {}),
    }  # fmt: skip
    return render(request, "contracts/split.html", context)


def _partners(version: SplitVersion) -> list[dict[str, Any]]:
    return [
        {"terms": terms, "words": terms_words(terms.terms, terms.charges),
         "signature": getattr(terms, "signature", None), "refusal": getattr(terms, "refusal", None)}
        for terms in version.partners.all()
    ]  # fmt: skip


@require_http_methods(["GET", "POST"])
@requires("draft_contracts")
def edit_split(request: HttpRequest, contract_id: UUID) -> HttpResponse:
    """The editor; sent, the draft is written, and nobody else sees it."""
    contract = get_object_or_404(own_contracts(), pk=contract_id)
    if request.method != "POST":
        return _editor(request, contract, split_forms(contract, None, _latest(contract)))
    if "edit" in request.POST:
        data = edited_steps(request.POST, request.POST["edit"])
        return _editor(request, contract, split_forms(contract, data, None))
    forms = split_forms(contract, request.POST, None)
    problems = _drafted(request, contract, forms)
    if not problems:
        messages.success(request, _("The split is drafted. Offer it to the partners next."))
        return redirect("contract_split", contract.public_id)
    return _editor(request, contract, forms, problems, status=422)


def _latest(contract: Contract) -> dict[str, Any] | None:
    found = SplitVersion.objects.filter(contract=contract).order_by("-number").first()
    return None if found is None else {**found.split, "label": found.label}


def _editor(
    request: HttpRequest, contract: Contract, forms: Any, problems: Any = (), status: int = 200
) -> HttpResponse:
    day, steps, terms = forms
    names = dict(companies(contract))
    rows = [(form, names.get(_party(form), "")) for form in terms]
    context = {
        "contract": contract, "day": day, "steps": steps, "terms": terms, "term_rows": rows,
        "problems": problems,
    }  # fmt: skip
    return render(request, "contracts/split_form.html", context, status=status)


def _party(form: Any) -> int:
    value = str(form["party"].value() or "")
    return int(value) if value.isascii() and value.isdigit() else 0


def _drafted(request: HttpRequest, contract: Contract, forms: Any) -> list[str]:
    """The problems that keep it from being drafted; none when it is."""
    day, steps, terms = forms
    if not (day.is_valid() & steps.is_valid() & terms.is_valid()):
        return [_("Some fields cannot be read; they are marked.")]
    try:
        draft_split(
            contract=contract, split=split_data(contract, day, steps, terms),
            valid_from=day.cleaned_data["valid_from"], label=day.cleaned_data["label"], now=timezone.now(), actor=request.user,
        )  # fmt: skip
    except SplitRefused as error:
        return refusal_words(error)
    except ValidationError as error:
        return list(error.messages)
    return []


@require_POST
@requires("draft_contracts")
def preview_split(request: HttpRequest, contract_id: UUID) -> HttpResponse:
    """Part of the editor: of 1,000.00, who gets what and in what order."""
    contract = get_object_or_404(own_contracts(), pk=contract_id)
    day, steps, terms = split_forms(contract, request.POST, None)
    context: dict[str, Any] = {"problems": [_("Some fields cannot be read; they are marked.")]}
    if day.is_valid() & steps.is_valid() & terms.is_valid():
        try:
            context = _pictured(contract, Split.from_dict(split_data(contract, day, steps, terms)))
        except SplitRefused as error:
            context = {"problems": refusal_words(error)}
    return render(request, "contracts/split_preview.html", context)


def _pictured(contract: Contract, split: Split) -> dict[str, Any]:
    plan = PlanVersion.objects.filter(contract=contract).order_by("-number").first()
    charges = plan.plan["charges"] if plan is not None else []
    outcome = example(split, charges, EXAMPLE_MINOR)
    names, titles = dict(companies(contract)), dict(charge_choices(contract))
    flows = [
        Flow(titles.get(line) or str(line), names.get(party, "?"), minor)
        for (line, party), minor in flows_of(outcome, split.residual).items()
    ]
    totals = outcome.by_party()
    return {
        "picture": picture(flows), "currency": split.currency, "total": EXAMPLE_MINOR,
        "rows": [(names.get(party, "?"), totals.get(party, 0), party == split.residual)
                 for party in split.parties],
        "carried": sum(outcome.carried.values()),
    }  # fmt: skip


@require_POST
@requires("sign_contracts")
def offer_terms(request: HttpRequest, contract_id: UUID) -> HttpResponse:
    """Each partner sees its own terms."""
    contract = get_object_or_404(own_contracts(), pk=contract_id)
    try:
        offer_split(contract=contract, now=timezone.now(), actor=request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("Every partner sees its own terms and can sign them."))
    return redirect("contract_split", contract.public_id)


@require_POST
@requires("sign_contracts")
def withdraw_terms(request: HttpRequest, contract_id: UUID) -> HttpResponse:
    """A drafted or offered split is taken back."""
    contract = get_object_or_404(own_contracts(), pk=contract_id)
    withdraw_split(contract=contract, now=timezone.now(), actor=request.user)
    messages.success(request, _("The split is withdrawn."))
    return redirect("contract_split", contract.public_id)
