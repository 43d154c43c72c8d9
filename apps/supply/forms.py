"""Forms of transfers."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.common.forms import AmountField, DateInput
from apps.contracts.models import Contract
from apps.supply.domain.terms import MOST_WARRANTY_MONTHS, TransferTerms, written_defects
from apps.supply.models import AssetTransfer
from apps.tenancy.context import current_company
from apps.tenancy.models import Company
from apps.tenancy.queries import known_companies


class TransferForm(forms.Form):
    """What the owner offers."""

    buyer = forms.ModelChoiceField(
        label=_("New owner"), queryset=Company.objects.none(), empty_label=_("Choose a partner")
    )
    delivery_on = forms.DateField(label=_("Delivery on"), widget=DateInput)
    title_on = forms.ChoiceField(label=_("Title passes"), choices=AssetTransfer.TitleOn.choices)
    tax_category = forms.ChoiceField(label=_("Tax"), choices=Contract.TaxCategory.choices)
    payment_days = forms.IntegerField(label=_("Payable within (days)"), min_value=0, max_value=365)
    warranty_months = forms.IntegerField(
        label=_("Warranty (months)"), min_value=1, max_value=MOST_WARRANTY_MONTHS, required=False,
        help_text=_("It begins when the title passes. Empty: the transfer carries none."),
    )  # fmt: skip
    note = forms.CharField(
        label=_("Note for the buyer"), max_length=500, required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = current_company()
        choice: forms.ModelChoiceField = self.fields["buyer"]  # type: ignore[assignment]
        choice.queryset = known_companies().exclude(pk=own.pk)
        self.fields["price"] = AmountField(
            own.currency, label=_("Price without tax"), required=False,
            help_text=_("Empty: it is given away, and nothing is invoiced."),
        )  # fmt: skip
        first = ("buyer", "price", "delivery_on", "title_on")
        self.order_fields([*first, *(name for name in self.fields if name not in first)])

    def terms(self) -> TransferTerms:
        given = self.cleaned_data
        return TransferTerms(
            buyer_id=given["buyer"].pk, delivery_on=given["delivery_on"],
            price_minor=given["price"], title_on=given["title_on"],
            tax_category=given["tax_category"], payment_days=given["payment_days"],
            warranty_months=given["warranty_months"], note=given["note"],
        )  # fmt: skip


class AcceptanceForm(forms.Form):
    """What the buyer found on delivery."""

    defects = forms.CharField(
        label=_("Defects found"), max_length=10_000, required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("One a line. Empty: accepted without defects."),
    )  # fmt: skip

    def clean_defects(self) -> list[str]:
        return written_defects(self.cleaned_data["defects"])


class RefusalForm(forms.Form):
    """Why the buyer refuses."""

    reason = forms.CharField(
        label=_("Refused because"), max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )
