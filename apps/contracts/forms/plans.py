"""The form of a new plan version."""

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.common.forms import DateInput


class PlanDayForm(forms.Form):
    """From when the new prices are to hold."""

    valid_from = forms.DateField(
        label=_("Valid from"), widget=DateInput,
        help_text=_("The first day of a billing period, after today."),
    )  # fmt: skip
