"""Figures of items with fall-backs: every source read, then who counted when."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from apps.common.period import Period
from apps.common.quantity import BadValue
from apps.metering.domain.components import HostReadings
from apps.metering.domain.figures import Gap, UsageFigures
from apps.metering.domain.of_record import of_record_figures, window_of
from apps.metering.domain.usage import counter_figures, delta_figures
from apps.metering.queries.answers import NotMetered
from apps.metering.queries.measuring import FACTOR_REFUSALS, Asked, Measurement, declared_of
from apps.telemetry.domain.belief import Reading
from apps.telemetry.models import Channel
from apps.telemetry.queries import readings_between
from apps.telemetry.queries.belief import rules_of
from apps.telemetry.queries.usage import ChannelUsage, Span, channels_named, usage_of

Named = Mapping[tuple[UUID, str], Channel]


def measure_of_record(
    asked: Sequence[Asked], *, evidence: bool = True, may_be_empty: bool = False
) -> list[Measurement | NotMetered]:
    """Figures of each, in order; a few queries each for its sources.

    A source without a channel says nothing. `may_be_empty`: what was never read used nothing so far.
    """
    if not asked:
        return []
    channels = channels_named(
        (ask.order.asset_id, code) for ask in asked for code in ask.order.source_codes
    )
    return [_measured(ask, channels, may_be_empty) for ask in asked]


def _measured(ask: Asked, channels: Named, may_be_empty: bool) -> Measurement | NotMetered:
    order = ask.order
    found = [channels.get((order.asset_id, code)) for code in order.source_codes]
    refusal = next((r for channel in found if (r := _refusal(ask, channel)) is not None), None)
    own = found[0]
    if own is None or refusal is not None:
        return refusal or NotMetered("no_channel", _names(ask))
    try:
        sources, ready = _sources(ask, own, found[1:])
        figures = of_record_figures(
            order.agreed_meter, order.starts_at, sources, order.unit, ask.span, order.time_zone,
            ask.calendars,
        )  # fmt: skip
    except BadValue as error:
        if error.reason not in FACTOR_REFUSALS:
            raise
        return NotMetered(FACTOR_REFUSALS[error.reason], _names(ask))
    last = [item.readings[-1].measured_at for item in sources if item.readings]
    if not may_be_empty and not ready:
        return NotMetered("readings_not_ready")
    if not may_be_empty and not last:
        return NotMetered("no_readings", _names(ask))
    return Measurement(ask, figures, max(last, default=None))


def _sources(
    ask: Asked, own: Channel, others: Sequence[Channel | None]
) -> tuple[list[HostReadings], bool]:
    """Each source's readings and figures, the own counter first, and whether all is worked in."""
    first, ready = _read(ask, own, ask.span)
    window = window_of(first.figures, ask.span, ask.order.starts_at)
    sources = [first]
    for code, channel in zip(ask.order.source_codes[1:], others, strict=True):
        if channel is None:
            sources.append(_silent(ask, code, window))
            continue
        source, is_ready = _read(ask, channel, window)
        sources.append(source)
        ready = ready and is_ready
    return sources, ready


def _read(ask: Asked, channel: Channel, period: Period) -> tuple[HostReadings, bool]:
    span = Span(channel, period.start, period.end, ask.order.time_zone)
    [usage] = usage_of([span], evidence=True)
    readings = readings_between(channel, period.start, period.end)
    figures = _figures(ask, span, usage, readings)
    # Roll-up and readings are two looks at the same rows; one may have come between.
    ready = usage.ready and len(readings) == usage.reading_count
    return _host(ask, channel.code, figures, readings), ready


def _figures(
    ask: Asked, span: Span, usage: ChannelUsage, readings: Sequence[Reading]
) -> UsageFigures:
    channel, period, zone = span.channel, Period(span.start, span.end), span.zone
    meters, counted_in = channel.meter_versions, channel.unit if channel.usage_unit else ""
    if channel.kind == "delta":
        found = delta_figures(
            readings, ask.order.unit, period, zone, meters=meters, counted_in=counted_in
        )
    else:
        said = declared_of([span]).get(channel.pk, ())
        found = counter_figures(
            readings, usage.jumps, ask.order.unit, period, zone, rules=rules_of(channel),
            declarations=said, meters=meters, counted_in=counted_in,
        )  # fmt: skip
    gaps = tuple(Gap(start, end) for start, end in usage.gaps)
    return replace(found, gaps=gaps, versions=usage.versions)


def _silent(ask: Asked, code: str, window: Period) -> HostReadings:
    figures = counter_figures([], [], ask.order.unit, window, ask.order.time_zone)
    return _host(ask, code, figures, [])


def _host(
    ask: Asked, code: str, figures: UsageFigures, readings: Sequence[Reading]
) -> HostReadings:
    order = ask.order
    return HostReadings(str(order.asset_id), order.asset_label, code, figures, readings)


def _refusal(ask: Asked, channel: Channel | None) -> NotMetered | None:
    if channel is None:
        return None
    names = {"asset": ask.order.asset_label, "channel": channel.code}
    if channel.kind not in ("counter", "delta"):
        return NotMetered("kind_mismatch", names)
    if channel.billed_unit != ask.order.unit:
        expected = {"unit": channel.billed_unit, "expected": ask.order.unit}
        return NotMetered("unit_mismatch", {**names, **expected})
    return None


def _names(ask: Asked) -> dict[str, str]:
    return {"asset": ask.order.asset_label, "channel": ask.order.channel_code}
