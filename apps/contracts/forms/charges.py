"""Charges of a price plan as rows; what was typed stays as it was typed."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from apps.common.forms import point
from apps.common.units import UNITS
from apps.contracts.forms.charge_models import (
    AT_END,
    CHOSEN,
    FIELDS,
    FLOORS,
    INDEX,
    INDEXED,
    KEYS,
    MODELS,
    NAMING,
    POOLINGS,
    PRORATIONS,
    ROW_WORDS,
    ROWS,
    TAXES,
    TIMINGS,
    Cell,
)
from apps.contracts.forms.charge_windows import windows_of

MOST_CHARGES = 100


def _number(label: Any, help_text: Any = "") -> forms.CharField:
    """Numbers are text: they keep up to 12 decimals exactly."""
    field = forms.CharField(label=label, max_length=40, required=False, help_text=help_text)
    field.widget.attrs["inputmode"] = "decimal"
    return field


def _choice(label: Any, choices: Any) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=choices, required=False)


class ChargeForm(forms.Form):
    """One charge. Every model's fields stand in the form; the page shows those of the chosen one."""

    code = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)
    model = forms.ChoiceField(
        label=_("Kind"), choices=[(name, words[0]) for name, words in MODELS.items()]
    )
    title_en = forms.CharField(label=_("Title in English"), max_length=200)
    title_de = forms.CharField(label=_("Title in German"), max_length=200, required=False)
    amount = _number(_("Amount"))
    timing = _choice(_("Due"), TIMINGS)
    at_end = _choice(_("At the contract's end, paid in advance"), AT_END)
    meter = forms.CharField(label=_("Meter"), max_length=40, required=False)
    unit = forms.ChoiceField(label=_("Unit"), required=False)
    pooling = _choice(_("Counted"), POOLINGS)
    unit_price = _number(_("Price per unit"))
    size = _number(_("Units in a package"))
    package_price = _number(_("Price per package"))
    included = _number(_("Included per period"), _("Units that are not priced; empty: none."))
    percent = _number(_("Percent"))
    baseline = _number(_("Baseline per period"))
    saved_price = _number(_("Worth of a saved unit"))
    share = _number(_("Share of the saving (%)"))
    floor = _choice(_("Without a saving"), FLOORS)
    holidays = forms.CharField(
        label=_("Holidays"),
        max_length=5000,
        required=False,
        help_text=_("Days that count as Sundays, such as 2026-12-25, 2027-01-01."),
    )
    tax = _choice(_("Tax"), TAXES)
    proration = _choice(_("Part of a period"), PRORATIONS)
    of = forms.MultipleChoiceField(
        label=_("Counted charges"), required=False, widget=forms.CheckboxSelectMultiple,
        help_text=_("They stand above this one. None chosen: all above, without fees in advance."),
    )  # fmt: skip
    index_series = forms.ChoiceField(label=_("Price index"), required=False)
    index_base = _number(_("Base value"))
    index_weight = _number(_("Weight (0 to 1)"), _("Empty: 1, the price follows in full."))
    index_low = _number(_("Factor at least"))
    index_high = _number(_("Factor at most"))

    def __init__(
        self, *args: Any, others: Sequence[tuple[str, str]] = (),
        series: Sequence[tuple[str, str]] = (), **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(*args, **kwargs)
        units = sorted((unit.name(get_language() or "en"), code) for code, unit in UNITS.items())
        choices = {
            "unit": [("", "–"), *((code, f"{name} ({code})") for name, code in units)],
            "of": list(others),
            "index_series": [("", _("no index")), *series],
        }
        for name, values in choices.items():
            self.fields[name].choices = values  # type: ignore[attr-defined]
        self.cell_errors: dict[tuple[str, int, str], str] = {}

    @property
    def placed(self) -> list[tuple[Any, str]]:
        """Fields with the models that have them, as the page places them."""
        return [(self[name], " ".join(models)) for name, models in FIELDS.items()]

    @property
    def hints(self) -> list[tuple[str, Any]]:
        return [(name, words[1]) for name, words in MODELS.items()]

    @property
    def naming(self) -> str:
        return " ".join(NAMING)

    @property
    def indexed(self) -> str:
        return " ".join(INDEXED)

    @property
    def index_fields(self) -> list[Any]:
        return [self[f"index_{name}"] for name in INDEX]

    @property
    def has_index(self) -> bool:
        """Whether the index's fields are shown open."""
        return any(field.value() or field.errors for field in self.index_fields)

    @property
    def row_parts(self) -> list[dict[str, Any]]:
        """Tiers and bands as tables of cells with their values and errors."""
        return [
            {
                "name": part, "add": ROW_WORDS[part],
                "models": " ".join(sorted({name for cell in cells for name in cell.models})),
                "rows": [self._cells(part, cells, row) for row in enumerate(self.shown_rows(part))],
            }
            for part, cells in ROWS.items()
        ]  # fmt: skip

    def _cells(
        self, part: str, cells: Sequence[Cell], row: tuple[int, Mapping[str, str]]
    ) -> list[dict[str, Any]]:
        number, values = row
        return [
            {
                "name": self.add_prefix(cell.name), "label": cell.label,
                "models": " ".join(cell.models), "choices": cell.choices, "mode": cell.mode,
                "value": values.get(cell.name, ""),
                "error": self.cell_errors.get((part, number, cell.name), ""),
                "id": f"id_{self.prefix}-{cell.name}-{number}",
            }
            for cell in cells
        ]  # fmt: skip

    def typed_rows(self, part: str) -> list[dict[str, str]]:
        """Rows in which something stands, as typed or as stored."""
        if not self.is_bound:
            return list(self.initial.get(part) or [])
        names = [cell.name for cell in ROWS[part]]
        columns = [self._typed(name) for name in names]
        rows = [dict(zip(names, row, strict=True)) for row in zip_longest(*columns, fillvalue="")]
        return [row for row in rows if _says_something(row)]

    def shown_rows(self, part: str) -> list[dict[str, str]]:
        """The typed rows, and the empty ones that were asked for; one to begin with."""
        rows = self.typed_rows(part)
        asked = self._typed(f"{part}_shown")
        wanted = int(asked[0]) if asked and asked[0].isascii() and asked[0].isdigit() else 1
        return [*rows, *({} for _ in range(min(wanted, 100) - len(rows)))]

    def _typed(self, name: str) -> list[str]:
        key = self.add_prefix(name)
        found = self.data.getlist(key) if hasattr(self.data, "getlist") else []
        return [str(value).strip() for value in found]

    def charge(self, place: int) -> dict[str, Any]:
        """The charge as a plan's dict; the plan itself judges it."""
        typed = self.cleaned_data
        model = typed["model"]
        title = {"en": typed["title_en"], "de": typed["title_de"] or typed["title_en"]}
        head = {"model": model, "code": typed["code"] or f"charge-{place}", "title": title}
        for name, models in FIELDS.items():
            if model in models and (typed[name] or name not in ("included", *CHOSEN)):
                value = typed[name]
                head[KEYS.get(name, name)] = value if name in CHOSEN else point(value) or None
        for part, cells in ROWS.items():
            if any(model in cell.models for cell in cells):
                head[part] = _rows(part, cells, model, self.typed_rows(part))
        if model in NAMING:
            head["of"] = typed["of"]
        if model == "availability":
            head["unit"] = "%"
        if model == "time_of_use":
            head["holidays"] = typed["holidays"].replace(",", " ").split()
        return head | self._index(model)

    def _index(self, model: str) -> dict[str, Any]:
        typed = self.cleaned_data
        if model not in INDEXED or not typed["index_series"]:
            return {}
        values = {name: typed[f"index_{name}"] for name in INDEX}
        return {
            "index": {
                name: value if name == "series" else point(value) or None
                for name, value in values.items()
                if value or name == "base"
            }
        }

    def complaints(self) -> Iterator[str]:
        """Every error of the row as text, those of its tiers and bands too."""
        for errors in self.errors.values():
            yield from (str(text) for text in errors)
        yield from self.cell_errors.values()


def _says_something(row: Mapping[str, str]) -> bool:
    """An untouched choice is no row."""
    return any(value for name, value in row.items() if name != "band_effect") or (
        row.get("band_effect", "none") not in ("", "none")
    )


def _rows(
    part: str, cells: Sequence[Cell], model: str, rows: Sequence[Mapping[str, str]]
) -> list[dict[str, Any]]:
    if part == "windows":
        return windows_of(rows)
    return [_row(cells, model, row) for row in rows]


def _row(cells: Sequence[Cell], model: str, row: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for cell in cells:
        if model not in cell.models:
            continue
        text = row.get(cell.name, "")
        if cell.key == "up_to":
            values["up_to"] = point(text) or None
        elif text or cell.key in ("unit_price", "from") or model == "stairstep":
            values[cell.key] = text if cell.choices else point(text) or None
    return values


class BaseChargeFormSet(forms.BaseFormSet):
    """Every row knows the other charges, which it may count."""

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        kwargs: dict[str, Any] = super().get_form_kwargs(index)
        others = [pair for place, pair in enumerate(self._names()) if place != index]
        return {**kwargs, "others": others}

    def _names(self) -> list[tuple[str, str]]:
        """(code, title) of every row, as typed or as stored."""
        if not hasattr(self, "_named"):
            rows = range(self.total_form_count())
            self._named = [self._name(place) for place in rows]
        return self._named

    def _name(self, place: int) -> tuple[str, str]:
        initial = self.initial[place] if self.initial and place < len(self.initial) else {}

        def value(name: str) -> str:
            if not self.is_bound:
                return str(initial.get(name, ""))
            return str(self.data.get(f"{self.prefix}-{place}-{name}", ""))

        names = ("title_de", "title_en") if get_language() == "de" else ("title_en", "title_de")
        title = value(names[0]) or value(names[1])
        model = MODELS.get(value("model"))
        shown = title or str(model[0] if model else place + 1)
        return value("code") or f"charge-{place + 1}", shown


ChargeFormSet = forms.formset_factory(
    ChargeForm, formset=BaseChargeFormSet, extra=0, max_num=MOST_CHARGES,
    absolute_max=MOST_CHARGES,
)  # fmt: skip
