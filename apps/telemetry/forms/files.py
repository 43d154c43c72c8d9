"""The form of a file to import."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.assets.models import Asset
from apps.common.ids import BadId, decode
from apps.telemetry.models import ImportProfile
from apps.tenancy.context import current_company


class UndoForm(forms.Form):
    """Why an import is undone."""

    reason = forms.CharField(
        label=_("Reason"), max_length=200, help_text=_("Such as “read in the wrong time zone”."),
    )  # fmt: skip


class ImportForm(forms.Form):
    """The file to import and how to read it."""

    profile = forms.ModelChoiceField(
        ImportProfile.objects.none(), label=_("Profile"), empty_label=None
    )
    file = forms.FileField(
        label=_("File"), help_text=_("Text with separators (CSV), plain or gzip-compressed.")
    )
    asset = forms.CharField(
        label=_("Asset of the whole file"),
        max_length=80,
        required=False,
        help_text=_("Serial number or id. Leave empty when the profile names it."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        profiles = ImportProfile.objects.order_by("name")
        self.fields["profile"].queryset = profiles  # type: ignore[attr-defined]

    def clean_asset(self) -> str:
        text = str(self.cleaned_data["asset"]).strip()
        if text and not _is_known(text):
            raise forms.ValidationError(
                _("There is no asset of yours with the serial number or id “%(asset)s”."),
                params={"asset": text},
            )
        return text


def _is_known(text: str) -> bool:
    own = Asset.objects.written_by(current_company())
    try:
        return bool(own.filter(pk=decode(Asset.prefix, text)).exists())
    except BadId:
        return "\0" not in text and bool(own.filter(serial=text).exists())
