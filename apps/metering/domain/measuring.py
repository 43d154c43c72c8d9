"""The usage record of a gauge or state from what its readings say."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from apps.common.period import Period
from apps.metering.domain.figures import Day, Gap, UsageFigures
from apps.metering.domain.measured import MeasureFigures
from apps.metering.domain.usage import applies, digest_of
from apps.telemetry.domain.belief import Declaration, LevelRules, Reading
from apps.telemetry.domain.measures import LevelMeasure, MeasuredUsage, measured_usage


def measured_figures(
    found: MeasuredUsage, measure: LevelMeasure, unit: str, *, digest: str = "",
    until: datetime | None = None,
    versions: Mapping[str, int] | None = None, rules: LevelRules | None = None,
    declarations: Iterable[Declaration] = (),
) -> UsageFigures:  # fmt: skip
    """The record of what was measured; where a value is not known, of nothing.

    Gaps are where nothing holds, whatever the channel's expected interval.
    """
    return UsageFigures(
        quantity=found.quantity or Decimal(0), unit=unit, method=measure.kind,
        opening=found.opening, closing=found.closing, corrections=(), reading_count=found.count,
        gaps=tuple(Gap(start, end) for start, end in found.silences),
        daily=tuple(Day(day, quantity) for day, quantity in found.daily),
        readings_digest=digest, versions=versions or {}, rules=rules,
        declarations=tuple(
            item for item in declarations if applies(item, found.first, found.closing)
        ),
        measure=MeasureFigures.of(measure, found, until),
    )  # fmt: skip


def measured_again(
    figures: UsageFigures, readings: Sequence[Reading], period: Period, zone: str
) -> UsageFigures:
    """The figures computed again from the readings of the evidence. Raises ValueError."""
    if figures.measure is None:
        raise ValueError("a record of a gauge or state states its measure")
    measure = figures.measure.measure
    found = measured_usage(readings, measure, period, zone)
    again = measured_figures(
        found, measure, figures.unit, digest=digest_of(readings, is_delta=False),
        rules=figures.rules, declarations=figures.declarations, until=figures.measure.until,
    )  # fmt: skip
    return replace(again, versions=figures.versions)
