"""Service levels as fields of a contract's terms."""

from datetime import time
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.common.forms import ExactField
from apps.common.quantity import canonical
from apps.contracts.domain.service import MOST_HOURS, ServiceHours, ServiceLevels
from apps.contracts.models import Contract
from apps.contracts.wording.service import SERVICE_DAYS

MIDNIGHT = time(0)
FIELDS = (
    "answer_hours", "on_site_hours", "repair_hours", "availability", "service_days",
    "service_opens", "service_closes",
)  # fmt: skip


def _hours(label: Any) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=1, max_value=MOST_HOURS, required=False)


def _clock(label: Any) -> forms.TimeField:
    widget = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    return forms.TimeField(label=label, required=False, widget=widget)


class ServiceFields(forms.Form):
    """All empty: nothing is promised."""

    answer_hours = _hours(_("Answer within (hours)"))
    on_site_hours = _hours(_("On site within (hours)"))
    repair_hours = _hours(_("Back in service within (hours)"))
    availability = ExactField(label=_("Availability (percent of a billing period)"), required=False)
    service_days = forms.ChoiceField(
        label=_("Hours count on"), choices=tuple(SERVICE_DAYS.items()), required=False
    )
    service_opens = _clock(_("From"))
    service_closes = _clock(_("Until"))

    @property
    def service(self) -> list[forms.BoundField]:
        return [self[name] for name in FIELDS]

    @property
    def has_service(self) -> bool:
        """Whether something was entered or is wrong, so that the fields are shown."""
        chosen = [field for field in self.service if field.name != "service_days"]
        return any(field.errors or field.value() for field in chosen)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        hours = ServiceHours(
            cleaned.get("service_days") or "all",
            cleaned.get("service_opens") or MIDNIGHT,
            cleaned.get("service_closes") or MIDNIGHT,
        )
        promised = {name: cleaned.get(name) for name in FIELDS[:4]}
        cleaned["service"] = ServiceLevels(**promised, hours=hours)
        return cleaned


def service_initial(contract: Contract) -> dict[str, Any]:
    """The fields of a stored contract."""
    levels = contract.service_levels
    percent = levels.availability
    whole = levels.hours.are_whole_days
    return {
        **levels.within, "availability": "" if percent is None else canonical(percent),
        "service_days": levels.hours.days, "service_opens": None if whole else levels.hours.opens,
        "service_closes": None if whole else levels.hours.closes,
    }  # fmt: skip
