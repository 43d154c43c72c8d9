"""Forms of price indices."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from apps.common.forms import DateInput
from apps.contracts.domain.index_file import (
    LineProblem,
    PublishedValue,
    line_problems,
    published_value,
)

REASONS = {
    "file_too_large": _("The file is larger than 200,000 bytes."),
    "too_many_lines": _("The file has more than 2,000 lines."),
    "not_utf8": _("The file is not encoded as UTF-8. Save it as CSV UTF-8."),
    "wrong_header": _("The first line must be %(text)s."),
    "other_width": _("%(text)s cells instead of 3."),
    "bad_reference": _("“%(text)s” is no month 2026-03, quarter 2026-Q1 or year 2026."),
    "bad_number": _("“%(text)s” is not a number."),
    "negative_value": _("“%(text)s” is below zero."),
    "bad_date": _("“%(text)s” is no date such as 2026-03-20."),
    "twice": _("%(text)s stands twice in the file."),
}
_FIELDS = {
    "bad_reference": "reference", "bad_number": "value", "negative_value": "value",
    "bad_date": "published_on",
}  # fmt: skip


def problem_text(problem: LineProblem) -> str:
    """The line and what is wrong with it."""
    why = REASONS[problem.reason] % {"text": problem.text}
    if not problem.line:
        return str(why)
    return _now("Line %(line)s: %(why)s") % {"line": problem.line, "why": why}


class SeriesForm(forms.Form):
    """A new series."""

    code = forms.CharField(
        label=_("Code"), max_length=40,
        help_text=_("The publisher's own code; price plans name the series by it."),
    )  # fmt: skip
    name = forms.CharField(label=_("Name"), max_length=120)
    source = forms.CharField(
        label=_("Published by"), max_length=300, required=False,
        help_text=_("The office and table, or the address of the publication."),
    )  # fmt: skip


class ValueForm(forms.Form):
    """One published value."""

    reference = forms.CharField(
        label=_("For"), max_length=10, help_text=_("A month 2026-03, quarter 2026-Q1 or year 2026.")
    )
    value = forms.CharField(label=_("Value"), max_length=40)
    published_on = forms.DateField(label=_("Published on"), widget=DateInput)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        names = ("reference", "value", "published_on")
        if all(name in cleaned for name in names):
            for reason, text in line_problems([str(cleaned[name]) for name in names]):
                self.add_error(_FIELDS[reason], REASONS[reason] % {"text": text})
        return cleaned

    def published(self) -> PublishedValue:
        typed = self.cleaned_data
        return published_value(typed["reference"], typed["value"], str(typed["published_on"]))


class ValueFileForm(forms.Form):
    """Values as a CSV file."""

    file = forms.FileField(
        label=_("CSV file"), widget=forms.ClearableFileInput(attrs={"accept": ".csv,text/csv"}),
        help_text=_("Header: reference,value,published_on"),
    )  # fmt: skip
