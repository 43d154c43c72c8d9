"""Whether a contract's opening balances fit its dates, plan and items."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from apps.common.period import add_months
from apps.contracts.domain.facts import ContractFacts
from apps.contracts.domain.opening import MOST_OPEN_ITEMS, OpeningBalances
from apps.contracts.models import ContractItem
from apps.pricing.plan import PricePlan
from apps.pricing.registry import Charge

_YEAR = 12
Value = TypeVar("Value")


def judged_opening(
    facts: ContractFacts, plan: PricePlan, rows: Sequence[ContractItem]
) -> OpeningBalances:
    """The balances by charge code; charges may be named by code or title.

    Raises ValidationError on the field of the facts' form.
    """
    opening = facts.opening
    charged = _by_code(opening.charged, plan, "opening_charged")
    used = _by_code(opening.included_used, plan, "opening_included")
    _judge_year(facts, plan, opening)
    for code in used:
        _judge_included(plan.charge(code), rows)
    if len(opening.open_items) > MOST_OPEN_ITEMS:
        raise ValidationError(
            {"opening_items": [_("At most %(most)s open items.") % {"most": MOST_OPEN_ITEMS}]}
        )
    return replace(opening, charged=charged, included_used=used)


def _by_code(named: Mapping[str, Value], plan: PricePlan, field: str) -> dict[str, Value]:
    codes = {
        name: charge.code for charge in plan.charges
        for name in (*charge.title.values(), charge.code)
    }  # fmt: skip
    for name in named:
        if name not in codes:
            text = _("There is no charge “%(name)s”.") % {"name": name}
            raise ValidationError({field: [text]})
    return {codes[name]: value for name, value in named.items()}


def _judge_year(facts: ContractFacts, plan: PricePlan, opening: OpeningBalances) -> None:
    since, words = opening.year_from, ""
    if since is None:
        words = _("Say when the contract year began.") if opening.charged else ""
    elif not plan.needs_year:
        words = _("No price of this contract looks at the contract year.")
    elif not add_months(facts.starts_on, -_YEAR) < since <= facts.starts_on:
        words = _("The contract year began at most a year before the first day.")
    if words:
        raise ValidationError({"opening_year_from": [words]})


def _judge_included(charge: Charge, rows: Sequence[ContractItem]) -> None:
    """What is used up is that of one quantity: pooled, or of a meter with one asset or group."""
    words = ""
    if not getattr(charge, "included", None):
        words = _("“%(charge)s” has no included quantity.")
    elif getattr(charge, "pooling", "") != "pooled":
        fed = {
            row.group.label if row.group else str(row.asset_id)
            for row in rows if row.meter == charge.meter
        }  # fmt: skip
        if len(fed) > 1:
            words = _("The included quantity of “%(charge)s” is each asset's own; pool them.")
    if words:
        raise ValidationError({"opening_included": [words % {"charge": charge.code}]})
