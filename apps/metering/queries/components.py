"""Figures of components: their hosts' channels read once each, then shared out among the stays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from apps.common.period import Period
from apps.metering.domain.components import HostReadings, component_figures, states_figures
from apps.metering.domain.parts import Stay
from apps.metering.queries.answers import NotMetered
from apps.metering.queries.measuring import (
    FACTOR_REFUSALS,
    Asked,
    Measurement,
    counter_or_delta_figures,
    declared_of,
)
from apps.telemetry.domain.belief import Declaration, Reading
from apps.telemetry.models import Channel
from apps.telemetry.queries import readings_between
from apps.telemetry.queries.usage import ChannelUsage, Span, channels_named, usage_of

Named = tuple[UUID, str]
Key = tuple[int, datetime, datetime, str]


@dataclass(slots=True)
class _Hosts:
    """What was read of host channels, each span once however many components share it."""

    channels: Mapping[Named, Channel]
    evidence: bool
    rough: dict[Key, ChannelUsage] = field(default_factory=dict)
    exact: dict[Key, ChannelUsage] = field(default_factory=dict)
    readings: dict[Key, list[Reading]] = field(default_factory=dict)
    declared: Mapping[int, Sequence[Declaration]] = field(default_factory=dict)

    def span(self, asset: str, code: str, ask: Asked) -> Span | None:
        channel = self.channels.get((UUID(asset), code))
        if channel is None:
            return None
        return Span(channel, ask.span.start, ask.span.end, ask.order.time_zone)


def measure_components(
    asked: Sequence[Asked], *, evidence: bool = True, may_be_empty: bool = False
) -> list[Measurement | NotMetered]:
    """Figures of components, in order: hosts' figures in a few queries, readings one query each.

    `may_be_empty`: a host that was never read used nothing so far, instead of being refused.
    """
    if not asked:
        return []
    stays = [[Stay.from_dict(row) for row in ask.order.stays] for ask in asked]
    wanted = {
        pair for ask, found in zip(asked, stays, strict=True)
        for stay in found for pair in _channels_of(ask, stay)
    }  # fmt: skip
    hosts = _Hosts(channels_named(wanted), evidence)
    _read_roughly(hosts, asked, stays)
    kept = [
        [stay for stay in found if _touches(stay, hosts, ask)]
        for ask, found in zip(asked, stays, strict=True)
    ]
    _read_exactly(hosts, asked, kept)
    return [
        _answer(ask, found, hosts, may_be_empty) for ask, found in zip(asked, kept, strict=True)
    ]


def _channels_of(ask: Asked, stay: Stay) -> list[Named]:
    states = [(UUID(item.asset), item.channel) for item in stay.conditions]
    return [(UUID(stay.host), ask.order.channel_code), *states]


def _key(span: Span) -> Key:
    return span.channel.pk, span.start, span.end, span.zone


def _read_roughly(hosts: _Hosts, asked: Sequence[Asked], stays: Sequence[Sequence[Stay]]) -> None:
    """Where each host's counter runs from and to, by roll-ups."""
    spans = {
        _key(span): span
        for ask, found in zip(asked, stays, strict=True) for stay in found
        if (span := hosts.span(stay.host, ask.order.channel_code, ask)) is not None
    }  # fmt: skip
    hosts.rough = dict(zip(spans, usage_of(list(spans.values())), strict=True))


def _touches(stay: Stay, hosts: _Hosts, ask: Asked) -> bool:
    """Whether a stay meets the stretch its host's counter runs in for this period."""
    span = hosts.span(stay.host, ask.order.channel_code, ask)
    if span is None:
        return _overlaps(stay, ask.span)
    usage = hosts.rough[_key(span)]
    if span.channel.kind == "delta" or usage.opening is None or usage.closing is None:
        return _overlaps(stay, ask.span)
    start, end = usage.opening.measured_at, usage.closing.measured_at
    return stay.start < end and (stay.end is None or stay.end > start)


