"""Forms of data grants: what is asked for or given, and what is exported."""

from datetime import date, datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.assets.domain.mounting import Layout
from apps.assets.models import Asset, ChannelMark, DataGrant
from apps.common.forms import DateInput
from apps.common.period import local_date, midnight
from apps.events.models import Webhook
from apps.events.queries import webhooks
from apps.tenancy.context import current_company
from apps.tenancy.models import Company
from apps.tenancy.queries import known_companies

FORMATS = (("csv", "CSV"), ("json", "JSON"))


class DataTermsForm(forms.Form):
    """Who reads what of an asset, how finely, what for, from when to when.

    `others`: the companies that may be named besides those who ask; without any the field is gone.
    """

    grantee = forms.ModelChoiceField(
        label=_("Who reads"), queryset=Company.objects.none(), empty_label=_("Choose a partner")
    )
    kind = forms.ChoiceField(
        label=_("What"), choices=DataGrant.Kind.choices, widget=forms.RadioSelect,
        initial=DataGrant.Kind.VALUES,
        help_text=_("Device health: last seen, battery, signal and firmware; nothing it measures."),
    )  # fmt: skip
    channels = forms.MultipleChoiceField(
        label=_("Channels"), required=False, widget=forms.CheckboxSelectMultiple
    )
    resolution = forms.ChoiceField(
        label=_("How finely"), choices=DataGrant.Resolution.choices, required=False,
        initial=DataGrant.Resolution.DAILY,
        help_text=_("Hourly and daily figures are delivered; every reading is read where it lies."),
    )  # fmt: skip
    purpose = forms.CharField(label=_("Purpose"), max_length=200)
    valid_from = forms.DateField(label=_("From"), widget=DateInput)
    valid_until = forms.DateField(
        label=_("Until"), widget=DateInput, required=False,
        help_text=_("This day is not included. Without one it stays open."),
    )  # fmt: skip

    def __init__(
        self, *args: Any, asset: Asset, now: datetime, others: bool, **kwargs: Any
    ) -> None:
        self.zone = current_company().time_zone
        kwargs.setdefault("initial", {"valid_from": local_date(now, self.zone)})
        super().__init__(*args, **kwargs)
        self.fields["channels"].choices = _channel_choices(asset)  # type: ignore[attr-defined]
        if others:
            choice: Any = self.fields["grantee"]
            choice.queryset = known_companies().exclude(pk=asset.author_id)
        else:
            del self.fields["grantee"]

    def terms(self) -> dict[str, Any]:
        """What the valid form says, as the operations take it; days become instants."""
        data = self.cleaned_data
        is_values = data["kind"] == DataGrant.Kind.VALUES
        grantee = data.get("grantee")
        return {
            "grantee_id": current_company().pk if grantee is None else grantee.pk,
            "kind": data["kind"], "channels": data["channels"] if is_values else [],
            "resolution": data["resolution"] if is_values else "", "purpose": data["purpose"],
            "valid_from": self._instant(data["valid_from"]),
            "valid_until": data["valid_until"] and self._instant(data["valid_until"]),
        }  # fmt: skip

    def clean_valid_from(self) -> date:
        return _bounded(self.cleaned_data["valid_from"])

    def clean_valid_until(self) -> date | None:
        day: date | None = self.cleaned_data["valid_until"]
        return None if day is None else _bounded(day)

    def _instant(self, day: date) -> datetime:
        return midnight(day, self.zone)


def _bounded(day: date) -> date:
    if not 2000 <= day.year <= 2100:
        raise forms.ValidationError(_("Choose a day between 2000 and 2100."))
    return day


def _channel_choices(asset: Asset) -> list[tuple[str, str]]:
    marks = dict(ChannelMark.choices)
    return [
        (row.code, f"{row.title} ({marks[row.mark]})" if row.mark else row.title)
        for row in Layout.from_dict(asset.layout).channels
    ]


class AnswerForm(forms.Form):
    """Why a request is refused."""

    reason = forms.CharField(label=_("Reason"), max_length=200, required=False)


class ExportForm(forms.Form):
    """Which days of an asset's data are written into a file of which form."""

    start = forms.DateField(label=_("From"), widget=DateInput)
    until = forms.DateField(
        label=_("Until"), widget=DateInput, help_text=_("This day is not included.")
    )
    form = forms.ChoiceField(label=_("File"), choices=FORMATS)

    def clean_start(self) -> date:
        return _bounded(self.cleaned_data["start"])

    def clean_until(self) -> date:
        return _bounded(self.cleaned_data["until"])

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        start, until = found.get("start"), found.get("until")
        if start and until and not start < until:
            self.add_error("until", _("The end is after the beginning."))
        return found


class PushForm(forms.Form):
    """Which of the company's webhooks a grant is pushed to."""

    webhook = forms.ModelChoiceField(label=_("Webhook"), queryset=Webhook.objects.none())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: forms.ModelChoiceField = self.fields["webhook"]  # type: ignore[assignment]
        field.queryset = webhooks().filter(state=Webhook.State.ACTIVE)
