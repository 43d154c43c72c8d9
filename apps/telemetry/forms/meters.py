"""The form of a channel's meter."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.common.forms import DateInput, ExactField, MomentField
from apps.common.quantity import BadValue
from apps.telemetry.domain.meters import MeterVersion, judge_factor


class MeterForm(forms.Form):
    """What is known of the meter from a moment on."""

    since = MomentField(
        label=_("Holds from"), required=False,
        help_text=_("In your time zone. Empty: from the beginning."),
    )  # fmt: skip
    serial = forms.CharField(label=_("Serial number of the meter"), max_length=80, required=False)
    accuracy_class = forms.CharField(
        label=_("Accuracy class"), max_length=40, required=False, help_text=_("Such as 1 or MID B."),
    )  # fmt: skip
    verified_until = forms.DateField(
        label=_("Verified until"), required=False, widget=DateInput,
        help_text=_("The last day of the verification."),
    )  # fmt: skip
    factor = ExactField(
        label=_("Factor"), required=False,
        help_text=_("What one counted unit stands for. Empty: one."),
    )  # fmt: skip
    reason = forms.CharField(label=_("Reason"), max_length=200)

    def __init__(self, *args: Any, takes_factor: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not takes_factor:
            del self.fields["factor"]

    def clean_factor(self) -> Any:
        factor = self.cleaned_data["factor"]
        try:
            if factor is not None:
                judge_factor(factor)
        except BadValue:
            raise forms.ValidationError(
                _("Above zero, below 1,000,000,000, with at most six decimals.")
            ) from None
        return factor

    def version(self) -> MeterVersion:
        """What the valid form says."""
        found = self.cleaned_data
        return MeterVersion(
            found["since"], found["serial"].strip(), found["accuracy_class"].strip(),
            found["verified_until"], found.get("factor"),
        )  # fmt: skip
