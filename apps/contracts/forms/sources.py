"""Which source counts for a covered channel, as fields: its order, its limits, an expired meter."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.common.forms import ExactField
from apps.common.quantity import BadValue
from apps.contracts.models import ContractItem
from apps.contracts.wording.sources import EXPIRED, SOURCE_PROBLEMS
from apps.telemetry.domain.sources import CHANNEL, DECLARED, DEVICE, MARK, MeterTerms

_FIELD_OF = {
    "bad_sources": "stand_in", "device_first": "stand_in", "bad_silence": "silent_after", "bad_deviation": "deviation",
}  # fmt: skip


_LAST, _ONLY = "last", "only"
_DECLARES = [
    ("", _("never")), (_LAST, _("when all others are silent")), (_ONLY, _("always: there is no device")),
]  # fmt: skip


class SourceFields(forms.Form):
    """All untouched: the device alone, and an expired meter is marked."""

    stand_in = forms.CharField(
        label=_("Channels that stand in"), required=False, max_length=200,
        help_text=_("Codes of the same asset in their order, with commas between."),
    )  # fmt: skip
    declares = forms.ChoiceField(
        label=_("The customer declares readings"), required=False, choices=_DECLARES,
        help_text=_("Of the counter, at the end of each period, on a page of its own."),
    )  # fmt: skip
    silent_after = forms.IntegerField(
        label=_("They stand in after (hours)"), required=False, min_value=1, max_value=8784,
        help_text=_("Without a reading of the one before. Empty: 24."),
    )  # fmt: skip
    deviation = ExactField(
        label=_("Others may differ by (%)"), required=False,
        help_text=_("More than that is shown as a warning. Empty: never."),
    )  # fmt: skip
    expired = forms.ChoiceField(
        label=_("Verification expired"), required=False, choices=list(EXPIRED.items())
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        try:
            cleaned["meter_terms"] = MeterTerms(
                self._sources(cleaned), cleaned.get("silent_after") or MeterTerms().silent_after,
                cleaned.get("deviation"), cleaned.get("expired") or MARK,
            )  # fmt: skip
        except BadValue as error:
            field = _FIELD_OF.get(error.reason, "expired")
            self.add_error(field, str(SOURCE_PROBLEMS[error.reason]))
        return cleaned

    def _sources(self, cleaned: dict[str, Any]) -> tuple[str, ...]:
        named = [code.strip() for code in cleaned.get("stand_in", "").split(",") if code.strip()]
        channels = [f"{CHANNEL}{code}" for code in named]
        declares = cleaned.get("declares")
        if declares == _ONLY:
            return (DECLARED, *channels)
        return (DEVICE, *channels, *([DECLARED] if declares == _LAST else []))

    def terms(self) -> MeterTerms | None:
        """What was agreed of its sources."""
        found: MeterTerms | None = self.cleaned_data.get("meter_terms")
        return found

    @property
    def has_terms(self) -> bool:
        """Whether the fields say anything, so that they are shown open."""
        names = ("stand_in", "declares", "silent_after", "deviation")
        said = [self[name].value() for name in names]
        chosen = self["expired"].value() not in (None, "", MARK)
        return bool(chosen or any(said) or any(self[name].errors for name in names))


def source_initial(row: ContractItem) -> dict[str, Any]:
    """The fields of a stored item."""
    if row.meter_terms is None:
        return {}
    terms = row.agreed_meter
    named = [item.removeprefix(CHANNEL) for item in terms.sources if item.startswith(CHANNEL)]
    declares = _LAST if DECLARED in terms.sources else ""
    return {
        "stand_in": ", ".join(named), "declares": _ONLY if terms.is_declared else declares,
        "silent_after": terms.silent_after, "deviation": terms.deviation, "expired": terms.expired,
    }  # fmt: skip
