"""An entry in an asset's life."""

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.assets.models import LifecycleAct
from apps.common.forms import DateInput


class ActForm(forms.Form):
    """What happened, on which day."""

    kind = forms.ChoiceField(label=_("What happened"), choices=LifecycleAct.Kind.choices)
    happened_on = forms.DateField(label=_("On"), widget=DateInput)
    note = forms.CharField(
        label=_("Note"), max_length=200, required=False,
        help_text=_("Every company of the passport reads it."),
    )  # fmt: skip
