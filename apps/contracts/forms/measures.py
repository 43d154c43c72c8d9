"""What is billed of a gauge or a state, as fields of a covered channel."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.common.forms import point
from apps.common.quantity import BadValue, bounded, canonical, divide, multiply, parse_decimal
from apps.contracts.models import ContractItem
from apps.contracts.wording import problem_words
from apps.contracts.wording.measures import AGGREGATES, ESTIMATED, MEASURE_PROBLEMS
from apps.telemetry.domain.measures import GAUGE_AGGREGATES, STATE_AGGREGATES, LevelMeasure

_A_MINUTE = Decimal(60)
_FIELD_OF = {
    "bad_estimate": "estimate", "needless_estimate": "estimate", "missing_value": "level", "needless_value": "level", "bad_hold": "hold", "bad_step": "step",
}  # fmt: skip
_CHOICES = [
    ("", _("Nothing: it is a counter or an amount")),
    (_("State"), [(name, AGGREGATES[name]) for name in STATE_AGGREGATES]),
    (_("Level"), [(name, AGGREGATES[name]) for name in GAUGE_AGGREGATES]),
]


def _number(label: Any, help_text: Any) -> forms.CharField:
    field = forms.CharField(label=label, max_length=40, required=False, help_text=help_text)
    field.widget.attrs["inputmode"] = "decimal"
    return field


class MeasureFields(forms.Form):
    """All empty: a counter, an amount, or a component."""

    aggregate = forms.ChoiceField(label=_("Billed is"), choices=_CHOICES, required=False)
    level = _number(_("Level or state"), _("In the channel's unit; for times and entries."))
    hold = _number(
        _("A reading counts for at most (minutes)"),
        _("A longer silence is a gap: nothing is known."),
    )
    step = _number(_("Rounded to"), _("0.01 is two decimals. Empty: 12 decimals."))

    estimate = forms.ChoiceField(
        label=_("Gaps"), choices=[("", _("not estimated")), *ESTIMATED.items()], required=False,
        help_text=_("Of times only. Late readings put an estimate right."),
    )  # fmt: skip

    def measure(self) -> LevelMeasure | None:
        """What was typed, in no unit yet: its channel says which."""
        found: LevelMeasure | None = self.cleaned_data.get("measure")
        return found

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not cleaned.get("aggregate"):
            return cleaned
        numbers = {name: self._read(name) for name in ("level", "hold", "step")}
        if not self.errors:
            cleaned["measure"] = self._judged(cleaned["aggregate"], numbers)
        return cleaned

    def _read(self, name: str) -> Decimal | None:
        text = str(self.cleaned_data.get(name, "")).strip()
        try:
            return parse_decimal(point(text)) if text else None
        except BadValue as error:
            self.add_error(name, problem_words(error.reason, error.params))
            return None

    def _judged(self, aggregate: str, numbers: dict[str, Decimal | None]) -> LevelMeasure | None:
        seconds = multiply(numbers["hold"] or Decimal(0), _A_MINUTE)
        whole = int(seconds.to_integral_value(ROUND_HALF_UP))
        try:
            return LevelMeasure(
                aggregate, "", whole, numbers["level"], numbers["step"],
                self.cleaned_data.get("estimate", ""),
            )  # fmt: skip
        except BadValue as error:
            self.add_error(_FIELD_OF[error.reason], str(MEASURE_PROBLEMS[error.reason]))
            return None


def measure_initial(row: ContractItem) -> dict[str, str]:
    """The fields of a stored item."""
    measure = row.level_measure
    if measure is None:
        return {}
    return {
        "aggregate": measure.aggregate,
        "level": "" if measure.value is None else canonical(measure.value),
        "hold": canonical(bounded(divide(Decimal(measure.hold), _A_MINUTE))),
        "estimate": measure.estimate,
        "step": "" if measure.step is None else canonical(measure.step),
    }
