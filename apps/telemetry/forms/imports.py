"""Forms of import profiles."""

from decimal import Decimal
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from apps.common.quantity import canonical
from apps.common.units import UNITS
from apps.telemetry.domain.mapping import BadMapping, from_dict, problem_text
from apps.telemetry.models import ImportProfile

PREFIX = "columns"
_SEPARATORS = [
    (",", _("comma")), (";", _("semicolon")), ("\t", _("tab")), ("|", _("bar |")),
    (" ", _("blank")),
]  # fmt: skip
_QUOTES = [('"', '"'), ("'", "'"), ("", _("none"))]
_ENCODINGS = [
    ("utf-8", "UTF-8"), ("utf-8-sig", _("UTF-8 with byte order mark")),
    ("latin-1", "Latin-1 (ISO 8859-1)"), ("utf-16", "UTF-16"),
]  # fmt: skip
_MARKS = [(".", _("point: 1.5")), (",", _("comma: 1,5"))]
_GROUPINGS = [
    ("", _("none: 1000")), (",", _("comma: 1,000")), (".", _("point: 1.000")),
    ("'", _("apostrophe: 1'000")), (" ", _("blank: 1 000")),
]  # fmt: skip
_MEANINGS = [
    ("instant", _("the moment of the reading")), ("start", _("the start of an interval")),
    ("end", _("the end of an interval")),
]  # fmt: skip
_CHANGES = [
    ("refuse", _("refuse the line")), ("first", _("take the first")),
    ("second", _("take the second")),
]  # fmt: skip
# Where a mistake of the profile is shown in the form.
_PLACES = {
    "time.columns": "time_columns", "time.format": "time_format", "time.zone": "zone",
    "time.meaning": "meaning", "time.interval_seconds": "interval_seconds",
    "time.end_columns": "end_columns", "time.date": "date", "time.date_in_name": "date_in_name",
    "time.begin": "begin",
    "time.midnight_ends_day": "midnight_ends_day", "time.clock_change": "clock_change",
}  # fmt: skip


