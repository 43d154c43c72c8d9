"""A contract's purchase orders: noted by the provider."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.accounts.access import requires
from apps.billing.forms import OrderForm
from apps.billing.models import PurchaseOrder
from apps.billing.operations import note_order
from apps.contracts.queries import own_contracts


@require_http_methods(["GET", "POST"])
@requires("settle_receivables")
def contract_orders(request: HttpRequest, contract_id: UUID) -> HttpResponse:
    """The orders of an own contract, and a form for another."""
    contract = get_object_or_404(own_contracts(), id=contract_id)
    form = OrderForm(contract.currency, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            note_order(
                contract=contract, facts=form.facts(), now=timezone.now(), person=request.user
            )
        except ValidationError as problem:
            form.add_error(None, problem)
        else:
            messages.success(request, _("The order is noted. Bill again what was parked for it."))
            return redirect("contract_orders", contract.public_id)
    orders = PurchaseOrder.objects.filter(contract=contract).order_by("-valid_from", "number")
    context = {"contract": contract, "form": form, "orders": orders}
    return render(request, "billing/contract_orders.html", context)
