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
from apps.common.quantity import add
from apps.metering.domain.figures import Day, Gap, UsageFigures
from apps.metering.domain.told_apart import (
    NO_WINDOWS,
    Calendars,
    counter_windows,
    windows_of_parts,
)
from apps.telemetry.domain.belief import Declaration, Discontinuity, LevelRules, Reading
from apps.telemetry.domain.meters import MeterVersion, Weighing, shares_of


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


Steps = Sequence[tuple[datetime, Decimal]]


def counter_steps(
    readings: Sequence[Reading],
    discontinuities: Iterable[Discontinuity],
    weighing: Weighing,
    declarations: Iterable[Declaration] = (),
) -> Steps:
    """What each step of a counter comes to, by the instant of the reading that ends it."""
    jumps = {item.measured_at: item for item in discontinuities}
    exchanges = [item for item in declarations if item.kind in ("exchange", "reset")]
    return [
        (reading.measured_at, weighing.step(
            shares_of(before, reading, jumps.get(reading.measured_at), exchanges)))
        for before, reading in pairwise(readings)
    ]  # fmt: skip


def days_of_steps(steps: Steps, period: Period, zone: str) -> tuple[Day, ...]:
    """A counter's steps by local day. Sums to the quantity."""
    totals = dict.fromkeys(local_days(period, zone), Decimal(0))
    for instant, amount in steps:
        day = day_ending_at(instant, period, zone)
        totals[day] = add(totals.get(day, Decimal(0)), amount)
    return tuple(Day(day, quantity) for day, quantity in totals.items())


def day_ending_at(instant: datetime, period: Period, zone: str) -> date:
    """A counter's reading at midnight closes the day that ends there."""
    day = local_date(max(instant, period.start), zone)
    if instant > period.start and midnight(day, zone) == instant:
        return local_date(instant - timedelta(microseconds=1), zone)
    return day


def delta_days(amounts: Steps, period: Period, zone: str) -> tuple[Day, ...]:
    """The amounts by local day."""
    totals = dict.fromkeys(local_days(period, zone), Decimal(0))
    for instant, amount in amounts:
        day = local_date(instant, zone)
        totals[day] = add(totals.get(day, Decimal(0)), amount)
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
    meters: Sequence[MeterVersion] = (),
    counted_in: str = "",
) -> UsageFigures:
    """The record of a counter from its believed readings in order, the opening one first.

    The opening reading is the last at or before the start, else the counter's very first.
    `rules` and `declarations` are those the belief rests on; they go into the evidence.
    `calendars`: by charge the windows of the week to tell it apart by. `meters`: the versions of its
    meter in order; with `counted_in`, the unit of the readings, each needs a factor. Raises BadValue
    where they do not give a quantity.
    """
    opening, closing = (readings[0], readings[-1]) if readings else (None, None)
    jumps = tuple(
        item for item in discontinuities if opening and item.measured_at > opening.measured_at
    )
    weighing, said = Weighing(meters, bool(counted_in)), tuple(declarations)
    steps = counter_steps(readings, jumps, weighing, said)
    return UsageFigures(
        quantity=add(*(amount for _, amount in steps)), unit=unit, method="counter",
        opening=opening, closing=closing, corrections=jumps, reading_count=len(readings),
        gaps=find_gaps((item.measured_at for item in readings), expected_interval, period),
        daily=days_of_steps(steps, period, zone),
        readings_digest=digest_of(readings, is_delta=False), versions=versions or {}, rules=rules,
        windows=counter_windows(calendars, steps, period, zone),
        declarations=tuple(item for item in said if applies(item, opening, closing)),
        meters=weighing.shares(period, zone), counted_in=counted_in,
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
    meters: Sequence[MeterVersion] = (),
    counted_in: str = "",
) -> UsageFigures:
    """The record of a delta channel from its believed readings in [start, end), in order.

    `meters` and `counted_in` as of a counter.
    """
    weighing = Weighing(meters, bool(counted_in))
    amounts = [
        (item.measured_at, weighing.weigh(weighing.from_instant(item.measured_at), item.value))
        for item in readings
    ]
    return UsageFigures(
        quantity=delta_usage(amount for _, amount in amounts), unit=unit, method="delta",
        opening=None, closing=None, corrections=(), reading_count=len(readings),
        gaps=find_gaps((item.measured_at for item in readings), expected_interval, period),
        daily=delta_days(amounts, period, zone),
        readings_digest=digest_of(readings, is_delta=True), versions=versions or {},
        windows=windows_of_parts(calendars, amounts, zone),
        meters=weighing.shares(period, zone), counted_in=counted_in,
    )  # fmt: skip


def digest_of(readings: Iterable[Reading], *, is_delta: bool) -> str:
    """The digest a usage record names; of no readings too."""
    return readings_digest(((item.measured_at, item.value) for item in readings), is_delta=is_delta)
