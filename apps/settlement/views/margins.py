"""Contract margin by month and asset."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from apps.accounts.access import requires
from apps.common import ids
from apps.contracts.models import Contract
from apps.settlement.queries.margins import by_month, contracts_with_revenue, margins_of

_MOST = 200
_SHOWN = 24


class ContractForm(forms.Form):
    """Which contract's margin is shown."""

    contract = forms.ChoiceField(label=_("Contract"), required=False)

    def __init__(self, *args: Any, rows: list[Contract], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(row.public_id, f"{row.title} · {row.customer_name}") for row in rows]
        self.fields["contract"].choices = choices  # type: ignore[attr-defined]


@require_GET
@requires("view_money")
def margin_months(request: HttpRequest) -> HttpResponse:
    """Revenue, shares of others, costs and what is left, month by month and asset by asset."""
    rows = list(contracts_with_revenue()[:_MOST])
    chosen = _chosen(request.GET.get("contract", ""), rows)
    months = [] if chosen is None else by_month(margins_of(chosen))[:_SHOWN]
    form = ContractForm(initial={"contract": chosen and chosen.public_id}, rows=rows)
    context = {"contract": chosen, "months": months, "form": form}
    return render(request, "settlement/margin_months.html", context)


def _chosen(text: str, rows: list[Contract]) -> Contract | None:
    """The asked contract; else the first. One that is not the company's is as if not asked for."""
    try:
        key = ids.decode(Contract.prefix, text)
    except ValueError:
        key = None
    return next((row for row in rows if row.pk == key), rows[0] if rows else None)
