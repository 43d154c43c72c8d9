"""Whether late payment, deposit, credit limit, notice and service levels can be agreed as stated."""

from datetime import time
from itertools import pairwise

from django.utils.translation import gettext as _

from apps.contracts.domain.commercial import (
    MOST_DAYS,
    MOST_MINOR,
    MOST_POINTS,
    MOST_REMINDERS,
    DunningTerms,
)
from apps.contracts.domain.facts import ContractFacts
from apps.contracts.domain.notice import ANY_DAY, PERIOD, NoticeTerms
from apps.contracts.domain.notice import MOST_DAYS as MOST_NOTICE
from apps.contracts.domain.service import ALWAYS, DAYS, MOST_HOURS, ServiceHours, ServiceLevels


def refused_commercial(facts: ContractFacts) -> dict[str, list[str]]:
    """By field of the form what cannot stand; empty: nothing."""
    refused: dict[str, list[str]] = _refused_dunning(facts.dunning)
    for name, minor in (
        ("deposit", facts.deposit_minor), ("credit_limit", facts.credit_limit_minor)
    ):  # fmt: skip
        least = 1 if name == "deposit" else 0
        if minor is not None and not least <= minor <= MOST_MINOR:
            refused[name] = [_("Enter an amount above zero.")]
    return refused | _refused_notice(facts.notice) | _refused_service(facts.service)


def _refused_notice(agreed: NoticeTerms | None) -> dict[str, list[str]]:
    if agreed is None or (0 <= agreed.days <= MOST_NOTICE and agreed.to in (PERIOD, ANY_DAY)):
        return {}
    return {"notice_days": [_("Between 0 and %(most)s days.") % {"most": MOST_NOTICE}]}


def _refused_service(promised: ServiceLevels) -> dict[str, list[str]]:
    """A later deed never comes before an earlier one; hours that count for nothing are a mistake."""
    within, refused = promised.within, _refused_hours(promised.hours)
    for name, hours in within.items():
        if not 1 <= hours <= MOST_HOURS:
            refused[name] = [_("Between 1 and %(most)s hours.") % {"most": MOST_HOURS}]
    for (_one, before), (name, after) in pairwise(within.items()):
        if after < before:
            refused[name] = [_("Not sooner than what comes before it.")]
    if promised.availability is not None and not 0 < promised.availability <= MOST_POINTS:
        refused["availability"] = [_("Above 0 and at most 100 percent.")]
    if not within and promised.hours != ALWAYS:
        refused["service_days"] = [_("Say what is promised within these hours.")]
    return refused


def _refused_hours(hours: ServiceHours) -> dict[str, list[str]]:
    refused: dict[str, list[str]] = {}
    if hours.days not in DAYS:
        refused["service_days"] = [_("Choose the days on which hours count.")]
    if hours.opens >= hours.closes != time(0):
        refused["service_closes"] = [_("Later than the beginning; empty: midnight.")]
    return refused


def _refused_dunning(agreed: DunningTerms) -> dict[str, list[str]]:
    refused: dict[str, list[str]] = {}
    if agreed.points is not None and not 0 <= agreed.points <= MOST_POINTS:
        refused["late_points"] = [_("Between 0 and 100 percent a year.")]
    if len(agreed.levels) > MOST_REMINDERS:
        refused["lump_with"] = [_("At most %(most)s reminders.") % {"most": MOST_REMINDERS}]
    for n, level in enumerate(agreed.levels[:MOST_REMINDERS], start=1):
        if not 1 <= level.after_days <= MOST_DAYS:
            refused[f"reminder_{n}_days"] = [_("Between 1 and 365 days.")]
        if not 0 <= level.fee_minor <= MOST_MINOR:
            refused[f"reminder_{n}_fee"] = [_("A fee is zero or more.")]
    for n, (before, after) in enumerate(pairwise(agreed.levels[:MOST_REMINDERS]), start=2):
        if after.after_days <= before.after_days:
            refused[f"reminder_{n}_days"] = [_("Later than the reminder before it.")]
    if sum(level.with_lump for level in agreed.levels) > 1:
        refused["lump_with"] = [_("The lump sum of the law comes once.")]
    return refused
