"""Groups of items in words."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.contracts.wording import measured
from apps.pricing.groups import COUNT_ABOVE, MAXIMUM, MEAN, SUM, Group

GROUP_AGGREGATE_NAMES = {
    SUM: gettext_lazy("sum of the members"),
    MAXIMUM: gettext_lazy("highest of the members"),
    MEAN: gettext_lazy("mean of the members"),
    COUNT_ABOVE: gettext_lazy("number of members above a level"),
}
GROUP_PROBLEMS = {
    "bad_group_aggregate": gettext_lazy("Choose what is made of the members."),
    "missing_group_level": gettext_lazy("Enter the level above which a member is counted."),
    "needless_group_level": gettext_lazy("Leave this empty: it is for counting members."),
}


def group_words(group: Group, unit: str) -> str:
    """`member of “Hall 3”: the highest of the members`; `unit`: the members'."""
    given = {"group": group.label, "what": GROUP_AGGREGATE_NAMES[group.aggregate]}
    words = _("member of “%(group)s”: billed is the %(what)s") % given
    return words if group.level is None else f"{words}: {measured(group.level, unit)}"
