"""Assets that come to a contract in force or leave it: proposed, withdrawn, accepted."""

from datetime import timedelta
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
from apps.common.period import local_date
from apps.contracts.forms import ItemFormSet, covered_choices, items_of
from apps.contracts.forms.covers import CoverForm
from apps.contracts.models import Contract
from apps.contracts.operations import accept_cover, propose_cover, withdraw_cover
from apps.contracts.queries import own_contracts, visible_contracts
from apps.contracts.queries.covers import covered_on
from apps.contracts.queries.credit import use_above
from apps.contracts.views.doing import done


@require_http_methods(["GET", "POST"])
@requires("sign_contracts")
def propose(request: HttpRequest, contract_id: UUID) -> HttpResponse:
    """Propose which assets come and go."""
    contract = get_object_or_404(own_contracts(), pk=contract_id)
    if contract.state != Contract.State.ACTIVE:
        messages.info(request, _("Only of a contract in force assets come and go."))
        return redirect("contract_detail", contract.public_id)
    data = request.POST if request.method == "POST" else None
    today = local_date(timezone.now(), contract.time_zone)
    standing = [item for item in covered_on(contract, today) if not item.withdrawn_on]
    form = CoverForm(standing, data, initial={"valid_from": today + timedelta(days=1)})
    items = _added(data)
    # Both are judged, so that the page shows every error at once.
    judged = [form.is_valid(), items.is_valid()] if data is not None else [False]
    if all(judged) and _proposed(request, contract, form, items):
        messages.success(request, _("The change is signed and shown to the customer."))
        return redirect("contract_detail", contract.public_id)
    context = {
        "contract": contract, "form": form, "items": items,
        "credit": use_above(contract.customer_id, contract.currency),
    }  # fmt: skip
    status = 200 if data is None else 422
    return render(request, "contracts/cover_form.html", context, status=status)


def _added(data: Any) -> Any:
    typed = data.items() if data is not None else ()
    chosen = [str(value) for name, value in typed if name.endswith("-covered")]
    kwargs = {"choices": covered_choices(chosen)}
    return ItemFormSet(data, prefix="items", form_kwargs=kwargs)


def _proposed(request: HttpRequest, contract: Contract, form: CoverForm, items: Any) -> bool:
    """Whether it could be proposed; else the form says why not."""
    try:
        propose_cover(
            contract=contract, added=items_of(items), withdrawn=form.keys(),
            valid_from=form.cleaned_data["valid_from"], now=timezone.now(), actor=request.user,
            by_finance="settle_receivables" in request.capabilities,  # type: ignore[attr-defined]
        )  # fmt: skip
    except ValidationError as error:
        for field, texts in error.message_dict.items():
            form.add_error(field if field in form.fields else None, texts)
        return False
    return True


@require_POST
@requires("sign_contracts")
def withdraw(request: HttpRequest, contract_id: UUID) -> HttpResponse:
    """The proposed change is taken back."""
    contract = get_object_or_404(own_contracts(), pk=contract_id)
    return done(
        request, contract, _("The proposed change is withdrawn."),
        lambda: withdraw_cover(contract=contract, now=timezone.now(), actor=request.user),
    )  # fmt: skip


@require_POST
@requires("sign_contracts")
def accept(request: HttpRequest, contract_id: UUID) -> HttpResponse:
    """The customer signs the change its page showed."""
    contract = get_object_or_404(visible_contracts(), pk=contract_id)
    if contract.customer_id != request.company.pk:  # type: ignore[attr-defined]
        raise Http404
    content = request.POST.get("content", "")[:64]
    return done(
        request, contract, _("Accepted. The change is agreed in a moment."),
        lambda: accept_cover(
            contract_id=contract.pk, content=content, now=timezone.now(), actor=request.user
        ),
    )  # fmt: skip
