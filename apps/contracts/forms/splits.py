"""The form of a split: its steps as rows in their order, and when each company is paid."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from apps.common.forms import DateInput, ExactField
from apps.common.quantity import canonical
from apps.contracts.models import Contract, ContractItem, PlanVersion
from apps.contracts.wording import charge_title
from apps.contracts.wording.splits import KINDS
from apps.tenancy.context import current_company
from apps.tenancy.queries import known_companies

PREFIX, TERMS = "steps", "terms"
MOST_ROWS = 40
LINE_KINDS = ("per_unit", "percent")


class SplitDayForm(forms.Form):
    """From when it holds, and who takes the rest."""

    valid_from = forms.DateField(
        label=_("Valid from"), widget=DateInput, help_text=_("The first day of a billing period.")
    )
    residual = forms.TypedChoiceField(
        label=_("Who takes the rest"), coerce=int, help_text=_("Everything the steps leave over.")
    )
    label = forms.CharField(
        label=_("Name for the partners"), max_length=120, required=False,
        help_text=_("They read it instead of the contract's title. Empty: the contract's id."),
    )  # fmt: skip

    def __init__(self, *args: Any, contract: Contract, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["residual"].choices = companies(contract)  # type: ignore[attr-defined]


class StepForm(forms.Form):
    """One step. Which figures it needs depends on its kind."""

    kind = forms.ChoiceField(label=_("Kind"), choices=[("", "–"), *KINDS.items()], required=False)
    companies = forms.MultipleChoiceField(
        label=_("Company"), required=False,
        help_text=_("Several companies divide the step among them."),
    )  # fmt: skip
    weights = forms.CharField(
        label=_("Weights"), required=False, max_length=200,
        help_text=_("Of several companies in the order of the list, such as 2 : 1. Empty: equal parts."),
    )  # fmt: skip
    key = forms.ChoiceField(
        label=_("Divided by"), required=False,
        help_text=_("By what each maker's own assets measured, instead of weights."),
    )  # fmt: skip
    percent = ExactField(
        label=_("Percent"), required=False, help_text=_("Ten percent is 10. At most 100.")
    )
    amount = ExactField(label=_("Amount"), required=False)
    charges = forms.MultipleChoiceField(
        label=_("Charges"), required=False, help_text=_("None chosen: every charge nobody bears.")
    )

    def __init__(self, *args: Any, contract: Contract, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        fields["companies"].choices = companies(contract)
        fields["charges"].choices = charge_choices(contract)
        fields["key"].choices = [("", _("weights")), *meter_choices(contract)]

    @property
    def is_blank(self) -> bool:
        return not self.cleaned_data.get("kind")


class TermsForm(forms.Form):
    """When one company's share is payable."""

    party = forms.IntegerField(widget=forms.HiddenInput)
    payable = forms.ChoiceField(
        label=_("Payable"),
        choices=(("paid", _("as the customer pays")), ("invoiced", _("with the invoice"))),
    )
    rank = forms.IntegerField(
        label=_("Rank"), min_value=0, max_value=99, required=False,
        help_text=_("0: in proportion. 1, 2, …: one after the other."),
    )  # fmt: skip
    held_by_disputes = forms.BooleanField(label=_("Held back by disputes"), required=False)


StepFormSet = forms.formset_factory(StepForm, extra=0, max_num=MOST_ROWS, absolute_max=MOST_ROWS)
TermsFormSet = forms.formset_factory(TermsForm, extra=0, max_num=MOST_ROWS, absolute_max=MOST_ROWS)


def companies(contract: Contract) -> list[tuple[int, str]]:
    """The provider first, then its partners, without the customer."""
    own = current_company()
    rows = known_companies().exclude(pk__in=[contract.customer_id, own.pk]).order_by("name", "pk")
    return [(own.pk, own.name), *rows.values_list("pk", "name")]


def charge_choices(contract: Contract) -> list[tuple[str, str]]:
    plans = PlanVersion.objects.filter(contract=contract).order_by("-number")[:1]
    return [
        (charge["code"], charge_title(charge)) for plan in plans for charge in plan.plan["charges"]
    ]  # fmt: skip


def meter_choices(contract: Contract) -> list[tuple[str, str]]:
    meters = ContractItem.objects.filter(contract=contract).order_by("meter")
    return [(code, code) for code in meters.values_list("meter", flat=True).distinct()]


def split_forms(
    contract: Contract, data: QueryDict | None, stored: Mapping[str, Any] | None
) -> Any:
    """Day, steps and terms: as typed, or as stored."""
    stored = stored or {}
    steps = [*_stored_steps(stored)] or [{}]
    day = {
        "valid_from": contract.starts_on, "residual": stored.get("residual", contract.author_id),
        "label": stored.get("label", ""),
    }  # fmt: skip
    return (
        SplitDayForm(data, initial=day, contract=contract),
        StepFormSet(data, initial=steps, prefix=PREFIX, form_kwargs={"contract": contract}),
        TermsFormSet(data, initial=_stored_terms(contract, stored), prefix=TERMS),
    )


