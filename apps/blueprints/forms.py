"""Forms of the way from a blueprint to a network."""

from collections.abc import Iterator, Sequence
from typing import Any

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from apps.blueprints.domain.answers import (
    COMPANY,
    LATER,
    OURS,
    Answers,
    ContractAnswer,
    Filling,
    price_field,
)
from apps.blueprints.domain.blueprint import Blueprint
from apps.common.forms import DateInput, point
from apps.common.templatetags.portal import unit_symbol
from apps.networks.wording import roles_in_words
from apps.tenancy.context import current_company
from apps.tenancy.queries import known_companies

ADDRESS = "address"


class BlueprintFileForm(forms.Form):
    """A blueprint file to take in."""

    file = forms.FileField(
        label=_("Blueprint file"), help_text=_("YAML, as written by another network's page."),
        widget=forms.ClearableFileInput(attrs={"accept": ".yaml,.yml"}),
    )  # fmt: skip


class PlacesForm(forms.Form):
    """Who fills which place: `who_<place>` and, for a new partner, `address_<place>`."""

    name = forms.CharField(label=_("Name of the network"), max_length=120)
    purpose = forms.CharField(
        label=_("Purpose"), max_length=500, required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("What the companies do together; who is invited reads it."),
    )  # fmt: skip
    members_meet = forms.BooleanField(label=_("Members see each other"), required=False)

    def __init__(
        self, blueprint: Blueprint, answers: Answers, made: bool, data: Any = None
    ) -> None:
        super().__init__(data, initial=_initial(blueprint, answers))
        self.blueprint = blueprint
        choices = [
            (OURS, _now("we ourselves")), (LATER, _now("nobody yet")),
            *((str(row.pk), row.name) for row in known_companies() if row != current_company()),
            (ADDRESS, _now("a company that is no partner yet …")),
        ]  # fmt: skip
        for place in blueprint.places:
            self.fields[f"who_{place}"] = forms.ChoiceField(
                label=_("Filled by"), choices=choices, required=False
            )
            self.fields[f"address_{place}"] = forms.CharField(
                label=_("Address of its portal"), max_length=40, required=False,
                widget=forms.TextInput(attrs={"placeholder": _now("such as acme")}),
            )  # fmt: skip
        if made:
            for name in ("name", "purpose", "members_meet"):
                self.fields[name].disabled = True

    def rows(self) -> Iterator[tuple[str, str, str, Any, Any]]:
        """Of each place its name, what it does, its roles, and two fields."""
        for place, part in self.blueprint.places.items():
            name, what = part.name.text(_language()), part.what.text(_language())
            roles = roles_in_words(self.blueprint.members[place].roles)
            yield name, what, roles, self[f"who_{place}"], self[f"address_{place}"]

    def fillings(self) -> dict[str, Filling]:
        return {
            place: _filling(self.cleaned_data.get(f"who_{place}", ""))
            for place in self.blueprint.places
        }

    def addresses(self) -> dict[str, str]:
        """Address names typed for places that a new partner fills."""
        return {
            place: self.cleaned_data.get(f"address_{place}", "").strip()
            for place in self.blueprint.places
            if self.cleaned_data.get(f"who_{place}") == ADDRESS
        }

    def refuse(self, errors: dict[str, list[str]]) -> None:
        """Errors by field or place, each where it belongs."""
        for name, texts in errors.items():
            field = name if name in self.fields else f"who_{name}"
            self.add_error(field if field in self.fields else None, texts)


def _language() -> str:
    return get_language() or "en"


def _filling(who: str) -> Filling:
    if who.isdigit():
        return Filling(COMPANY, int(who))
    return Filling(OURS if who == OURS else LATER)


def _initial(blueprint: Blueprint, answers: Answers) -> dict[str, Any]:
    first = blueprint.network.founder
    given = answers.places or {first: Filling(OURS)}
    who = {
        f"who_{place}": str(filling.company) if filling.who == COMPANY else filling.who
        for place, filling in given.items()
    }
    others = {f"who_{place}": LATER for place in blueprint.places}
    return {
        "name": answers.name, "purpose": answers.purpose, "members_meet": answers.members_meet,
        **others, **who,
    }  # fmt: skip


class ContractForm(forms.Form):
    """How one contract of the blueprint is drafted; `price_<code>` for each single price."""

    wanted = forms.BooleanField(label=_("Draft this contract"), required=False)
    title = forms.CharField(label=_("Title"), max_length=120, required=False)
    starts_on = forms.DateField(label=_("First day"), widget=DateInput)

    def __init__(
        self, number: int, plan: dict[str, Any], answer: ContractAnswer, data: Any,
        recipients: Sequence[tuple[str, str]] = (),
    ) -> None:  # fmt: skip
        """`recipients` of data, each a key and its words."""
        self.number, self.charges = number, [row for row in plan["charges"] if price_field(row)]
        initial = {
            "wanted": answer.wanted, "title": answer.title, "starts_on": answer.starts_on,
        }  # fmt: skip
        super().__init__(data, prefix=str(number), initial=initial)
        for charge in self.charges:
            code = str(charge["code"])
            given = answer.prices.get(code, charge[price_field(charge)])
            self.fields[code] = forms.CharField(
                label=_charge_label(charge), max_length=30, initial=given,
                widget=forms.TextInput(attrs={"inputmode": "decimal", "class": "number"}),
            )  # fmt: skip

        self.recipients = [key for key, _words in recipients]
        if recipients:
            self.fields["recipients"] = forms.MultipleChoiceField(
                label=_("Who reads data of the covered assets besides"), choices=recipients,
                required=False, widget=forms.CheckboxSelectMultiple,
                initial=[key for key in self.recipients if key not in answer.withheld],
                help_text=_("Begins and ends with the contract; the customer signs it with the contract."),
            )  # fmt: skip

    def prices(self) -> list[Any]:
        return [self[str(charge["code"])] for charge in self.charges]

    @property
    def recipients_field(self) -> Any:
        return self["recipients"]

    def answer(self) -> ContractAnswer:
        values = self.cleaned_data
        prices = {str(row["code"]): point(values[str(row["code"])]) for row in self.charges}
        chosen = values.get("recipients", ())
        withheld = tuple(key for key in self.recipients if key not in chosen)
        return ContractAnswer(
            values["wanted"], values["title"], values["starts_on"], prices, withheld
        )

    def refuse(self, errors: dict[str, list[str]]) -> None:
        """Those of `0-title`, `0-wash` that are this form's."""
        for name, texts in errors.items():
            number, _dash, field = name.partition("-")
            if number == str(self.number) and field in self.fields:
                self.add_error(field, texts)


def _charge_label(charge: dict[str, Any]) -> str:
    title = charge["title"]
    text = title if isinstance(title, str) else title.get(_language()) or next(iter(title.values()))
    unit = charge.get("unit")
    words = {
        "charge": text,
        "currency": current_company().currency,
        "unit": unit_symbol(unit or ""),
    }
    if unit:
        return _now("%(charge)s, %(currency)s per %(unit)s") % words
    return _now("%(charge)s, %(currency)s per period") % words
