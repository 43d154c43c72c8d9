"""Figures of counters and amounts that count under rules of their contract."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from apps.metering.domain.counted import CountFigures
from apps.metering.domain.counting import conditions_figures, counted_figures
from apps.metering.domain.figures import HostFigures, UsageFigures
from apps.metering.domain.usage import find_gaps
from apps.metering.queries.answers import NotMetered
from apps.metering.queries.definitions import definitions_of
from apps.metering.queries.measuring import (
    FACTOR_REFUSALS,
    Asked,
    Measurement,
    Used,
    declared_of,
    used_of,
)
from apps.telemetry.domain.belief import Declaration
from apps.telemetry.domain.counting import CountRules
from apps.telemetry.models import Channel
from apps.telemetry.queries.belief import rules_of
from apps.telemetry.queries.counted import CountedSpan, FoundCount, counted_of
from apps.telemetry.queries.usage import ChannelUsage, Span, channels_named

Channels = Mapping[tuple[UUID, str], Channel]


class _Place(NamedTuple):
    """An item that can be counted, and where its answer goes."""

    place: int
    ask: Asked
    span: CountedSpan


def measure_counted(
    asked: Sequence[Asked], *, evidence: bool = True, may_be_empty: bool = False
) -> list[Measurement | NotMetered]:
    """Figures of each, in order; a few queries each.

    `may_be_empty`: a channel that was never read used nothing so far, instead of being refused.
    """
    answers, places = _places(asked)
    found = counted_of([item.span for item in places], evidence=evidence)
    read = [_as_read(*pair) for pair in zip(places, found, strict=True)]
    said = declared_of(read) if evidence else {}
    for item, count in zip(places, found, strict=True):
        refusal = _refused(item, count) or (
            None if may_be_empty else _missing(item, count, evidence)
        )
        answers[item.place] = refusal or _measurement(
            item, count, said.get(item.span.channel.pk, ()), evidence
        )
    return answers


def counted_quantities(asked: Sequence[Asked]) -> list[Used | NotMetered]:
    """The quantity of each alone, in order: the same as `measure_counted` gives."""
    return [used_of(item) for item in measure_counted(asked, evidence=False)]


def _places(asked: Sequence[Asked]) -> tuple[list[Measurement | NotMetered], list[_Place]]:
    named = {(ask.order.asset_id, code) for ask in asked for code in ask.order.channel_codes}
    channels = channels_named(named)
    answers: list[Measurement | NotMetered] = []
    places = []
    for place, ask in enumerate(asked):
        rules = ask.order.count_rules
        refusal = NotMetered("no_order") if rules is None else _refusal(ask, rules, channels)
        answers.append(refusal or NotMetered("readings_not_ready"))
        if refusal is None and rules is not None:
            places.append(_Place(place, ask, _span(ask, rules, channels)))
    return answers, places


def _span(ask: Asked, rules: CountRules, channels: Channels) -> CountedSpan:
    order = ask.order
    return CountedSpan(
        channels[order.asset_id, order.channel_code], rules, ask.span, order.time_zone,
        tuple(channels[order.asset_id, item.channel] for item in rules.conditions),
        order.starts_at, order.ends_at,
    )  # fmt: skip


def _refusal(ask: Asked, rules: CountRules, channels: Channels) -> NotMetered | None:
    order = ask.order
    wanted = [(order.channel_code, order.unit, ("counter", "delta"))] + [
        (item.channel, item.unit, (item.kind, item.kind)) for item in rules.conditions
    ]
    for code, unit, kinds in wanted:
        names = {"asset": order.asset_label, "channel": code}
        channel = channels.get((order.asset_id, code))
        if channel is None:
            return NotMetered("no_channel", names)
        if channel.kind not in kinds:
            return NotMetered("kind_mismatch", names)
        found = channel.billed_unit if code == order.channel_code else channel.unit
        if found != unit:
            return NotMetered("unit_mismatch", {**names, "unit": found, "expected": unit})
    return None


def _refused(item: _Place, found: FoundCount) -> NotMetered | None:
    if not found.refused:
        return None
    return NotMetered(FACTOR_REFUSALS[found.refused], _names(item.ask))


def _names(ask: Asked) -> dict[str, str]:
    return {"asset": ask.order.asset_label, "channel": ask.order.channel_code}


def _missing(item: _Place, found: FoundCount, evidence: bool) -> NotMetered | None:
    if not found.ready or (evidence and found.moved):
        return NotMetered("readings_not_ready")
    nothing = found.counted.last_at is None or not found.instants
    return NotMetered("no_readings", _names(item.ask)) if nothing else None


def _as_read(item: _Place, found: FoundCount) -> Span:
    return Span(item.span.channel, found.reach.since, found.reach.until, item.span.zone)


def _measurement(
    item: _Place, found: FoundCount, declared: Sequence[Declaration], evidence: bool
) -> Measurement:
    span, usage, channel = item.span, found.usage, item.span.channel
    is_delta = channel.kind == "delta"
    seconds = channel.expected_interval_seconds
    expected = None if seconds is None else timedelta(seconds=seconds)
    counting = CountFigures.of(
        span.rules, found.counted, is_first=span.is_first, **found.reach._asdict()
    )
    figures = counted_figures(
        found.counted, counting, channel.billed_unit, span.period, span.zone, digest=usage.digest,
        reading_count=usage.reading_count, is_delta=is_delta,
        gaps=find_gaps(found.instants, expected, span.period) if evidence else (),
        versions=usage.versions, rules=rules_of(channel) if evidence and not is_delta else None,
        declarations=[one for one in declared if _applies(one, usage)],
        calendars=item.ask.calendars, sources=_sources(item, found),
        meters=channel.meter_versions if channel.is_weighed else (),
        counted_in=channel.unit if channel.usage_unit else "",
    )  # fmt: skip
    derived = definitions_of(_as_read(item, found)) if evidence else ()
    return Measurement(item.ask, replace(figures, derived=derived), found.counted.last_at)


def _applies(item: Declaration, usage: ChannelUsage) -> bool:
    """Whether what was declared lies among the readings that are looked at."""
    if usage.opening is None or usage.closing is None or item.kind == "disbelieve":
        return False
    return usage.opening.measured_at < item.measured_at <= usage.closing.measured_at


def _sources(item: _Place, found: FoundCount) -> list[HostFigures]:
    order = item.ask.order
    return [
        HostFigures(
            str(order.asset_id), order.asset_label, channel.code, _of_condition(channel, usage)
        )
        for channel, usage in zip(item.span.states, found.states, strict=True)
    ]


def _of_condition(channel: Channel, usage: ChannelUsage) -> UsageFigures:
    return conditions_figures(channel.unit, usage.digest, usage.reading_count, usage.versions)
