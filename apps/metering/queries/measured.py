"""Figures of gauges and states, as the contract bills them."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from apps.metering.domain.measuring import measured_figures
from apps.metering.queries.answers import NotMetered
from apps.metering.queries.definitions import definitions_of
from apps.metering.queries.measuring import Asked, Measurement, Used, declared_of
from apps.telemetry.domain.belief import Declaration
from apps.telemetry.domain.meters import Weighing
from apps.telemetry.models import Channel
from apps.telemetry.queries.belief import rules_of
from apps.telemetry.queries.measured import Found, MeasuredSpan, measured_of, span_of_measure
from apps.telemetry.queries.usage import ChannelUsage, channels_named


def measure_levels(
    asked: Sequence[Asked], *, evidence: bool = True, may_be_empty: bool = False
) -> list[Measurement | NotMetered]:
    """Figures of each, in order; two queries each for its readings, a few more for all.

    `may_be_empty`: where no value is known so far the quantity is 0, instead of a refusal.
    """
    answers, places, spans = _asked_spans(asked)
    said = declared_of([span.as_read for span in spans]) if evidence else {}
    for place, span, found in zip(
        places, spans, measured_of(spans, evidence=evidence), strict=True
    ):
        refusal = None if may_be_empty else _missing(asked[place], found)
        answers[place] = refusal or _measurement(
            asked[place], span, found, said.get(span.channel.pk, ())
        )
    return answers


def level_quantities(asked: Sequence[Asked]) -> list[Used | NotMetered]:
    """The quantity of each alone, in order: the same as `measure_levels` gives."""
    answers, places, spans = _asked_spans(asked)
    quantities: list[Used | NotMetered] = [
        answer if isinstance(answer, NotMetered) else Used(Decimal(0)) for answer in answers
    ]
    for place, found in zip(places, measured_of(spans), strict=True):
        refusal = _missing(asked[place], found)
        quantities[place] = refusal or Used(found.measured.quantity or Decimal(0))
    return quantities


def _measurement(
    ask: Asked, span: MeasuredSpan, found: Found, declared: Sequence[Declaration]
) -> Measurement:
    usage, with_evidence = found.usage, isinstance(found.usage, ChannelUsage)
    figures = measured_figures(
        found.measured, span.measure, ask.order.unit, until=span.until,
        digest=usage.digest if isinstance(usage, ChannelUsage) else "",
        versions=usage.versions if isinstance(usage, ChannelUsage) else {},
        rules=rules_of(span.channel) if with_evidence else None, declarations=declared,
    )  # fmt: skip
    derived = definitions_of(span.as_read) if with_evidence else ()
    meters = Weighing(span.channel.meter_versions).shares(span.period, span.zone)
    return Measurement(ask, replace(figures, derived=derived, meters=meters), usage.last_at)


def _asked_spans(
    asked: Sequence[Asked],
) -> tuple[list[Measurement | NotMetered], list[int], list[MeasuredSpan]]:
    """What each answers where it cannot be measured; places and spans of those that can."""
    channels = channels_named((ask.order.asset_id, ask.order.channel_code) for ask in asked)
    answers: list[Measurement | NotMetered] = []
    places, spans = [], []
    for place, ask in enumerate(asked):
        channel = channels.get((ask.order.asset_id, ask.order.channel_code))
        answers.append(_refusal(ask, channel) or NotMetered("readings_not_ready"))
        measure = ask.order.level_measure
        if channel is not None and measure is not None and _refusal(ask, channel) is None:
            places.append(place)
            order = ask.order
            spans.append(
                span_of_measure(channel, measure, ask.span, order.time_zone, order.ends_at)
            )
    return answers, places, spans


def _refusal(ask: Asked, channel: Channel | None) -> NotMetered | None:
    names, measure = _names(ask), ask.order.level_measure
    if channel is None:
        return NotMetered("no_channel", names)
    if measure is None or channel.kind != measure.kind:
        return NotMetered("kind_mismatch", names)
    if channel.unit != measure.unit:
        return NotMetered(
            "unit_mismatch", {**names, "unit": channel.unit, "expected": measure.unit}
        )
    return None


def _missing(ask: Asked, found: Found) -> NotMetered | None:
    usage, measured = found.usage, found.measured
    # Roll-ups and readings are two looks; a reading may have come in between.
    moved = isinstance(usage, ChannelUsage) and usage.reading_count != measured.count
    if not usage.ready or moved:
        return NotMetered("readings_not_ready")
    if usage.last_at is None:
        return NotMetered("no_readings", _names(ask))
    return NotMetered("no_value", _names(ask)) if measured.quantity is None else None


def _names(ask: Asked) -> dict[str, str]:
    return {"asset": ask.order.asset_label, "channel": ask.order.channel_code}
