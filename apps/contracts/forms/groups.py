"""When an item is covered and as whose member it is priced, as fields of a covered channel."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.common.forms import DateInput, point
from apps.common.quantity import BadValue, canonical, parse_decimal
from apps.contracts.domain.facts import GroupFacts
from apps.contracts.models import ContractItem
from apps.contracts.wording import problem_words
from apps.contracts.wording.groups import GROUP_AGGREGATE_NAMES


class GroupFields(forms.Form):
    """All empty: priced by itself, as long as the contract runs."""

    item_starts_on = forms.DateField(label=_("Covered from"), widget=DateInput, required=False)
    item_ends_on = forms.DateField(
        label=_("Covered until before"), widget=DateInput, required=False,
        help_text=_("Empty: as long as the contract runs."),
    )  # fmt: skip
    group_label = forms.CharField(
        label=_("Member of the group"), max_length=80, required=False,
        help_text=_("All with the same name and meter are priced as one."),
    )  # fmt: skip
    group_aggregate = forms.ChoiceField(
        label=_("Billed of the group"), choices=list(GROUP_AGGREGATE_NAMES.items()), required=False
    )
    group_level = forms.CharField(
        label=_("Level"), max_length=40, required=False,
        help_text=_("For counting members, in their unit."),
    )  # fmt: skip

    @property
    def is_grouped(self) -> bool:
        """Whether something was entered or is wrong, so that the fields are shown."""
        names = ("item_starts_on", "item_ends_on", "group_label", "group_level")
        return any(self[name].errors or self[name].value() for name in names)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        text = str(cleaned.get("group_level", "")).strip()
        try:
            level = parse_decimal(point(text)) if text else None
        except BadValue as error:
            self.add_error("group_level", problem_words(error.reason, error.params))
            return cleaned
        if cleaned.get("group_label"):
            cleaned["group"] = GroupFacts(
                cleaned["group_label"], cleaned.get("group_aggregate", ""), level
            )
        elif level is not None:
            self.add_error("group_label", _("Enter the name of the group."))
        return cleaned


def group_initial(row: ContractItem) -> dict[str, Any]:
    """The fields of a stored item."""
    days = {"item_starts_on": row.starts_on, "item_ends_on": row.ends_on}
    group = row.group
    if group is None:
        return days
    level = "" if group.level is None else canonical(group.level)
    return {
        **days, "group_label": group.label, "group_aggregate": group.aggregate,
        "group_level": level,
    }  # fmt: skip
