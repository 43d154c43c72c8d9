"""Under which rules a counter or amounts count, as fields of a covered channel."""

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.common.forms import point
from apps.common.quantity import BadValue, bounded, canonical, divide, multiply, parse_decimal
from apps.contracts.models import ContractItem
from apps.contracts.wording import problem_words
from apps.contracts.wording.counting import COUNT_ESTIMATED, COUNTING_PROBLEMS, TESTS
from apps.telemetry.domain.conditions import CountCondition
from apps.telemetry.domain.counting import MOST_CONDITIONS, CountRules

_A_MINUTE = Decimal(60)
_PLACES = range(1, MOST_CONDITIONS + 1)
_CONDITION_FIELD = {"bad_test": "test", "bad_hold": "hold"}
_FIELD = {"bad_silence": "silence", "needless_silence": "silence", "negative_opening": "opening"}


def _decimal(label: Any, help_text: Any = "") -> forms.CharField:
    field = forms.CharField(label=label, max_length=200, required=False, help_text=help_text)
    field.widget.attrs["inputmode"] = "decimal"
    return field


class CountingFields(forms.Form):
    """All empty: whatever is counted counts. Conditions are `condition_1_channel` and so on."""

    gap_rule = forms.ChoiceField(
        label=_("Estimate gaps"), required=False,
        choices=[("", _("not estimated")), *COUNT_ESTIMATED.items()],
        help_text=_("Marked as an estimate everywhere. Late readings put it right."),
    )  # fmt: skip
    silence = _decimal(
        _("A gap is a silence longer than (minutes)"),
        _("Of amounts: the interval in which they come."),
    )
    opening = _decimal(
        _("Counter when the contract begins"),
        _("Where it was billed elsewhere before. Empty: the first reading opens it."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for place in _PLACES:
            self.fields.update(_condition_fields(place))

    @property
    def conditions(self) -> Iterator[list[forms.BoundField]]:
        """The fields of each condition."""
        for place in _PLACES:
            yield [
                self[f"condition_{place}_{name}"] for name in ("channel", "test", "values", "hold")
            ]

    @property
    def counts_under_rules(self) -> bool:
        """Whether something was entered or is wrong, so that the fields are shown."""
        names = [name for name in self.fields if name.startswith("condition_")]
        names += ["gap_rule", "silence", "opening"]
        return any(
            self[name].errors or (self[name].value() and not name.endswith("test"))
            for name in names
        )

    def counting(self) -> CountRules | None:
        """What was typed, its conditions in no unit yet: their channels say which."""
        found: CountRules | None = self.cleaned_data.get("counting")
        return found or None

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        found = [self._condition(place) for place in _PLACES]
        seconds, opening = self._seconds("silence"), self._one("opening")
        if self.errors:
            return cleaned
        conditions = tuple(item for item in found if item is not None)
        try:
            cleaned["counting"] = CountRules(
                conditions, cleaned.get("gap_rule", ""), seconds or 0, opening
            )
        except BadValue as error:
            self.add_error(_FIELD[error.reason], str(COUNTING_PROBLEMS[error.reason]))
        return cleaned

    def _condition(self, place: int) -> CountCondition | None:
        name = f"condition_{place}_"
        channel = str(self.cleaned_data.get(f"{name}channel", "")).strip()
        values = self._numbers(f"{name}values")
        if not channel and not values:
            return None
        seconds = self._seconds(f"{name}hold")
        if not channel:
            self.add_error(f"{name}channel", _("Enter the code of the channel."))
        if self.errors:
            return None
        try:
            return CountCondition(
                channel, "", self.cleaned_data.get(f"{name}test", ""), tuple(values), seconds or 0
            )
        except BadValue as error:
            field = _CONDITION_FIELD.get(error.reason, "values")
            self.add_error(name + field, str(COUNTING_PROBLEMS[error.reason]))
            return None

    def _numbers(self, name: str) -> list[Decimal]:
        try:
            return [
                parse_decimal(point(text)) for text in str(self.cleaned_data.get(name, "")).split()
            ]
        except BadValue as error:
            self.add_error(name, problem_words(error.reason, error.params))
            return []

    def _one(self, name: str) -> Decimal | None:
        found = self._numbers(name)
        if len(found) > 1:
            self.add_error(name, _("Enter one number."))
        return found[0] if found else None

    def _seconds(self, name: str) -> int | None:
        minutes = self._one(name)
        if minutes is None:
            return None
        return int(multiply(minutes, _A_MINUTE).to_integral_value(ROUND_HALF_UP))


def _condition_fields(place: int) -> dict[str, forms.Field]:
    name = f"condition_{place}_"
    return {
        f"{name}channel": forms.RegexField(
            r"^[a-z][a-z0-9_.]{0,39}$", label=_("Counts only while the channel"), required=False,
            max_length=40, error_messages={"invalid": _("Enter the code of the channel.")},
        ),
        f"{name}test": forms.ChoiceField(
            label=_("Condition"), choices=list(TESTS.items()), required=False
        ),
        f"{name}values": _decimal(_("Level or values")),
        f"{name}hold": _decimal(_("A reading holds for (minutes)")),
    }  # fmt: skip


def counting_initial(row: ContractItem) -> dict[str, str]:
    """The fields of a stored item."""
    rules = row.count_rules
    if rules is None:
        return {}
    found = {
        "gap_rule": rules.estimate, "silence": _minutes(rules.silence) if rules.silence else "",
        "opening": "" if rules.opening is None else canonical(rules.opening),
    }  # fmt: skip
    for place, item in enumerate(rules.conditions, start=1):
        name = f"condition_{place}_"
        found |= {
            f"{name}channel": item.channel, f"{name}test": item.test,
            f"{name}values": " ".join(map(canonical, item.values)),
            f"{name}hold": _minutes(item.hold),
        }  # fmt: skip
    return found


def _minutes(seconds: int) -> str:
    return canonical(bounded(divide(Decimal(seconds), _A_MINUTE)))
