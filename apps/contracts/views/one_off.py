"""A single job as a one-off contract."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.accounts.access import requires
from apps.contracts.forms.one_off import LineFormSet, OrderForm
from apps.contracts.models import Contract
from apps.contracts.operations import offer_one_off


@require_http_methods(["GET", "POST"])
@requires("sign_contracts")
def new(request: HttpRequest) -> HttpResponse:
    """What was done for whom; sent, it is signed and offered to the customer."""
    sent = request.method == "POST"
    first = {"done_on": timezone.localdate(), "tax_category": "S", "payment_days": 14}
    form = OrderForm(request.POST if sent else None, initial=first)
    lines = LineFormSet(request.POST if sent else None, prefix="lines")
    if sent and form.is_valid() & lines.is_valid():
        made = _offered(request, form, lines)
        if made is not None:
            text = _("The order is offered to %(name)s. It is billed once they sign it.")
            messages.success(request, text % {"name": made.customer_name})
            return redirect("contract_detail", made.public_id)
    context = {"form": form, "lines": lines}
    return render(request, "contracts/one_off_new.html", context, status=422 if sent else 200)


def _offered(request: HttpRequest, form: OrderForm, lines: object) -> Contract | None:
    """The contract; None where it is refused, which the form says."""
    rows = [line for row in lines if (line := row.line()) is not None]  # type: ignore[attr-defined]
    try:
        return offer_one_off(
            facts=form.facts(), done_on=form.cleaned_data["done_on"], lines=rows,
            now=timezone.now(), actor=request.user,
            by_finance="settle_receivables" in request.capabilities,  # type: ignore[attr-defined]
        )  # fmt: skip
    except ValidationError as error:
        for field, texts in error.message_dict.items():
            form.add_error(field if field in form.fields else None, texts)
    return None
