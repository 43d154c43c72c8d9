"""Forms of billing."""

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.common.forms import MonthInput
from apps.common.period import parse_month
from apps.common.quantity import BadValue


class RunForm(forms.Form):
    """Which month is billed, and whether for real."""

    month = forms.CharField(
        label=_("Month"),
        max_length=7,
        widget=MonthInput(),
        help_text=_("Every finished period that ends in this month, and older ones still open."),
    )
    dry = forms.BooleanField(
        label=_("Dry run"),
        required=False,
        help_text=_("Calculates everything and writes no invoice."),
    )

    def clean_month(self) -> str:
        month: str = self.cleaned_data["month"]
        try:
            parse_month(month)
        except BadValue:
            raise forms.ValidationError(_("Enter a month such as 2026-03.")) from None
        return month


class IncomingForm(forms.Form):
    """A file that was received from outside."""

    file = forms.FileField(
        label=_("E-invoice"),
        max_length=200,
        help_text=_("XML (CII or UBL, also XRechnung) or a PDF with XML (Factur-X, ZUGFeRD)."),
    )


class RefusalForm(forms.Form):
    """Why a received document is not taken."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The sender reads this."),
    )
