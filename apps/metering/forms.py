"""What a customer declares of a counter, as fields."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.common.forms import ExactField


class DeclaredReadingForm(forms.Form):
    """A value at the end of a local day."""

    read_on = forms.DateField(
        label=_("At the end of"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    value = ExactField(label=_("The counter shows"))
    reason = forms.CharField(
        label=_("Reason"), required=False, max_length=200,
        help_text=_("Where you correct a value, or it rose unusually fast."),
    )  # fmt: skip

    def clean_value(self) -> Any:
        value = self.cleaned_data["value"]
        if value is None or not 0 <= value < 10**18:
            raise forms.ValidationError(_("Enter what the counter shows, zero or more."))
        return value
