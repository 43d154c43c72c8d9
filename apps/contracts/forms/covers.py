"""Which channels come to a contract in force, which go, and when."""

from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.common.forms import DateInput
from apps.contracts.models import ContractItem


class CoverForm(forms.Form):
    """The day, and what is withdrawn; what is added stands in an `ItemFormSet` beside it."""

    valid_from = forms.DateField(
        label=_("From"), widget=DateInput,
        help_text=_("Any day after today, also within a period: usage counts from that midnight on, or until it."),
    )  # fmt: skip
    withdrawn = forms.MultipleChoiceField(
        label=_("Not covered any more"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, items: list[ContractItem], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["withdrawn"].choices = [  # type: ignore[attr-defined]
            (str(item.pk), f"{item.asset_label} · {item.channel_code}") for item in items
        ]

    def keys(self) -> list[UUID]:
        return [UUID(key) for key in self.cleaned_data["withdrawn"]]
