"""What a contract bills of a gauge or a state, in words. Usage and billing use the same."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.contracts.wording import measured
from apps.telemetry.domain.measures import LAST_WEEK, STRAIGHT_LINE, LevelMeasure

AGGREGATES = {
    "time_in": gettext_lazy("time in a state"),
    "entries": gettext_lazy("entries into a state"),
    "time_above": gettext_lazy("time above a level"),
    "time_below": gettext_lazy("time below a level"),
    "maximum": gettext_lazy("highest value"),
    "minimum": gettext_lazy("lowest value"),
    "mean": gettext_lazy("mean over time"),
    "last": gettext_lazy("last value"),
}
ESTIMATED = {
    LAST_WEEK: gettext_lazy("gaps estimated as the same time a week before"),
    STRAIGHT_LINE: gettext_lazy(
        "gaps estimated on a straight line between the readings around them"
    ),
}
MEASURE_PROBLEMS = {
    "bad_aggregate": gettext_lazy("Choose what is billed."),
    "missing_value": gettext_lazy("Enter the level or the state."),
    "needless_value": gettext_lazy("Leave this empty: it is for times and entries."),
    "bad_hold": gettext_lazy("More than 0 minutes, and at most 366 days."),
    "bad_estimate": gettext_lazy("Choose how gaps are estimated."),
    "needless_estimate": gettext_lazy("Only times are estimated."),
    "bad_step": gettext_lazy("Enter a number above zero."),
}


def aggregate_words(aggregate: str) -> str:
    return str(AGGREGATES.get(aggregate, aggregate))


def measure_words(measure: LevelMeasure, unit: str) -> str:
    """`time above 10 kW; a reading counts for at most 15 min; rounded to 0.01 h`; `unit`: the
    quantity's."""
    terms = [_what(measure), _("a reading counts for at most %s") % span_words(measure.hold)]
    if measure.step is not None:
        terms.append(_("rounded to %s") % measured(measure.step, unit))
    if measure.estimate:
        terms.append(str(ESTIMATED[measure.estimate]))
    return "; ".join(terms)


def _what(measure: LevelMeasure) -> str:
    if measure.value is None:
        return aggregate_words(measure.aggregate)
    level = measured(measure.value, "" if measure.kind == "state" else measure.unit)
    words = {
        "time_in": _("time in state %s"), "entries": _("entries into state %s"),
        "time_above": _("time above %s"), "time_below": _("time below %s"),
    }  # fmt: skip
    return words[measure.aggregate] % level


def span_words(seconds: int) -> str:
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds % size == 0:
            return measured(seconds // size, unit)
    return measured(seconds, "s")
