"""A single job to be billed once: for whom, when it was done, and its lines."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.common.forms import DateInput, ExactField
from apps.contracts.domain.facts import ContractFacts
from apps.contracts.models import Contract
from apps.contracts.operations import OrderLine
from apps.tenancy.context import current_company
from apps.tenancy.models import Company
from apps.tenancy.queries import known_companies

LINES = 6


class OrderForm(forms.Form):
    """Facts of the order, as `ContractFacts`."""

    title = forms.CharField(label=_("Title"), max_length=120)
    customer = forms.ModelChoiceField(label=_("Customer"), queryset=Company.objects.none())
    done_on = forms.DateField(label=_("Done on"), widget=DateInput)
    tax_category = forms.ChoiceField(label=_("Tax"), choices=Contract.TaxCategory.choices)
    payment_days = forms.IntegerField(label=_("Payable within (days)"), min_value=0, max_value=365)
    order_number = forms.CharField(label=_("Order number"), max_length=80, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        partners = known_companies().exclude(pk=current_company().pk)
        self.fields["customer"].queryset = partners  # type: ignore[attr-defined]

    def facts(self) -> ContractFacts:
        given, own = self.cleaned_data, current_company()
        return ContractFacts(
            customer_id=given["customer"].pk, title=given["title"], starts_on=given["done_on"],
            time_zone=own.time_zone, currency=own.currency, tax_category=given["tax_category"],
            payment_days=given["payment_days"], order_number=given["order_number"],
        )  # fmt: skip


class LineForm(forms.Form):
    """One line; left empty it is none."""

    what = forms.CharField(label=_("What was done"), max_length=80, required=False)
    quantity = ExactField(label=_("Quantity"), required=False)
    price = ExactField(label=_("Price of one"), required=False)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        given = [
            name for name in ("what", "quantity", "price") if cleaned.get(name) not in ("", None)
        ]
        if given and len(given) < 3 and not self.errors:
            self.add_error(None, _("Say what, how much and at which price."))
        for name in ("quantity", "price"):
            if cleaned.get(name) is not None and cleaned[name] <= 0:
                self.add_error(name, _("Enter a number above zero."))
        return cleaned

    def line(self) -> OrderLine | None:
        given = self.cleaned_data
        if not given.get("what"):
            return None
        title = {"en": given["what"], "de": given["what"]}
        return OrderLine(title, given["quantity"], given["price"])


LineFormSet = forms.formset_factory(LineForm, extra=LINES, max_num=LINES, absolute_max=LINES)
