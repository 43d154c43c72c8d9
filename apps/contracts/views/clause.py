"""The data clause: written with the draft, read by both, shown with an asset's data."""

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
from apps.assets.models import Asset
from apps.contracts.forms.clause import ClauseForm
from apps.contracts.models import Contract
from apps.contracts.operations import write_clause
from apps.contracts.queries import own_contracts
from apps.contracts.queries.clause import contracts_with_clause
from apps.contracts.wording.clause import clause_words


@require_http_methods(["GET", "POST"])
@requires("draft_contracts")
def clause(request: HttpRequest, contract_id: UUID) -> HttpResponse:
    """The recipients of a draft's clause, and one more."""
    contract = _draft(contract_id)
    form = ClauseForm(request.POST or None, contract=contract)
    if request.method == "POST" and form.is_valid():
        try:
            entries = [*contract.clause, form.entry()]
            write_clause(contract=contract, entries=entries, now=timezone.now(), actor=request.user)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("The clause names one more recipient."))
            return redirect("contract_clause", contract.public_id)
    context: dict[str, Any] = {
        "contract": contract, "form": form, "entries": list(map(clause_words, contract.clause))
    }  # fmt: skip
    status = 422 if request.method == "POST" else 200
    return render(request, "contracts/clause_form.html", context, status=status)


@require_POST
@requires("draft_contracts")
def clause_removal(request: HttpRequest, contract_id: UUID) -> HttpResponse:
    """Take one recipient out of a draft's clause; one that is not there is out already."""
    contract = _draft(contract_id)
    gone = request.POST.get("entry", "")
    entries = [row for row in contract.clause if clause_words(row)["key"] != gone]
    write_clause(contract=contract, entries=entries, now=timezone.now(), actor=request.user)
    return redirect("contract_clause", contract.public_id)


def _draft(contract_id: UUID) -> Contract:
    drafts = own_contracts().filter(state=Contract.State.DRAFT)
    contract: Contract = get_object_or_404(drafts, pk=contract_id)
    return contract


@require_GET
@requires("view_contracts")
def asset_clauses(request: HttpRequest, asset_id: UUID) -> HttpResponse:
    """Part of an asset's data page: the clauses both signed, contract by contract."""
    get_object_or_404(Asset, pk=asset_id)
    rows = [
        (contract, list(map(clause_words, contract.clause)))
        for contract in contracts_with_clause(asset_id)[:20]
    ]
    return render(request, "contracts/asset_clauses.html", {"rows": rows})
