"""Usage of channels whose meter has a factor: what was counted, weighed version by version."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from apps.common.period import Period
from apps.common.quantity import add, subtract
from apps.telemetry.domain.belief import Declaration, Discontinuity
from apps.telemetry.domain.meters import MeterShare, Weighing, shares_of
from apps.telemetry.models import Channel
from apps.telemetry.queries.belief import declarations_in_force
from apps.telemetry.queries.readings import next_reading, value_at

_INSTANT = timedelta(microseconds=1)
Pieces = Sequence[tuple[datetime, Decimal]]


def meter_cuts(channel: Channel, start: datetime, end: datetime) -> tuple[datetime, ...]:
    """The instants within a span at which another version of the meter begins."""
    if not channel.meters:
        return ()
    begun = (item.since for item in channel.meter_versions)
    return tuple(since for since in begun if since is not None and start < since < end)


def weighed(
    channel: Channel, period: Period, zone: str, pieces: Pieces, jumps: Iterable[Discontinuity]
) -> tuple[list[tuple[datetime, Decimal]], tuple[MeterShare, ...]]:
    """The pieces weighed, and the meters with what each counted.

    `pieces`: as `ChannelUsage.pieces`, cut wherever a version begins. Raises BadValue as `Weighing`.
    """
    weighing = Weighing(channel.meter_versions, needs_factor=bool(channel.usage_unit))
    starts, amounts = [start for start, _ in pieces], [amount for _, amount in pieces]
    found = [Decimal(0)] * len(starts)
    for at, shares in _exchanged_steps(channel, weighing, jumps):
        place = max(bisect_left(starts, at) - 1, 0)
        amounts[place] = subtract(amounts[place], add(*(amount for _, amount in shares)))
        found[place] = add(found[place], weighing.step(shares))
    for place, start in enumerate(starts):
        weight = weighing.weigh(weighing.from_instant(start), amounts[place])
        found[place] = add(found[place], weight)
    return list(zip(starts, found, strict=True)), weighing.shares(period, zone)


def _exchanged_steps(
    channel: Channel, weighing: Weighing, jumps: Iterable[Discontinuity]
) -> list[tuple[datetime, list[tuple[datetime, Decimal]]]]:
    """Steps within which one meter gave way to another: when each ends, and its shares."""
    exchanged = [jump for jump in jumps if jump.kind in ("exchange", "several")]
    # Before the first version a meter counted whose factor is not known.
    if not weighing.versions or not exchanged:
        return []
    declared = declarations_in_force([channel.pk]).get(channel.pk, [])
    return [
        (jump.measured_at, shares)
        for jump in exchanged if len(shares := _shares(channel, jump, declared)) > 1
    ]  # fmt: skip


def _shares(
    channel: Channel, jump: Discontinuity, declared: Sequence[Declaration]
) -> list[tuple[datetime, Decimal]]:
    before = value_at(channel, jump.measured_at - _INSTANT)
    reading = next_reading(channel, jump.measured_at - _INSTANT)
    if before is None or reading is None or reading.measured_at != jump.measured_at:
        return []
    return shares_of(before, reading, jump, declared)
