"""What the items of many orders used: read from channels of their own, or shared by their hosts."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

from apps.common.period import local_date
from apps.metering.queries.answers import NotMetered
from apps.metering.queries.components import measure_components
from apps.metering.queries.counted import counted_quantities, measure_counted
from apps.metering.queries.measured import level_quantities, measure_levels
from apps.metering.queries.measuring import (
    Asked,
    Measurement,
    Used,
    channel_quantities,
    measure_channels,
    used_of,
)
from apps.metering.queries.of_record import measure_of_record
from apps.telemetry.domain.sources import PARK, said_of

Found = TypeVar("Found")


def measure(
    asked: Sequence[Asked], *, evidence: bool = True, may_be_empty: bool = False
) -> list[Measurement | NotMetered]:
    """Figures of each, in order; a few queries, of gauges, states and components some for each.

    Without evidence: no gaps and no digest. `may_be_empty`: what was never read used nothing so
    far, instead of being refused.
    """
    found = _sorted(
        asked,
        lambda own: measure_channels(own, evidence=evidence, may_be_empty=may_be_empty),
        lambda parts: measure_components(parts, evidence=evidence, may_be_empty=may_be_empty),
        lambda levels: measure_levels(levels, evidence=evidence, may_be_empty=may_be_empty),
        lambda counted: measure_counted(counted, evidence=evidence, may_be_empty=may_be_empty),
        lambda rest: measure_of_record(rest, evidence=evidence, may_be_empty=may_be_empty),
    )
    told = [_as_member(answer) for answer in found]
    if may_be_empty:
        return told
    said = [_as_declared(ask, answer) for ask, answer in zip(asked, told, strict=True)]
    return [_unless_expired(answer) for answer in said]


def _as_declared(ask: Asked, answer: Measurement | NotMetered) -> Measurement | NotMetered:
    """What was measured, where the customer's word is all there is and none is missing."""
    if not ask.order.agreed_meter.is_declared:
        return answer
    if isinstance(answer, Measurement):
        edges = ((ask.span.start, answer.figures.opening), (ask.span.end, answer.figures.closing))
        missing = [at for at, found in edges if found is None or not said_of(found.measured_at, at)]
    else:
        missing = [ask.span.end] if answer.reason in ("no_channel", "no_readings") else []
    if not missing:
        return answer
    day = local_date(missing[0] - timedelta(microseconds=1), ask.order.time_zone)
    params = {"asset": ask.order.asset_label, "channel": ask.order.channel_code, "day": str(day)}
    return NotMetered("declaration_missing", params)


def _unless_expired(answer: Measurement | NotMetered) -> Measurement | NotMetered:
    """What was measured, where the contract does not park what an expired meter counted."""
    if isinstance(answer, NotMetered) or answer.asked.order.agreed_meter.expired != PARK:
        return answer
    order = answer.asked.order
    for meter in answer.figures.expired_meters:
        return NotMetered(
            "meter_not_verified",
            {"asset": order.asset_label, "channel": order.channel_code, "serial": meter.serial,
             "until": str(meter.verified_until)},
        )  # fmt: skip
    return answer


def _as_member(answer: Measurement | NotMetered) -> Measurement | NotMetered:
    """The record says as whose member it is priced."""
    if isinstance(answer, NotMetered) or answer.asked.order.group_of is None:
        return answer
    return answer._replace(figures=replace(answer.figures, group=answer.asked.order.group))


def measure_quantities(asked: Sequence[Asked]) -> list[Used | NotMetered]:
    """The quantity of each alone, in order: the same as `measure` gives, for a part of its cost."""
    plain = [place for place, ask in enumerate(asked) if ask.order.meter_terms is None]
    agreed = [place for place, ask in enumerate(asked) if ask.order.meter_terms is not None]
    found = dict(zip(plain, _plain_quantities([asked[place] for place in plain]), strict=True))
    measured = measure([asked[place] for place in agreed], evidence=False)
    found |= zip(agreed, map(used_of, measured), strict=True)
    return [found[place] for place in range(len(asked))]


def _plain_quantities(asked: Sequence[Asked]) -> list[Used | NotMetered]:
    return _sorted(
        asked, channel_quantities, _component_quantities, level_quantities, counted_quantities,
        _of_record,
    )  # fmt: skip


def _component_quantities(asked: Sequence[Asked]) -> list[Used | NotMetered]:
    return [used_of(item) for item in measure_components(asked, evidence=False)]


def _of_record(asked: Sequence[Asked]) -> list[Used | NotMetered]:
    return [used_of(item) for item in measure_of_record(asked, evidence=False)]


def _sorted(
    asked: Sequence[Asked],
    of_channels: Callable[[Sequence[Asked]], Sequence[Found]],
    of_components: Callable[[Sequence[Asked]], Sequence[Found]],
    of_levels: Callable[[Sequence[Asked]], Sequence[Found]],
    of_counted: Callable[[Sequence[Asked]], Sequence[Found]],
    of_record: Callable[[Sequence[Asked]], Sequence[Found]],
) -> list[Found]:
    groups: dict[Callable[[Sequence[Asked]], Sequence[Found]], list[int]] = {}
    for place, ask in enumerate(asked):
        answers = of_channels if ask.order.measure is None else of_levels
        answers = answers if ask.order.counting is None else of_counted
        answers = of_record if ask.order.has_fallbacks else answers
        groups.setdefault(of_components if ask.order.follows_host else answers, []).append(place)
    found: dict[int, Found] = {}
    for answer, places in groups.items():
        found |= dict(zip(places, answer([asked[place] for place in places]), strict=True))
    return [found[place] for place in range(len(asked))]
