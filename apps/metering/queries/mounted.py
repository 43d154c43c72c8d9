"""Usage while something was mounted: of each mounting of a component, of each position of a host."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from apps.assets.models import Mounting
from apps.assets.queries import carried_during, component_tree
from apps.common.period import Period
from apps.common.quantity import add, bounded, multiply, subtract
from apps.metering.domain.components import (
    Track,
    counter_track,
    delta_track,
    empty_times,
    mounted_part,
)
from apps.metering.domain.parts import Condition, Part, Stay
from apps.metering.domain.stays import Carried, stays_of
from apps.telemetry.domain.belief import Declaration, Discontinuity, Reading
from apps.telemetry.domain.meters import MeterVersion
from apps.telemetry.models import Channel
from apps.telemetry.models import Discontinuity as Jump
from apps.telemetry.queries import next_reading, readings_between
from apps.telemetry.queries.belief import declarations_in_force
from apps.telemetry.queries.usage import ChannelUsage, Span, channels_named, usage_of


def carried_row(row: Mounting, channel: str | None) -> Carried:
    """A mounting as far as usage of the hosts' channel goes; without one the host itself runs."""
    condition = None
    if row.while_value is not None:
        condition = Condition(str(row.host_id), row.host_label, row.while_channel, row.while_value)
    return Carried(
        component=str(row.component_id), host=str(row.host_id), host_label=row.host_label,
        position=row.position, start=row.mounted_at, end=row.dismounted_at, factor=row.factor,
        condition=condition, runs=channel is None or channel in row.host_counters,
    )  # fmt: skip


def usage_of_mountings(
    rows: Sequence[Mounting], now: datetime, zone: str
) -> dict[UUID, tuple[Decimal, str]]:
    """By mounting: what its hosts used meanwhile times the factor, and the unit.

    Only of hosts whose readings the company collects. A few queries each, however long it lasted;
    conditions of the position are not looked at here, so those mountings are left out.
    """
    tree = component_tree({row.component_id for row in rows})
    wanted: list[tuple[UUID, Stay, str]] = []
    for row in rows:
        code = _followed_channel(row, tree)
        others = [item for item in tree if item.component_id != row.component_id]
        carried = [carried_row(item, code) for item in (row, *others)] if code else []
        stays = stays_of(str(row.component_id), carried)
        if not any(stay.conditions for stay in stays):
            wanted += [(row.pk, stay, code) for stay in stays if stay.start < now]
    channels = channels_named((UUID(stay.host), code) for _, stay, code in wanted)
    spans, places = [], []
    for key, stay, code in wanted:
        channel = channels.get((UUID(stay.host), code))
        if channel is not None:
            spans.append(Span(channel, stay.start, stay.end or now, zone))
            places.append((key, stay))
    found: dict[UUID, tuple[Decimal, str]] = {}
    for (key, stay), span, usage in zip(places, spans, usage_of(spans), strict=True):
        amount = bounded(multiply(_between(span, usage), stay.factor))
        before = found.get(key, (Decimal(0), ""))[0]
        found[key] = (add(before, amount), span.channel.billed_unit)
    return found


def _followed_channel(row: Mounting, tree: Sequence[Mounting]) -> str:
    """The counter a person would read: the host's own, else that of what draws the host."""
    if row.channel_code or row.host_counters:
        return row.channel_code or row.host_counters[0]
    drawn = (item for item in tree if item.component_id == row.host_id)
    return next((item.channel_code for item in drawn if item.channel_code), "")


def _between(span: Span, usage: ChannelUsage) -> Decimal:
    """The usage between two instants, the steps around them shared in proportion to time."""
    past = _past(span.channel, usage.closing, span.end)
    early = _past(span.channel, usage.opening, span.start)
    return subtract(add(usage.quantity, past), early)


def _past(channel: Channel, before: Reading | None, instant: datetime) -> Decimal:
    """What of the step after the last reading was used by an instant."""
    if channel.kind == "delta" or before is None or before.measured_at >= instant:
        return Decimal(0)
    after = next_reading(channel, instant)
    if after is None:
        return Decimal(0)
    jumps = Jump.objects.filter(channel=channel, measured_at=after.measured_at)
    corrections = [Discontinuity(row.measured_at, row.amount, row.kind) for row in jumps]
    track = counter_track([before, after], corrections, *_meters(channel))
    assert track is not None
    return track.used(instant)


def _meters(channel: Channel) -> tuple[list[MeterVersion], list[Declaration]]:
    """Versions of a counter's meter, and what tells its exchanges."""
    if not channel.meters:
        return [], []
    return channel.meter_versions, declarations_in_force([channel.pk]).get(channel.pk, [])


class PositionPart(NamedTuple):
    """One stretch at a position: what was mounted (None: nothing), and what the host used then."""

    mounting: Mounting | None
    part: Part


@dataclass(frozen=True, slots=True)
class PositionUsage:
    """A position in a period. `total` is the host's usage, empty times included."""

    code: str
    title: str
    parts: list[PositionPart]
    total: Decimal


@dataclass(frozen=True, slots=True)
class HostUsage:
    """A host's channel in a period by position; every position sums to `quantity`."""

    quantity: Decimal
    start: datetime | None
    end: datetime | None
    positions: list[PositionUsage]


def host_usage(
    host_id: UUID, channel: Channel, period: Period, zone: str, titles: Sequence[tuple[str, str]]
) -> HostUsage:
    """What was mounted at each position (code, title) of an own host, and the usage meanwhile."""
    readings = readings_between(channel, period.start, period.end)
    [usage] = usage_of([Span(channel, period.start, period.end, zone)])
    track = (
        delta_track(readings, period, channel.meter_versions) if channel.kind == "delta"
        else counter_track(readings, usage.jumps, *_meters(channel))
    )  # fmt: skip
    if track is None:
        return HostUsage(Decimal(0), None, None, [])
    rows = list(carried_during(host_id, *track.window))
    named = dict(titles)
    for row in rows:
        named.setdefault(row.position, row.position_title)
    states = _states(rows, track)
    positions = [
        _position(code, title, [row for row in rows if row.position == code], track, states)
        for code, title in named.items()
    ]
    return HostUsage(track.used(track.window[1]), *track.window, positions)


def _states(rows: Sequence[Mounting], track: Track) -> dict[tuple[str, str], list[Reading]]:
    """Readings of the host's own state channels that say when a position counts."""
    wanted = {(row.host_id, row.while_channel) for row in rows if row.while_channel}
    found = channels_named(wanted)
    return {
        (str(asset), code): readings_between(channel, *track.window)
        for (asset, code), channel in found.items()
    }


def _position(
    code: str, title: str, rows: Sequence[Mounting], track: Track,
    states: dict[tuple[str, str], list[Reading]],
) -> PositionUsage:  # fmt: skip
    stays = {}
    for row in rows:
        [stay] = stays_of(str(row.component_id), [carried_row(row, None)])
        stays[row.pk] = stay
    parts = [
        PositionPart(row, part) for row in rows
        if (part := mounted_part(stays[row.pk], track, states)) is not None
    ]  # fmt: skip
    for start, end in empty_times(stays.values(), track.window):
        part = mounted_part(Stay("", "", code, start, end), track, {})
        if part is not None:
            parts.append(PositionPart(None, part))
    parts.sort(key=lambda item: item.part.stay.start)
    return PositionUsage(code, title, parts, add(*(item.part.gross for item in parts)))
