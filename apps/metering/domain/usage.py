"""From believed readings to the usage of one period: quantity, gaps, days, and the record.

Counters use the readings in (start, end] and the one at or before the start; deltas those in
[start, end). That is what makes adjoining periods add up.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from apps.common.canonical import readings_digest
from apps.common.period import Period, local_date, local_days, midnight
from apps.common.quantity import add, canonical, subtract
from apps.metering.domain.figures import Day, Gap, UsageFigures
from apps.metering.domain.told_apart import (
    NO_WINDOWS,
    Calendars,
    counter_windows,
    delta_windows,
)
from apps.telemetry.domain.belief import Declaration, Discontinuity, LevelRules, Reading


def counter_usage(
    opening: Reading | None,
    closing: Reading | None,
    discontinuities: Iterable[Discontinuity],
    first: Reading | None = None,
) -> tuple[Decimal, str]:
    """Usage and the method as text: closing − opening + corrections.

    `opening` is the last believed reading at or before the period's start. Where there is
    none, `first`, the counter's first reading within the period, opens it and bills nothing.
    Raises ValueError for a closing reading with nothing before it.
    """
    opening = opening or first
    if closing is None:
        return Decimal(0), "no reading"
    if opening is None:
        raise ValueError("a closing reading needs an opening one or the counter's first")
    after = [item for item in discontinuities if item.measured_at > opening.measured_at]
    quantity = add(subtract(closing.value, opening.value), *(item.amount for item in after))
    terms = "".join(f" + {canonical(item.amount)} ({item.kind})" for item in after)
    return quantity, f"{canonical(closing.value)} − {canonical(opening.value)}{terms}"


def delta_usage(values: Iterable[Decimal]) -> Decimal:
    """The sum of the period's amounts, exact."""
    return add(*values)


def find_gaps(
    instants: Iterable[datetime], expected_interval: timedelta | None, period: Period
) -> tuple[Gap, ...]:
    """Silences longer than the expected interval, cut to the period.

    Pass the instant of the last reading before the period too, where there is one; else the
    silence begins at the period's start. Without an expected interval nothing is a gap.
    """
    if expected_interval is None:
        return ()
    before, gaps = period.start, []
    for instant in [*sorted(instants), period.end]:
        if instant < period.start:
            before = instant
            continue
        upto = min(instant, period.end)
        if upto - before > expected_interval:
            gaps.append(Gap(max(before, period.start), upto))
        before = instant
        if instant >= period.end:
            break
    return tuple(gaps)


def counter_days(
    readings: Sequence[Reading],
    discontinuities: Sequence[Discontinuity],
    period: Period,
    zone: str,
) -> tuple[Day, ...]:
    """Usage by local day from ordered readings, the opening one first. Sums to the quantity."""
    jumps = {item.measured_at: item.amount for item in discontinuities}
    totals = dict.fromkeys(local_days(period, zone), Decimal(0))
    for before, reading in pairwise(readings):
        step = subtract(reading.value, before.value)
        day = _day_ending_at(reading.measured_at, period, zone)
        totals[day] = add(
            totals.get(day, Decimal(0)), step, jumps.get(reading.measured_at, Decimal(0))
        )
    return tuple(Day(day, quantity) for day, quantity in totals.items())


def _day_ending_at(instant: datetime, period: Period, zone: str) -> date:
    """A counter's reading at midnight closes the day that ends there."""
    day = local_date(max(instant, period.start), zone)
    if instant > period.start and midnight(day, zone) == instant:
        return local_date(instant - timedelta(microseconds=1), zone)
    return day


def delta_days(readings: Iterable[Reading], period: Period, zone: str) -> tuple[Day, ...]:
    """The amounts by local day."""
    totals = dict.fromkeys(local_days(period, zone), Decimal(0))
    for reading in readings:
        day = local_date(reading.measured_at, zone)
        totals[day] = add(totals.get(day, Decimal(0)), reading.value)
    return tuple(Day(day, quantity) for day, quantity in totals.items())


def counter_figures(
    readings: Sequence[Reading],
    discontinuities: Iterable[Discontinuity],
    unit: str,
    period: Period,
    zone: str,
    expected_interval: timedelta | None = None,
    versions: Mapping[str, int] | None = None,
    rules: LevelRules | None = None,
    declarations: Iterable[Declaration] = (),
    calendars: Calendars = NO_WINDOWS,
) -> UsageFigures:
    """The record of a counter from its believed readings in order, the opening one first.

    The opening reading is the last at or before the start, else the counter's very first.
    `rules` and `declarations` are those the belief rests on; they go into the evidence.
    `calendars`: by charge the windows of the week to tell it apart by.
    """
    opening, closing = (readings[0], readings[-1]) if readings else (None, None)
    jumps = tuple(
        item for item in discontinuities if opening and item.measured_at > opening.measured_at
    )
    return UsageFigures(
        quantity=counter_usage(opening, closing, jumps)[0], unit=unit, method="counter",
        opening=opening, closing=closing, corrections=jumps, reading_count=len(readings),
        gaps=find_gaps((item.measured_at for item in readings), expected_interval, period),
        daily=counter_days(readings, jumps, period, zone),
        readings_digest=digest_of(readings, is_delta=False), versions=versions or {}, rules=rules,
        windows=counter_windows(calendars, readings, jumps, period, zone),
        declarations=tuple(item for item in declarations if applies(item, opening, closing)),
    )  # fmt: skip


def applies(item: Declaration, opening: Reading | None, closing: Reading | None) -> bool:
    """Whether what was declared had a part in the figures."""
    if opening is None or closing is None or item.kind == "disbelieve":
        return False
    return opening.measured_at < item.measured_at <= closing.measured_at


def delta_figures(
    readings: Sequence[Reading],
    unit: str,
    period: Period,
    zone: str,
    expected_interval: timedelta | None = None,
    versions: Mapping[str, int] | None = None,
    calendars: Calendars = NO_WINDOWS,
) -> UsageFigures:
    """The record of a delta channel from its believed readings in [start, end), in order."""
    return UsageFigures(
        quantity=delta_usage(item.value for item in readings), unit=unit, method="delta",
        opening=None, closing=None, corrections=(), reading_count=len(readings),
        gaps=find_gaps((item.measured_at for item in readings), expected_interval, period),
        daily=delta_days(readings, period, zone),
        readings_digest=digest_of(readings, is_delta=True), versions=versions or {},
        windows=delta_windows(calendars, readings, zone),
    )  # fmt: skip


def digest_of(readings: Iterable[Reading], *, is_delta: bool) -> str:
    """The digest a usage record names; of no readings too."""
    return readings_digest(((item.measured_at, item.value) for item in readings), is_delta=is_delta)
