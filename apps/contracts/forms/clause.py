"""One recipient of a data clause."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.assets.models import ChannelMark, DataGrant
from apps.contracts.domain.clause import ClauseEntry
from apps.contracts.models import Contract
from apps.contracts.queries.clause import clause_channels
from apps.tenancy.models import Company
from apps.tenancy.queries import known_companies


class ClauseForm(forms.Form):
    """Who reads what of the covered assets, how finely, what for."""

    company = forms.ModelChoiceField(
        label=_("Who reads"), queryset=Company.objects.none(), empty_label=_("Choose a partner")
    )
    kind = forms.ChoiceField(
        label=_("What"), choices=DataGrant.Kind.choices, widget=forms.RadioSelect,
        initial=DataGrant.Kind.VALUES,
    )  # fmt: skip
    channels = forms.MultipleChoiceField(
        label=_("Channels"), required=False, widget=forms.CheckboxSelectMultiple
    )
    resolution = forms.ChoiceField(
        label=_("How finely"), choices=DataGrant.Resolution.choices, required=False,
        initial=DataGrant.Resolution.DAILY,
    )  # fmt: skip
    purpose = forms.CharField(label=_("Purpose"), max_length=200)
    revocable = forms.BooleanField(
        label=_("Who collects may take it back before the contract ends"), required=False
    )

    def __init__(self, *args: Any, contract: Contract, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        marks = dict(ChannelMark.choices)
        company: Any = self.fields["company"]
        company.queryset = known_companies().exclude(pk=contract.customer_id)
        channels: Any = self.fields["channels"]
        channels.choices = [
            (row.code, f"{row.title} ({marks[row.mark]})" if row.mark else row.title)
            for row in clause_channels(contract)
        ]

    def entry(self) -> ClauseEntry:
        """What the valid form says."""
        data = self.cleaned_data
        is_values = data["kind"] == DataGrant.Kind.VALUES
        return ClauseEntry(
            data["company"].pk, data["company"].name, data["kind"],
            tuple(data["channels"]) if is_values else (), data["resolution"] if is_values else "",
            data["purpose"].strip(), data["revocable"],
        )  # fmt: skip
