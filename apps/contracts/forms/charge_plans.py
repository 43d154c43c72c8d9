"""From the rows of the form to a plan's dict and back, and a refused plan's error at its field."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.forms.utils import ErrorDict, ErrorList
from django.http import QueryDict

from apps.contracts.forms.charge_edits import PREFIX
from apps.contracts.forms.charge_models import FIELDS, INDEX, KEYS, ROWS
from apps.contracts.forms.charge_windows import rows_of_windows, window_row
from apps.contracts.forms.charges import ChargeForm, ChargeFormSet
from apps.contracts.queries import own_series
from apps.contracts.wording import plan_problem_words
from apps.pricing.registry import PlanError

_PATH = re.compile(r"charges\[(\d+)\](?:\.(\w+))?(?:\[(\d+)\])?(?:\.(\w+))?.*")
_PLACES = {"title": "title_en", "code": None, "of": "of", "model": "model"}


def kept(formset: Any) -> list[ChargeForm]:
    return [form for form in formset.forms if form.cleaned_data]


def plan_of(name: str, currency: str, formset: Any) -> dict[str, Any]:
    """The plan's dict from valid rows."""
    charges = [form.charge(place) for place, form in enumerate(kept(formset), start=1)]
    return {"name": name, "currency": currency, "charges": charges}


def place_plan_error(formset: Any, error: PlanError) -> str:
    """Show a refused plan at the field it names; what has no field is returned as text."""
    found = _PATH.fullmatch(error.path)
    rows, words = kept(formset), plan_problem_words(error)
    if found is None or int(found[1]) >= len(rows):
        return words
    form, field, number, inner = rows[int(found[1])], found[2] or "", found[3], found[4]
    if field == "windows" and number is not None:
        number = str(window_row(form.typed_rows(field), int(number)))
    if field in ROWS and number is not None:
        _place_in_row(form, field, int(number), inner, words)
    else:
        form.add_error(_field_of(form, field, inner), words)
    return ""


def _place_in_row(form: ChargeForm, part: str, number: int, key: str | None, words: str) -> None:
    model = form.cleaned_data["model"]
    cells = [cell for cell in ROWS[part] if model in cell.models]
    name = next((cell.name for cell in cells if cell.key == key), cells[0].name)
    form.cell_errors[part, number, name] = words


def _field_of(form: ChargeForm, key: str, inner: str | None) -> str | None:
    if key == "index":
        return f"index_{inner}" if inner in INDEX else "index_series"
    if key in _PLACES:
        return _PLACES[key]
    model = form.cleaned_data["model"]
    fields = [name for name in FIELDS if KEYS.get(name, name) == key and model in FIELDS[name]]
    return fields[0] if fields else None


def charge_initial(plan: Mapping[str, Any] | None) -> Sequence[dict[str, Any]]:
    """Rows of a stored plan; without one, a price per unit to begin with."""
    if plan is None:
        return [{"model": "per_unit", "code": "charge-1"}]
    return [_initial(charge) for charge in plan["charges"]]


def _initial(charge: Mapping[str, Any]) -> dict[str, Any]:
    model, title = charge["model"], charge["title"]
    row: dict[str, Any] = {
        "code": charge["code"], "model": model,
        "title_en": title.get("en") or title["de"], "title_de": title.get("de", ""),
        "of": charge.get("of", []),
    }  # fmt: skip
    for name, models in FIELDS.items():
        if model in models:
            row[name] = charge.get(KEYS.get(name, name), "")
    for name, value in charge.get("index", {}).items():
        row[f"index_{name}"] = value
    for part, cells in ROWS.items():
        row[part] = [
            {cell.name: item.get(cell.key) or "" for cell in cells} for item in charge.get(part, [])
        ]
    row["windows"] = rows_of_windows(charge.get("windows", ()))
    row["holidays"] = ", ".join(charge.get("holidays", ()))
    return row


def charge_formset(
    data: QueryDict | None, plan: Mapping[str, Any] | None, judged: bool = True
) -> Any:
    """The rows as typed, or of a stored plan. Not `judged`: shown as typed, without errors."""
    series = [(row.code, row.name) for row in own_series()]
    formset = ChargeFormSet(
        data, prefix=PREFIX, initial=charge_initial(plan), form_kwargs={"series": series}
    )
    if data is not None and not judged:
        without_errors(formset)
    return formset


def without_errors(form: Any) -> None:
    """A bound form or formset that is shown again before it is finished."""
    if not hasattr(form, "forms"):
        form._errors, form.cleaned_data = ErrorDict(), {}
        return
    form._errors, form._non_form_errors = [ErrorDict() for _ in form.forms], ErrorList()
    for row in form.forms:
        without_errors(row)
