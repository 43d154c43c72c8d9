"""What is done to a contract: offered, withdrawn, signed, refused, discarded."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.accounts.access import requires
from apps.contracts.forms.costs import cost_form
from apps.contracts.operations import (
    Cost,
    discard_draft,
    note_cost,
    offer_contract,
    refuse,
    sign_contract,
    withdraw_offer,
)
from apps.contracts.queries import own_contracts, visible_contracts
from apps.contracts.views.doing import done


@require_POST
@requires("sign_contracts")
def offer(request: HttpRequest, contract_id: UUID) -> HttpResponse:
    """The provider signs, and the customer sees."""
    contract = get_object_or_404(own_contracts(), pk=contract_id)
    return done(
        request,
        contract,
        _("The contract is offered to %(name)s.") % {"name": contract.customer_name},
        lambda: offer_contract(contract=contract, now=timezone.now(), actor=request.user),
    )


@require_POST
@requires("sign_contracts")
def withdraw(request: HttpRequest, contract_id: UUID) -> HttpResponse:
    """The offer becomes a draft again."""
    contract = get_object_or_404(own_contracts(), pk=contract_id)
    return done(
        request,
        contract,
        _("The offer is withdrawn; it is a draft again."),
        lambda: withdraw_offer(contract=contract, now=timezone.now(), actor=request.user),
    )


@require_POST
@requires("draft_contracts")
def note_cost_object(request: HttpRequest, contract_id: UUID) -> HttpResponse:
    """The customer says which of its own contracts this one serves."""
    rows = visible_contracts().filter(customer=request.company)  # type: ignore[attr-defined]
    contract = get_object_or_404(rows, pk=contract_id)
    form = cost_form(contract, request.POST)
    if not form.is_valid():
        messages.error(request, _("Choose a contract that you provide."))
        return redirect("contract_detail", contract.public_id)
    asset = form.cleaned_data["asset"]
    cost = Cost(form.cleaned_data["serves"].pk, UUID(asset) if asset else None)
    return done(
        request, contract, _("The cost object is noted."),
        lambda: note_cost(
            contract_id=contract.pk, cost=cost, now=timezone.now(), actor=request.user
        ),
    )  # fmt: skip


@require_POST
@requires("sign_contracts")
def sign(request: HttpRequest, contract_id: UUID) -> HttpResponse:
    """The customer signs what its page showed."""
    contract = get_object_or_404(visible_contracts(), pk=contract_id)
    if contract.customer_id != request.company.pk:  # type: ignore[attr-defined]
        raise Http404
    content = request.POST.get("content", "")[:64]
    return done(
        request,
        contract,
        _("Signed. The contract comes into force in a moment."),
        lambda: sign_contract(
            contract_id=contract.pk, content=content, now=timezone.now(), actor=request.user
        ),
    )


@require_POST
@requires("draft_contracts")
def discard(request: HttpRequest, contract_id: UUID) -> HttpResponse:
    """A draft that was never offered is deleted."""
    contract = get_object_or_404(own_contracts(), pk=contract_id)
    try:
        discard_draft(contract=contract, now=timezone.now(), actor=request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("contract_detail", contract.public_id)
    messages.success(request, _("The draft is discarded."))
    return redirect("contract_list")


@require_POST
@requires("sign_contracts")
def refusal(request: HttpRequest, contract_id: UUID) -> HttpResponse:
    """A side says no to what its page showed: an offer, prices, assets or an end."""
    contract = get_object_or_404(visible_contracts(), pk=contract_id)
    given = {name: request.POST.get(name, "") for name in ("content", "reason")}
    return done(
        request, contract, _("Refused. The other side is told."),
        lambda: refuse(
            contract_id=contract.pk, now=timezone.now(), actor=request.user, **given
        ),
    )  # fmt: skip
