"""What the items of many orders used, read from the current company's own channels at once."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from apps.common.period import Period, local_date
from apps.metering.domain.figures import Day, Gap, UsageFigures
from apps.metering.domain.told_apart import (
    NO_WINDOWS,
    Calendars,
    quantities_by_charge,
    windows_of_parts,
)
from apps.metering.models import MeteringOrder
from apps.metering.queries.answers import NotMetered
from apps.metering.queries.definitions import definitions_of
from apps.pricing.changes import UsageWindows, cuts_of
from apps.telemetry.domain.belief import Declaration
from apps.telemetry.models import Channel
from apps.telemetry.queries.belief import declarations_in_force, rules_of
from apps.telemetry.queries.usage import (
    ChannelUsage,
    Quantity,
    Span,
    channels_named,
    quantities_of,
    usage_of,
)


class Asked(NamedTuple):
    """One order's item, and the part of the period it is covered for."""

    order: MeteringOrder
    span: Period

    @property
    def calendars(self) -> Calendars:
        """By charge the windows that the plan of this period tells usage apart by."""
        if not self.order.calendars:
            return NO_WINDOWS
        return self.order.calendars_on(local_date(self.span.start, self.order.time_zone))


class Used(NamedTuple):
    """How much one item used, and by windows where its plan has some."""

    quantity: Decimal
    windows: UsageWindows = None


# What a meter's factor may refuse, as a reason a person can read.
FACTOR_REFUSALS = {"no_factor": "no_factor", "too_precise": "factor_too_fine"}
NOTHING_BY_DAY: Mapping[date, UsageWindows] = {}


class Measurement(NamedTuple):
    """The figures of one item; `last_at`: its last believed reading before the end."""

    asked: Asked
    figures: UsageFigures
    last_at: datetime | None
    # By local day and charge the windows of the week; of what is read directly alone.
    by_day: Mapping[date, UsageWindows] = NOTHING_BY_DAY


def measure_channels(
    asked: Sequence[Asked], *, evidence: bool = True, may_be_empty: bool = False
) -> list[Measurement | NotMetered]:
    """Figures of each, in order; a few queries, however many.

    Without evidence: no gaps and no digest, and no reading is touched. `may_be_empty`: a channel
    that was never read used nothing so far, instead of being refused.
    """
    refused, places, spans = _asked_spans(asked)
    answers: list[Measurement | NotMetered] = [*refused]
    said = declared_of(spans) if evidence else {}
    for place, span, usage in zip(places, spans, usage_of(spans, evidence=evidence), strict=True):
        answers[place] = _missing(asked[place], usage, may_be_empty) or Measurement(
            asked[place], _figures(asked[place], span, usage, said.get(span.channel.pk, ()), evidence),
            usage.last_at, _windows_by_day(asked[place], usage),
        )  # fmt: skip
    return answers


def _figures(
    ask: Asked, span: Span, usage: ChannelUsage, declared: Sequence[Declaration], evidence: bool
) -> UsageFigures:
    figures = counter_or_delta_figures(span, usage, declared, evidence)
    if not ask.calendars:
        return figures
    return replace(figures, windows=windows_of_parts(ask.calendars, usage.pieces, span.zone))


def _windows_by_day(ask: Asked, usage: ChannelUsage) -> Mapping[date, UsageWindows]:
    calendars, zone = ask.calendars, ask.order.time_zone
    if not calendars:
        return NOTHING_BY_DAY
    days: dict[date, list[tuple[datetime, Decimal]]] = {}
    for start, amount in usage.pieces:
        days.setdefault(local_date(start, zone), []).append((start, amount))
    return {
        day: quantities_by_charge(windows_of_parts(calendars, parts, zone))
        for day, parts in days.items()
    }


def channel_quantities(asked: Sequence[Asked]) -> list[Used | NotMetered]:
    """The quantity of each alone, in order: the same as `measure_channels` gives, for a part of its
    cost. What is told apart by windows costs as much as its days."""
    refused, places, spans = _asked_spans(asked)
    answers: list[Used | NotMetered] = [*refused]
    whole = [(place, span) for place, span in zip(places, spans, strict=True)
             if not asked[place].calendars]  # fmt: skip
    for (place, _), found in zip(whole, quantities_of([span for _, span in whole]), strict=True):
        answers[place] = _missing(asked[place], found) or Used(found.quantity)
    parted = [place for place in places if asked[place].calendars]
    measured = measure_channels([asked[place] for place in parted], evidence=False)
    for place, answer in zip(parted, measured, strict=True):
        answers[place] = used_of(answer)
    return answers