class ProfileForm(forms.Form):
    """How a kind of file is read."""

    name = forms.CharField(
        label=_("Name of the profile"),
        max_length=80,
        help_text=_("Part of the identity of readings: the same file under it counts once."),
    )
    separator = forms.ChoiceField(label=_("Separator"), choices=_SEPARATORS)
    quote = forms.ChoiceField(label=_("Quote"), choices=_QUOTES, required=False, initial='"')
    encoding = forms.ChoiceField(label=_("Encoding"), choices=_ENCODINGS)
    decimal_mark = forms.ChoiceField(label=_("Decimal mark"), choices=_MARKS)
    grouping = forms.ChoiceField(label=_("Thousands"), choices=_GROUPINGS, required=False)
    header_line = forms.IntegerField(
        label=_("Header line"),
        min_value=0,
        max_value=1000,
        initial=1,
        help_text=_("0: there is none; columns are called 1, 2, 3."),
    )
    skip_rows = forms.IntegerField(
        label=_("Lines to skip below the header"), min_value=0, max_value=100_000, initial=0
    )
    trim = forms.BooleanField(
        label=_("Take stray blanks and quotes off values and column names"),
        required=False,
        initial=True,
    )
    time_columns = forms.CharField(
        label=_("Time column"),
        max_length=200,
        required=False,
        help_text=_("Several, such as date; clock, are separated by a semicolon."),
    )
    time_format = forms.CharField(
        label=_("Time format"),
        max_length=100,
        initial="iso",
        help_text=_("iso, unix, unix_ms, or a pattern such as %d/%m/%Y %H:%M"),
    )
    zone = forms.ChoiceField(
        label=_("Time zone of the file"),
        required=False,
        help_text=_("Needed when the times carry no offset."),
    )
    meaning = forms.ChoiceField(label=_("The time means"), choices=_MEANINGS)
    interval_seconds = forms.IntegerField(
        label=_("Interval (seconds)"), required=False, min_value=1, max_value=31_622_400
    )
    end_columns = forms.CharField(
        label=_("Column of the end"),
        max_length=200,
        required=False,
        help_text=_("Where each row has a start and an end of its own."),
    )
    date_in_name = forms.CharField(
        label=_("Day in the file's name"),
        max_length=50,
        required=False,
        help_text=_("Such as %Y-%m-%d, where the time is only a time of day."),
    )
    date = forms.CharField(
        label=_("Day of the file"),
        max_length=10,
        required=False,
        help_text=_("Such as 2026-03-01, where neither rows nor names say it."),
    )
    begin = forms.CharField(
        label=_("Time of the first row"),
        max_length=40,
        required=False,
        help_text=_("For rows without times: each is one interval after the one before."),
    )
    midnight_ends_day = forms.BooleanField(
        label=_("00:00 closes the day it names"),
        required=False,
        help_text=_("For files that stamp a day's last interval with 00:00 of the same day."),
    )
    clock_change = forms.ChoiceField(
        label=_("Times that exist twice or never"),
        choices=_CHANGES,
        help_text=_("Local times in the night the clock changes."),
    )
    asset = forms.CharField(
        label=_("Asset of the whole file"),
        max_length=80,
        required=False,
        help_text=_("Serial number or id; leave empty when a column names it."),
    )
    asset_column = forms.CharField(label=_("Column of assets"), max_length=200, required=False)
    id_columns = forms.CharField(
        label=_("Columns of the message id"),
        max_length=400,
        required=False,
        help_text=_("For amounts that carry an id of their own; separated by a semicolon."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zones = sorted(available_timezones())
        self.fields["zone"].choices = [  # type: ignore[attr-defined]
            ("", _("the times carry an offset")), *((zone, zone) for zone in zones)
        ]  # fmt: skip

    def mapping(self, columns: list[dict[str, Any]]) -> dict[str, Any]:
        """The profile as a dict, from this valid form and its columns."""
        data = self.cleaned_data
        plain = (
            "separator", "quote", "encoding", "decimal_mark", "grouping", "header_line",
            "skip_rows", "trim", "asset", "asset_column",
        )  # fmt: skip
        time = {
            "columns": _listed(data["time_columns"]),
            "format": data["time_format"],
            **{name: data[name] for name in ("zone", "meaning", "interval_seconds")},
            "midnight_ends_day": data["midnight_ends_day"],
            "clock_change": data["clock_change"],
            "end_columns": _listed(data["end_columns"]),
            **{name: data[name] for name in ("date", "date_in_name", "begin")},
        }
        return {
            **{name: data[name] for name in plain},
            "time": time,
            "id_columns": _listed(data["id_columns"]),
            "columns": columns,
        }

    def judge(self, mapping: dict[str, Any]) -> bool:
        """Whether the profile can be used; every mistake is shown at its field."""
        try:
            from_dict(mapping)
        except BadMapping as error:
            for place, reason, params in error.problems:
                self._tell(place, problem_text(reason, params, get_language() or "en"))
            return False
        return True

    def _tell(self, place: str, text: str) -> None:
        name = _PLACES.get(place, place)
        if name in self.fields:
            self.add_error(name, text)
            return
        parts = place.split(".")
        shown = (
            _("Column %(number)s, %(field)s") % {"number": parts[1], "field": parts[-1]}
            if len(parts) > 2
            else place
        )
        self.add_error(None, f"{shown}: {text}")


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(";") if part.strip()]


class ColumnForm(forms.Form):
    """One column of values."""

    column = forms.CharField(label=_("Column"), max_length=200, required=False)
    channel = forms.CharField(
        label=_("Channel"), max_length=40, help_text=_("Code of a channel of the asset's type.")
    )
    unit = forms.ChoiceField(label=_("Unit in the file"), required=False)
    factor = forms.DecimalField(
        label=_("Factor"),
        max_digits=30,
        decimal_places=12,
        required=False,
        help_text=_("Multiplies each value."),
    )
    none = forms.CharField(
        label=_("Means no value"),
        max_length=200,
        required=False,
        help_text=_("Such as -999; n/a. Empty cells never count as values."),
    )
    meanings = forms.CharField(
        label=_("Words"), max_length=400, required=False, help_text=_("Such as TRUE=1; FALSE=0")
    )
    expected_step = forms.DecimalField(
        label=_("Note steps above"),
        max_digits=30,
        decimal_places=12,
        required=False,
        help_text=_("For counters that skip numbers."),
    )
    decimals = forms.IntegerField(
        label=_("Round to decimals"), min_value=0, max_value=12, required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        language = get_language() or "en"
        units = sorted(
            ((unit.code, f"{unit.name(language)} ({unit.symbol(language)})")
             for unit in UNITS.values()), key=lambda choice: choice[1].lower(),
        )  # fmt: skip
        self.fields["unit"].choices = [  # type: ignore[attr-defined]
            ("", _("that of the channel")), *units
        ]  # fmt: skip

    fixed = forms.DecimalField(
        label=_("Fixed amount"),
        max_digits=30,
        decimal_places=12,
        required=False,
        help_text=_("In place of a column: what each row counts as, such as 1."),
    )

    def clean_meanings(self) -> dict[str, str]:
        meanings = {}
        for part in _listed(self.cleaned_data["meanings"]):
            word, found, value = part.rpartition("=")
            if not found or not word.strip():
                raise forms.ValidationError(_("Write word=number, such as TRUE=1."))
            meanings[word.strip()] = value.strip()
        return meanings

    def rule(self) -> dict[str, Any]:
        """The column as it stands in a profile."""
        data = self.cleaned_data
        return {
            "column": data["column"],
            "channel": data["channel"],
            "unit": data["unit"] or None,
            "factor": _text(data["factor"]),
            "none": _listed(data["none"]),
            "meanings": data["meanings"],
            "expected_step": _text(data["expected_step"]),
            "decimals": data["decimals"],
            "fixed": _text(data["fixed"]),
        }


def _text(value: Decimal | None) -> str | None:
    return None if value is None else canonical(value)


class BaseColumnFormSet(forms.BaseFormSet):
    """The columns of one profile. A row that was never touched is none."""

    def add_fields(self, form: forms.Form, index: int | None) -> None:
        super().add_fields(form, index)
        form.fields["DELETE"].label = _("Remove")

    def rules(self) -> list[dict[str, Any]]:
        """Every filled row that is not marked for removal."""
        rows = [form for form in self.forms if form.has_changed() or form.initial]
        return [form.rule() for form in rows if not form.cleaned_data.get("DELETE")]


ColumnFormSet = forms.formset_factory(
    ColumnForm,
    formset=BaseColumnFormSet,
    extra=0,
    can_delete=True,
    max_num=100,
    absolute_max=200,
    validate_max=True,
)


def profile_initial(profile: ImportProfile) -> dict[str, Any]:
    """Initial data of the profile form."""
    mapping = profile.mapping
    time = mapping.get("time", {})
    return {
        **{name: value for name, value in mapping.items() if name not in ("time", "columns")},
        **{name: value for name, value in time.items() if name not in ("columns", "format")},
        "end_columns": "; ".join(_as_list(time.get("end_columns"))),
        "name": profile.name,
        "time_columns": "; ".join(_as_list(time.get("columns"))),
        "time_format": time.get("format", "iso"),
        "id_columns": "; ".join(_as_list(mapping.get("id_columns"))),
    }


def column_initial(profile: ImportProfile) -> list[dict[str, Any]]:
    """Initial data of its columns."""
    return [
        {
            **rule,
            "none": "; ".join(_as_list(rule.get("none"))),
            "meanings": "; ".join(
                f"{word}={n}" for word, n in (rule.get("meanings") or {}).items()
            ),
        }
        for rule in profile.mapping.get("columns", [])
    ]


def _as_list(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value or [])
