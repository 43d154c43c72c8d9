"""Deposits: which contracts have one, what happened to it, and noting the next step."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.access import requires
from apps.common.pages import Empty, ListPage
from apps.common.period import local_date
from apps.contracts.models import Contract
from apps.settlement.forms import DepositForm
from apps.settlement.models import DepositStep
from apps.settlement.operations import note_deposit
from apps.settlement.queries.deposits import (
    contracts_with_deposit,
    deposit_standings,
    with_held,
)
from apps.settlement.tables import DepositTable
from apps.tenancy.context import current_company


class DepositList(ListPage):
    """Contracts with a deposit, and how much of it is held."""

    model = Contract
    table_class = DepositTable
    title = gettext_lazy("Deposits")
    search_fields = ("title", "provider_name", "customer_name")
    export_name = "deposits"
    empty = Empty(
        "shield", gettext_lazy("No deposits yet"),
        gettext_lazy("A contract may agree a deposit: money of the customer that the provider keeps as a security."),
        "contract_list", gettext_lazy("Contracts"), "view_contracts",
    )  # fmt: skip

    def get_queryset(self) -> Any:
        return with_held(contracts_with_deposit())

    def sides(self) -> Sequence[Q]:
        own = current_company()
        return Q(author=own), Q(customer=own)


@require_GET
@requires("view_money")
def deposit_detail(request: HttpRequest, contract_id: UUID) -> HttpResponse:
    """One contract's deposit: where it stands, each step, and for the provider the next."""
    return _page(request, get_object_or_404(contracts_with_deposit(), pk=contract_id))


def _page(
    request: HttpRequest, contract: Contract, form: DepositForm | None = None, status: int = 200
) -> HttpResponse:
    today = local_date(timezone.now(), current_company().time_zone)
    own = contract.author_id == current_company().pk
    context = {
        "contract": contract, "standing": deposit_standings([contract])[contract.pk], "own": own,
        "steps": DepositStep.objects.filter(contract=contract),
        "form": form or DepositForm(contract=contract, initial={"valued_on": today}),
    }  # fmt: skip
    return render(request, "settlement/deposit_detail.html", context, status=status)


@require_POST
@requires("settle_receivables")
def deposit_step(request: HttpRequest, contract_id: UUID) -> HttpResponse:
    """The provider notes what happened. The form's own key makes a double click one step."""
    rows = contracts_with_deposit().filter(author=current_company())
    contract = get_object_or_404(rows, pk=contract_id)
    form = DepositForm(request.POST, contract=contract)
    if form.is_valid():
        try:
            note_deposit(
                contract_id=contract.pk, facts=form.facts(), step_id=form.cleaned_data["key"],
                now=timezone.now(), actor=request.user,
            )  # fmt: skip
        except Contract.DoesNotExist:
            raise Http404 from None
        except ValidationError as error:
            form.place(error)
        else:
            messages.success(request, _("The deposit is noted."))
            return redirect("deposit_detail", contract.public_id)
    return _page(request, contract, form, status=422)