def used_of(answer: Measurement | NotMetered) -> Used | NotMetered:
    """What previews need of a measurement."""
    if isinstance(answer, NotMetered):
        return answer
    return Used(answer.figures.quantity, quantities_by_charge(answer.figures.windows))


def _asked_spans(asked: Sequence[Asked]) -> tuple[list[NotMetered], list[int], list[Span]]:
    """What each answers where it cannot be measured; places and spans of those that can."""
    channels = channels_named((ask.order.asset_id, ask.order.source_code) for ask in asked)
    found = [channels.get((ask.order.asset_id, ask.order.source_code)) for ask in asked]
    refusals = [_refusal(ask, channel) for ask, channel in zip(asked, found, strict=True)]
    places = [place for place, refusal in enumerate(refusals) if refusal is None]
    answers = [refusal or NotMetered("readings_not_ready") for refusal in refusals]
    return answers, places, [_span(asked[place], found[place]) for place in places]


def _refusal(ask: Asked, channel: Channel | None) -> NotMetered | None:
    names = {"asset": ask.order.asset_label, "channel": ask.order.channel_code}
    if channel is None:
        return NotMetered("no_channel", names)
    if channel.kind not in ("counter", "delta"):
        return NotMetered("kind_mismatch", names)
    if channel.billed_unit != ask.order.unit:
        return NotMetered(
            "unit_mismatch", {**names, "unit": channel.billed_unit, "expected": ask.order.unit}
        )
    return None


def _span(ask: Asked, channel: Channel | None) -> Span:
    assert channel is not None
    zone = ask.order.time_zone
    cuts = cuts_of(ask.calendars.values(), ask.span, zone)
    return Span(channel, ask.span.start, ask.span.end, zone, cuts)


def declared_of(spans: Sequence[Span]) -> Mapping[int, Sequence[Declaration]]:
    """By channel: what people declared of the spans' levels."""
    return declarations_in_force(
        {span.channel.pk for span in spans if span.channel.kind != "delta"}
    )


def _missing(
    ask: Asked, usage: ChannelUsage | Quantity, may_be_empty: bool = False
) -> NotMetered | None:
    names = {"asset": ask.order.asset_label, "channel": ask.order.channel_code}
    if usage.refused:
        return NotMetered(FACTOR_REFUSALS[usage.refused], names)
    if may_be_empty:
        return None
    if not usage.ready:
        return NotMetered("readings_not_ready")
    if usage.last_at is None:
        return NotMetered("no_readings", names)
    return None


def counter_or_delta_figures(
    span: Span, usage: ChannelUsage, declared: Sequence[Declaration], evidence: bool
) -> UsageFigures:
    """A channel's own figures in a span, as the usage record states them."""
    is_delta = span.channel.kind == "delta"
    return UsageFigures(
        quantity=usage.quantity, unit=span.channel.billed_unit,
        method="delta" if is_delta else "counter",
        opening=None if is_delta else usage.opening, closing=None if is_delta else usage.closing,
        corrections=usage.jumps, reading_count=usage.reading_count,
        gaps=tuple(Gap(start, end) for start, end in usage.gaps),
        daily=tuple(Day(day, amount) for day, amount in usage.daily.items()),
        readings_digest=usage.digest, versions=usage.versions,
        rules=None if is_delta or not evidence else rules_of(span.channel),
        declarations=tuple(item for item in declared if _applies(item, usage)),
        derived=definitions_of(span) if evidence else (), meters=usage.meters,
        counted_in=span.channel.unit if span.channel.usage_unit else "",
    )  # fmt: skip


def _applies(item: Declaration, usage: ChannelUsage) -> bool:
    if usage.opening is None or usage.closing is None or item.kind == "disbelieve":
        return False
    return usage.opening.measured_at < item.measured_at <= usage.closing.measured_at
