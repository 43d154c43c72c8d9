"""What counts of a channel's amounts, and which stand for those missing in a gap."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from itertools import pairwise

from apps.common.period import Period
from apps.common.quantity import add, subtract
from apps.telemetry.domain.belief import Reading
from apps.telemetry.domain.conditions import verdicts
from apps.telemetry.domain.counting import (
    SEVEN_DAYS,
    UNWEIGHED,
    ConditionReadings,
    CountedUsage,
    CountRules,
    Estimated,
    Meters,
    judged_steps,
    share,
)
from apps.telemetry.domain.measures import LAST_WEEK
from apps.telemetry.domain.series import MICROSECOND


def counted_amounts(
    known: Sequence[Reading], rules: CountRules, period: Period, states: ConditionReadings = (),
    meters: Meters = UNWEIGHED,
) -> CountedUsage:  # fmt: skip
    """Of amounts from those in order, from a week before the start to the first after the end.

    Raises BadValue as `Weighing`.
    """
    counts = _counts_of_amounts(known, period, meters)
    known = _weighed_amounts(known, meters)
    own = [item for item in known if item.measured_at in period]
    filled, estimates = _filled(known, rules, period)
    both = sorted([*own, *filled], key=lambda item: item.measured_at)
    steps = [(item.measured_at, item.value, item.measured_at) for item in both]
    later = [item for item in known if item.measured_at >= period.end]
    return replace(
        judged_steps(steps, verdicts(rules.conditions, states), period.start),
        estimates=tuple(estimates), awaits=bool(rules.estimate) and not later,
        last_at=max((item.measured_at for item in known if item.measured_at < period.end), default=None),
        counts=counts,
    )  # fmt: skip


def _weighed_amounts(known: Sequence[Reading], meters: Meters) -> Sequence[Reading]:
    if not (meters.versions or meters.needs_factor):
        return known
    weighing = meters.weighing()
    return [
        Reading(at, weighing.weigh(weighing.from_instant(at), value))
        for at, value in ((item.measured_at, item.value) for item in known)
    ]


def _counts_of_amounts(
    known: Sequence[Reading], period: Period, meters: Meters
) -> Mapping[int, Decimal]:
    weighing = meters.weighing()
    for item in known if meters.versions else ():
        if item.measured_at in period:
            weighing.weigh(weighing.from_instant(item.measured_at), item.value)
    return weighing.counts


def _filled(
    known: Sequence[Reading], rules: CountRules, period: Period
) -> tuple[list[Reading], list[Estimated]]:
    """Amounts that stand for those missing in each gap, as far as they lie in the period."""
    filled: list[Reading] = []
    estimates: list[Estimated] = []
    for before, after, since, until in _silences(known, rules, period):
        if rules.estimate == LAST_WEEK:
            guessed = _week_before(known, since, until)
        else:
            guessed = _in_line(before, after, rules)
        inside = [item for item in guessed if item.measured_at in period]
        if inside:
            filled += inside
            cut = max(since, period.start), min(until, period.end)
            estimates.append(Estimated(*cut, add(*(item.value for item in inside))))
    return filled, estimates


_Silence = tuple[Reading | None, Reading | None, datetime, datetime]


def _silences(known: Sequence[Reading], rules: CountRules, period: Period) -> Iterable[_Silence]:
    """The gaps that touch the period: the amounts around each, and from when to when."""
    if not rules.estimate or not known:
        return
    ends: list[Reading | None] = [*known, None]
    for before, after in pairwise(ends):
        assert before is not None
        until = period.end if after is None else after.measured_at
        if until - before.measured_at > rules.longest_silence and until > period.start:
            yield before, after, before.measured_at, until


def _week_before(known: Sequence[Reading], since: datetime, until: datetime) -> list[Reading]:
    """The amounts a week before, each a week later, strictly within the gap."""
    return [
        Reading(item.measured_at + SEVEN_DAYS, item.value)
        for item in known if since < item.measured_at + SEVEN_DAYS < until
    ]  # fmt: skip


def _in_line(before: Reading | None, after: Reading | None, rules: CountRules) -> list[Reading]:
    """As many amounts as fit the interval, evenly spread, on the line from one to the other.

    None in a silence of more than a week.
    """
    if before is None or after is None or after.measured_at - before.measured_at > SEVEN_DAYS:
        return []
    span = (after.measured_at - before.measured_at) // MICROSECOND
    every = rules.longest_silence // MICROSECOND
    parts = (2 * span + every) // (2 * every)
    rise = subtract(after.value, before.value)
    return [
        Reading(
            before.measured_at + number * span // parts * MICROSECOND,
            add(before.value, share(rise, number, parts)),
        )
        for number in range(1, parts)
    ]