def _stored_steps(stored: Mapping[str, Any]) -> Sequence[dict[str, Any]]:
    lines = [{**step, **_parts(step), "amount": step.get("rate")}
             for step in stored.get("line_steps", [])]  # fmt: skip
    once = [{**step, "companies": [step["party"]]} for step in stored.get("contract_steps", [])]
    borne = [{"kind": "bearer", "charges": [item["charge"]], **_parts(item)}
             for item in stored.get("bearers", [])]  # fmt: skip
    return [*lines, *once, *borne]


def _parts(step: Mapping[str, Any]) -> dict[str, Any]:
    weights = [part.get("weight", "1") for part in step["parts"]]
    told = " : ".join(weights) if len(set(weights)) > 1 else ""
    return {"companies": [part["party"] for part in step["parts"]], "weights": told}


def _stored_terms(contract: Contract, stored: Mapping[str, Any]) -> list[dict[str, Any]]:
    known = {item["party"]: item for item in stored.get("terms", [])}
    usual = {"payable": "paid", "rank": 0, "held_by_disputes": True}
    return [
        {**usual, **known.get(party, {}), "party": party, "name": name}
        for party, name in companies(contract)[1:]
    ]


def split_data(contract: Contract, day: Any, steps: Any, terms: Any) -> dict[str, Any]:
    """What was typed as the dict of a split; the split itself judges it."""
    rows = [form.cleaned_data for form in steps if not form.is_blank]
    found: dict[str, Any] = {
        "currency": contract.currency, "residual": day.cleaned_data.get("residual"),
        "line_steps": [], "contract_steps": [], "bearers": [],
    }  # fmt: skip
    for number, row in enumerate(rows, start=1):
        section, written = _written(row, f"step-{number}")
        found[section].append(written)
    named = {int(key) for row in rows for key in row["companies"]} | {found["residual"]}
    found["terms"] = [
        {**form.cleaned_data, "rank": form.cleaned_data.get("rank") or 0}
        for form in terms
        if form.cleaned_data.get("party") in named
    ]
    return found


def _written(row: Mapping[str, Any], code: str) -> tuple[str, dict[str, Any]]:
    kind, parties = row["kind"], [int(key) for key in row["companies"]]
    if kind == "bearer":
        charge = row["charges"][0] if len(row["charges"]) == 1 else ""
        return "bearers", {"charge": charge, "parts": _typed_parts(row)}
    if kind in LINE_KINDS:
        figure = ("percent", row["percent"]) if kind == "percent" else ("rate", row["amount"])
        written = {
            "code": code, "kind": kind, figure[0]: _text(figure[1]), "parts": _typed_parts(row),
            "charges": row["charges"],
        }  # fmt: skip
        return "line_steps", written | ({"key": row["key"]} if row["key"] else {})
    party = parties[0] if len(parties) == 1 else None
    written = {"code": code, "kind": kind, "party": party, "amount": _text(row["amount"])}
    return "contract_steps", written | (
        {"percent": _text(row["percent"])} if kind == "reserve" else {}
    )


def _typed_parts(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Companies with their weights; a number of weights that does not fit is refused by the split."""
    parties = [int(key) for key in row["companies"]]
    weights = [text.strip().replace(",", ".") for text in row["weights"].split(":")]
    if row["key"] or not row["weights"].strip():
        weights = ["1"] * len(parties)
    if len(weights) != len(parties):
        weights = ["?"] * len(parties)
    return [
        {"party": party, "weight": weight} for party, weight in zip(parties, weights, strict=True)
    ]


def _text(value: Any) -> str | None:
    return None if value is None else canonical(value)


def edited_steps(data: QueryDict, command: str) -> QueryDict:
    """The typed form with one row more (`add`), without one (`2:remove`), or moved (`2:up`, `2:down`)."""
    place, _colon, act = command.rpartition(":")
    rows = _rows(data)
    at = int(place) if place.isascii() and place.isdigit() else len(rows)
    if act == "add" and len(rows) < MOST_ROWS:
        rows.append({})
    elif act == "remove" and at < len(rows):
        rows.pop(at)
    elif act in ("up", "down") and at < len(rows):
        other = at - 1 if act == "up" else at + 1
        if 0 <= other < len(rows):
            rows[at], rows[other] = rows[other], rows[at]
    return _with_rows(data, rows)


def _rows(data: QueryDict) -> list[dict[str, list[str]]]:
    total = data.get(f"{PREFIX}-TOTAL_FORMS", "0")
    count = min(int(total), MOST_ROWS) if total.isascii() and total.isdigit() else 0
    rows: list[dict[str, list[str]]] = [{} for _number in range(count)]
    for name in data:
        prefix, _dash, rest = name.partition("-")
        place, _dash, field = rest.partition("-")
        if prefix == PREFIX and place.isascii() and place.isdigit() and int(place) < count:
            rows[int(place)][field] = [str(value) for value in data.getlist(name)]
    return rows


def _with_rows(data: QueryDict, rows: Sequence[Mapping[str, list[str]]]) -> QueryDict:
    changed = data.copy()
    for name in data:
        if name.startswith(f"{PREFIX}-") and not name.endswith("_FORMS"):
            del changed[name]
    for place, row in enumerate(rows):
        for field, values in row.items():
            changed.setlist(f"{PREFIX}-{place}-{field}", values)
    changed[f"{PREFIX}-TOTAL_FORMS"] = str(len(rows))
    return changed
