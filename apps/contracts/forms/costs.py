"""Which of its own contracts a company's order serves."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.contracts.models import Contract, ContractItem, CostObject
from apps.contracts.queries import own_contracts

_MOST = 200


class CostForm(forms.Form):
    """The contract and, if one alone causes the cost, the asset."""

    serves = forms.ModelChoiceField(label=_("Contract"), queryset=Contract.objects.none())
    asset = forms.ChoiceField(
        label=_("Asset"), required=False, help_text=_("Empty: the contract as a whole.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["serves"].queryset = own_contracts().order_by("title", "id")  # type: ignore[attr-defined]
        self.fields["asset"].choices = [("", "–"), *_assets()]  # type: ignore[attr-defined]


def _assets() -> list[tuple[str, str]]:
    """Assets of the company's own contracts."""
    items = ContractItem.objects.filter(contract__in=own_contracts().order_by()).order_by()
    rows = items.values_list("asset", "asset_label").distinct().order_by("asset_label", "asset")
    return [(str(key), label) for key, label in rows[:_MOST]]


def cost_form(contract: Contract, data: Any = None) -> CostForm:
    """As typed, or as noted before."""
    noted = CostObject.objects.filter(contract=contract).first()
    initial = {"serves": noted.serves_id, "asset": noted.asset_id} if noted else {}
    return CostForm(data, initial=initial)
