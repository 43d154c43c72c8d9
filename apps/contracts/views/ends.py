"""Either side ends a contract in force: by notice, or by an end the other side signs, too."""

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
from apps.contracts.forms.notice import EndForm
from apps.contracts.models import Contract
from apps.contracts.operations import accept_end, give_notice, propose_end, withdraw_end
from apps.contracts.operations.common import both
from apps.contracts.queries import visible_contracts
from apps.contracts.queries.ends import earliest_end
from apps.contracts.views.doing import done
from apps.contracts.wording.notice import notice_words
from apps.tenancy.context import current_company

NOTICE = "notice"


def contract_of_party(contract_id: UUID) -> Contract:
    """A contract of which the company is one of the two sides; 404 for any other."""
    contract = get_object_or_404(visible_contracts(), pk=contract_id)
    if current_company().pk not in both(contract):
        raise Http404
    return contract


@require_http_methods(["GET", "POST"])
@requires("sign_contracts")
def end(request: HttpRequest, contract_id: UUID) -> HttpResponse:
    """Give notice, or propose another end."""
    contract = contract_of_party(contract_id)
    if contract.state != Contract.State.ACTIVE:
        messages.info(request, _("Only a contract in force can be ended."))
        return redirect("contract_detail", contract.public_id)
    earliest = earliest_end(contract, local_date(timezone.now(), contract.time_zone))
    data = request.POST if request.method == "POST" else None
    form = EndForm(data, initial={"ends_on": earliest})
    if form.is_valid() and _ended(request, contract, form):
        return redirect("contract_detail", contract.public_id)
    context = {
        "contract": contract, "form": form, "earliest": earliest, "words": notice_words(contract)
    }  # fmt: skip
    return render(request, "contracts/end_form.html", context, status=200 if data is None else 422)


def _ended(request: HttpRequest, contract: Contract, form: EndForm) -> bool:
    """Whether it could be done; else the form says why not."""
    is_notice = request.POST.get("act") == NOTICE
    given: dict[str, Any] = {
        "contract_id": contract.pk, **form.cleaned_data, "now": timezone.now(),
        "actor": request.user,
    }  # fmt: skip
    try:
        if is_notice:
            give_notice(**given)
        else:
            propose_end(**given)
    except ValidationError as error:
        for field, texts in error.message_dict.items():
            form.add_error(field if field in form.fields else None, texts)
        return False
    text = (
        _("Notice is given. The other side is told.")
        if is_notice
        else _("The end is signed and shown to the other side, which signs it or not.")
    )
    messages.success(request, text)
    return True


@require_POST
@requires("sign_contracts")
def withdraw(request: HttpRequest, contract_id: UUID) -> HttpResponse:
    """The company's own proposed end is taken back."""
    contract = contract_of_party(contract_id)
    return done(
        request, contract, _("The proposed end is withdrawn."),
        lambda: withdraw_end(contract_id=contract.pk, now=timezone.now(), actor=request.user),
    )  # fmt: skip


@require_POST
@requires("sign_contracts")
def accept(request: HttpRequest, contract_id: UUID) -> HttpResponse:
    """The other side signs the end its page showed."""
    contract = contract_of_party(contract_id)
    content = request.POST.get("content", "")[:64]
    return done(
        request, contract, _("Signed. The end is agreed in a moment."),
        lambda: accept_end(
            contract_id=contract.pk, content=content, now=timezone.now(), actor=request.user
        ),
    )  # fmt: skip