def _overlaps(stay: Stay, period: Period) -> bool:
    return stay.start < period.end and (stay.end is None or stay.end > period.start)


def _read_exactly(hosts: _Hosts, asked: Sequence[Asked], kept: Sequence[Sequence[Stay]]) -> None:
    """The evidence of the hosts that count, and every believed reading of them."""
    spans: dict[Key, Span] = {}
    for ask, found in zip(asked, kept, strict=True):
        for stay in found:
            pairs = [(stay.host, ask.order.channel_code)]
            pairs += [(item.asset, item.channel) for item in stay.conditions]
            for asset, code in pairs:
                span = hosts.span(asset, code, ask)
                if span is not None:
                    spans[_key(span)] = span
    for key, span in spans.items():
        hosts.readings[key] = readings_between(span.channel, span.start, span.end)
    counted = {key: span for key, span in spans.items() if span.channel.kind != "state"}
    if not hosts.evidence:
        hosts.exact = {key: hosts.rough[key] for key in counted}
        return
    found_usage = usage_of(list(counted.values()), evidence=True)
    hosts.exact = dict(zip(counted, found_usage, strict=True))
    hosts.declared = declared_of(list(counted.values()))


def _answer(
    ask: Asked, stays: Sequence[Stay], hosts: _Hosts, may_be_empty: bool
) -> Measurement | NotMetered:
    sources: list[HostReadings] = []
    last: list[datetime] = []
    for stay in stays:
        if any(
            (item.asset, item.channel) == (stay.host, ask.order.channel_code) for item in sources
        ):
            continue
        found = _source(ask, stay, hosts, may_be_empty)
        if isinstance(found, NotMetered):
            return found
        sources.append(found)
        last += [item.measured_at for item in found.readings[-1:]]
    for stay in stays:
        for condition in stay.conditions:
            named = (condition.asset, condition.channel)
            if any((item.asset, item.channel) == named for item in sources):
                continue
            state = _states(ask, *named, condition.label, hosts)
            if isinstance(state, NotMetered):
                return state
            sources.append(state)
    figures = component_figures(
        stays, sources, ask.order.unit, ask.span, ask.order.time_zone, ask.calendars
    )
    return Measurement(ask, figures, max(last, default=None))


def _source(ask: Asked, stay: Stay, hosts: _Hosts, may_be_empty: bool) -> HostReadings | NotMetered:
    code = ask.order.channel_code
    names = {"asset": stay.host_label, "channel": code}
    span = hosts.span(stay.host, code, ask)
    if span is None:
        return NotMetered("no_channel", names)
    if span.channel.billed_unit != ask.order.unit:
        expected = {"unit": span.channel.billed_unit, "expected": ask.order.unit}
        return NotMetered("unit_mismatch", {**names, **expected})
    usage, readings = hosts.exact[_key(span)], hosts.readings[_key(span)]
    if usage.refused:
        return NotMetered(FACTOR_REFUSALS[usage.refused], names)
    if not may_be_empty and usage.closing is None:
        return NotMetered("no_readings", names)
    declared = hosts.declared.get(span.channel.pk, ())
    figures = counter_or_delta_figures(span, usage, declared, hosts.evidence)
    # Roll-up and readings are two looks at the same rows; one may have come between.
    moved = hosts.evidence and len(readings) != usage.reading_count
    if not may_be_empty and (moved or not usage.ready):
        return NotMetered("readings_not_ready")
    return HostReadings(stay.host, stay.host_label, code, figures, readings)


def _states(
    ask: Asked, asset: str, code: str, label: str, hosts: _Hosts
) -> HostReadings | NotMetered:
    span = hosts.span(asset, code, ask)
    if span is None or span.channel.kind != "state":
        return NotMetered("no_channel", {"asset": label, "channel": code})
    readings = hosts.readings[_key(span)]
    return HostReadings(asset, label, code, states_figures(readings, span.channel.unit), readings)
