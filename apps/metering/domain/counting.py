"""The usage record of a counter or amounts that count under rules, from what its readings say."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from apps.common.period import Period
from apps.metering.domain.components import STATES
from apps.metering.domain.counted import CountFigures
from apps.metering.domain.figures import Gap, HostFigures, UsageFigures
from apps.metering.domain.told_apart import Calendars, counter_windows, windows_of_parts
from apps.metering.domain.usage import days_of_steps, delta_days, digest_of
from apps.telemetry.domain.belief import Declaration, Discontinuity, LevelRules, Reading, walk
from apps.telemetry.domain.counted_amounts import counted_amounts
from apps.telemetry.domain.counted_counters import counted_counter
from apps.telemetry.domain.counting import CountedUsage, Meters
from apps.telemetry.domain.meters import MeterVersion, Weighing


def counted_figures(
    found: CountedUsage, counting: CountFigures, unit: str, period: Period, zone: str, *,
    digest: str = "", reading_count: int = 0, is_delta: bool = False, gaps: Iterable[Gap] = (),
    versions: Mapping[str, int] | None = None, rules: LevelRules | None = None,
    declarations: Iterable[Declaration] = (), calendars: Calendars | None = None,
    sources: Iterable[HostFigures] = (), meters: Sequence[MeterVersion] = (), counted_in: str = "",
) -> UsageFigures:  # fmt: skip
    """The record of what was counted; each step lies in the day and window it ends in."""
    windows = (
        windows_of_parts(calendars or {}, found.steps, zone) if is_delta
        else counter_windows(calendars or {}, found.steps, period, zone)
    )  # fmt: skip
    return UsageFigures(
        quantity=found.quantity, unit=unit, method="delta" if is_delta else "counter",
        opening=found.opening, closing=found.closing, corrections=found.jumps,
        reading_count=reading_count, gaps=tuple(gaps),
        daily=(delta_days if is_delta else days_of_steps)(found.steps, period, zone),
        readings_digest=digest,
        versions=versions or {}, rules=rules, declarations=tuple(declarations), windows=windows,
        counting=counting, sources=tuple(sources), counted_in=counted_in,
        meters=Weighing(meters, counts=dict(found.counts)).shares(period, zone, _reach(counting)),
    )  # fmt: skip


def _reach(counting: CountFigures) -> Period | None:
    """From when to when the channel's readings are looked at."""
    return Period(counting.since, counting.until) if counting.since < counting.until else None


def conditions_figures(
    unit: str, digest: str, reading_count: int, versions: Mapping[str, int]
) -> UsageFigures:
    """The figures of a channel that only says when usage counts."""
    return UsageFigures(
        quantity=Decimal(0), unit=unit, method=STATES, opening=None, closing=None, corrections=(),
        reading_count=reading_count, gaps=(), daily=(), readings_digest=digest, versions=versions,
    )  # fmt: skip


def own_and_states(
    figures: UsageFigures, readings: Sequence[Reading]
) -> tuple[Sequence[Reading], list[Sequence[Reading]]]:
    """The readings of the evidence told apart: the channel's, and those of each condition.

    Raises ValueError where they are not as many as stated.
    """
    counts = [figures.reading_count, *(item.figures.reading_count for item in figures.sources)]
    if any(count < 0 for count in counts) or sum(counts) != len(readings):
        raise ValueError(f"{sum(counts)} readings are stated, {len(readings)} are there")
    found, place = list[Sequence[Reading]](), 0
    for count in counts:
        found.append(readings[place : place + count])
        place += count
    return found[0], found[1:]


def counted_again(
    figures: UsageFigures, own: Sequence[Reading], states: Sequence[Sequence[Reading]],
    period: Period, zone: str,
) -> UsageFigures:  # fmt: skip
    """The figures computed again from the readings of the evidence. Raises ValueError."""
    counting = figures.counting
    if counting is None or len(states) != len(counting.rules.conditions):
        raise ValueError("each condition has a channel")
    is_delta = figures.method == "delta"
    meters = Meters(figures.meter_versions, bool(figures.counted_in), figures.declarations)
    if is_delta:
        found = counted_amounts(own, counting.rules, period, states, meters)
    else:
        found = counted_counter(
            own, _jumps(figures, own), counting.rules, period, states,
            is_first=counting.is_first, meters=meters,
        )  # fmt: skip
    again = CountFigures.of(
        counting.rules, found, is_first=counting.is_first, since=counting.since,
        until=counting.until, states_since=counting.states_since,
    )  # fmt: skip
    sources = [
        replace(item, figures=conditions_figures(
            item.figures.unit, digest_of(read, is_delta=False), len(read), item.figures.versions
        ))
        for item, read in zip(figures.sources, states, strict=True)
    ]  # fmt: skip
    return counted_figures(
        found, again, figures.unit, period, zone, digest=digest_of(own, is_delta=is_delta),
        reading_count=len(own), is_delta=is_delta, gaps=figures.gaps, versions=figures.versions,
        rules=figures.rules, declarations=figures.declarations, calendars=figures.calendars,
        sources=sources, meters=figures.meter_versions, counted_in=figures.counted_in,
    )  # fmt: skip


def _jumps(figures: UsageFigures, own: Sequence[Reading]) -> Sequence[Discontinuity]:
    """Where the counter jumps, walked again; without rules those that are stated."""
    if figures.rules is None or not own:
        return figures.corrections
    return walk(own[1:], figures.declarations, figures.rules, own[0]).discontinuities
