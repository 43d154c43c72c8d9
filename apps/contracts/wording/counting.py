"""Under which rules a contract counts a counter or amounts, in words. Usage and billing use the same."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.contracts.wording import measured
from apps.contracts.wording.measures import span_words
from apps.telemetry.domain.conditions import AT_LEAST, AT_MOST, IS_ONE_OF, CountCondition
from apps.telemetry.domain.counting import CountRules
from apps.telemetry.domain.measures import LAST_WEEK, STRAIGHT_LINE

TESTS = {
    IS_ONE_OF: gettext_lazy("has one of these values"),
    AT_LEAST: gettext_lazy("is at least"),
    AT_MOST: gettext_lazy("is at most"),
}
COUNT_ESTIMATED = {
    LAST_WEEK: gettext_lazy("as in the same time a week before"),
    STRAIGHT_LINE: gettext_lazy("on a straight line between the readings around it"),
}
COUNTING_PROBLEMS = {
    "bad_estimate": gettext_lazy("Choose how gaps are estimated."),
    "bad_silence": gettext_lazy("Between 1 minute and 7 days (10,080 minutes)."),
    "needless_silence": gettext_lazy("Leave this empty: gaps are not estimated."),
    "too_many_conditions": gettext_lazy("At most three conditions."),
    "negative_opening": gettext_lazy("A counter shows no negative value."),
    "bad_test": gettext_lazy("Choose what is asked."),
    "missing_states": gettext_lazy("Enter the level, or the values with spaces between them."),
    "one_level": gettext_lazy("Enter one level."),
    "bad_hold": gettext_lazy("More than 0 minutes, and at most 366 days."),
}


def counting_words(rules: CountRules, unit: str) -> list[str]:
    """A sentence for each rule; `unit`: the counter's or the amounts'."""
    words = [condition_words(item) for item in rules.conditions]
    if rules.estimate:
        given = {
            "silence": span_words(rules.silence), "rule": COUNT_ESTIMATED[rules.estimate],
        }  # fmt: skip
        words.append(_("a silence longer than %(silence)s is estimated %(rule)s") % given)
    if rules.opening is not None:
        words.append(_("opens with %s") % measured(rules.opening, unit))
    return words


def condition_words(item: CountCondition) -> str:
    """`counts only while pressure is at least 6 bar (a reading holds for at most 1 h)`."""
    values = [measured(value, "" if item.kind == "state" else item.unit) for value in item.values]
    given = {
        "channel": item.channel, "values": _(" or ").join(values), "hold": span_words(item.hold),
    }  # fmt: skip
    texts = {
        IS_ONE_OF: _("counts only while %(channel)s is %(values)s (a reading holds for at most %(hold)s)"),
        AT_LEAST: _("counts only while %(channel)s is at least %(values)s (a reading holds for at most %(hold)s)"),
        AT_MOST: _("counts only while %(channel)s is at most %(values)s (a reading holds for at most %(hold)s)"),
    }  # fmt: skip
    return texts[item.test] % given
