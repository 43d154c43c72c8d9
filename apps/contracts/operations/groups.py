"""Whether the groups of a contract's items can stand, and what their lines name."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID, uuid5

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from apps.common.quantity import BadValue
from apps.contracts.domain.facts import GroupFacts
from apps.contracts.domain.measures import counted_in
from apps.contracts.models import ContractItem
from apps.contracts.wording.groups import GROUP_PROBLEMS
from apps.pricing.groups import COUNT_ABOVE, SUM, Group
from apps.pricing.plan import PricePlan


def judged_group(facts: GroupFacts | None, meter: str, unit: str, plan: PricePlan) -> Group | None:
    """The group of a member whose usage is in `unit`; its key comes with the contract's.

    Raises ValidationError.
    """
    if facts is None:
        return None
    label = facts.label.strip()
    if not label:
        raise ValidationError(_("give its group a name"))
    if plan.calendars.get(meter) and facts.aggregate != SUM:
        raise ValidationError(_("of a group only the sum is told apart by windows of the week"))
    result = counted_in(meter, plan) if facts.aggregate == COUNT_ABOVE else unit
    try:
        return Group("", label, facts.aggregate, result, facts.level)
    except BadValue as error:
        raise ValidationError(str(GROUP_PROBLEMS[error.reason])) from None


def judge_groups(rows: Sequence[ContractItem]) -> None:
    """All members of a group say the same of it. Raises ValidationError on `items`."""
    known: dict[tuple[str, str], tuple[Group, str]] = {}
    for row in rows:
        group = row.group
        if group is None:
            continue
        said = known.setdefault((row.meter, group.label), (group, row.unit))
        if said != (group, row.unit):
            words = {"group": group.label, "asset": row.asset_label}
            text = _("%(asset)s: the members of “%(group)s” say different things of it.")
            raise ValidationError({"items": [text % words]})


def name_groups(rows: Sequence[ContractItem], contract: UUID) -> None:
    """Give each group of the contract the key that its lines name."""
    for row in rows:
        group = row.group
        if group is not None:
            key = str(uuid5(contract, f"{row.meter} {group.label}"))
            row.group_of = replace(group, key=key).to_dict()
