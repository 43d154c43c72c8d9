"""Usage of many channels and spans at once: one statement for levels, one for deltas.

`quantities_of` says only how much; `usage_of` says it by local day, with evidence on demand. Where
spans (and their local days) begin and end on whole hours, hours are looked up by index; elsewhere
(zones half an hour off) readings are. Evidence rests on the digests of whole UTC days that the
roll-up keeps; readings are read at the edges of the span alone. Everything of a statement is one
snapshot. Drain the marks of the channels first (`operations.recompute_dirty`): `ready` says whether
some are marked again.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any, NamedTuple

import psycopg
from django.db import connection

from apps.common.canonical import readings_digest
from apps.common.period import Period, local_days, midnight
from apps.common.quantity import BadValue, add, subtract
from apps.telemetry.domain.belief import Discontinuity, Reading
from apps.telemetry.domain.meters import MeterShare
from apps.telemetry.models import Channel
from apps.telemetry.queries import usage_statements as statements
from apps.telemetry.queries.weighed import meter_cuts, weighed
from apps.tenancy.context import current_company

_DAY = timedelta(days=1)
_INSTANT = timedelta(microseconds=1)
_ZERO = Decimal(0)


class Span(NamedTuple):
    """What is asked: a counter's or delta channel's usage in [start, end), by days of the zone.

    `cuts`: instants within it at which `usage_of` tells it apart too.
    """

    channel: Channel
    start: datetime
    end: datetime
    zone: str
    cuts: tuple[datetime, ...] = ()


class Quantity(NamedTuple):
    """How much a span used; `last_at`: the last believed reading before its end, None: none.

    `refused`: why its meter's factor does not give a quantity; empty where it does.
    """

    quantity: Decimal
    last_at: datetime | None
    ready: bool
    refused: str = ""


@dataclass(slots=True)
class ChannelUsage:
    """Figures of one span. `opening` is None for deltas and for a counter never read until `end`.

    `closing`: the last believed reading at or before the end (a delta's last amount before it).
    `daily` has every local day and sums exactly to `quantity`, as `pieces` do: what begins at an
    instant, by days and cuts; a level's step belongs to the piece that ends at or after its later
    reading. Only with evidence: `versions` of
    the UTC days it rests on, `digest` as `apps.common.canonical.readings_digest` over the believed
    readings, the opening one first, `reading_count` their number, and `gaps` silences longer than
    the channel's expected interval. Where the meter has a factor `quantity`, `daily` and `pieces` are
    weighed by it, in the channel's `billed_unit`; `meters` say what was counted, `refused` why it
    cannot be weighed.
    """

    quantity: Decimal
    opening: Reading | None
    closing: Reading | None
    jumps: tuple[Discontinuity, ...]
    daily: dict[date, Decimal]
    ready: bool
    pieces: list[tuple[datetime, Decimal]] = field(default_factory=list)
    reading_count: int = 0
    versions: dict[str, int] = field(default_factory=dict)
    digest: str = ""
    gaps: list[tuple[datetime, datetime]] = field(default_factory=list)
    meters: tuple[MeterShare, ...] = ()
    refused: str = ""

    @property
    def last_at(self) -> datetime | None:
        return None if self.closing is None else self.closing.measured_at


class _Calendar(NamedTuple):
    """A span of time shared by many channels: its local days, and its whole UTC days.

    `starts`: where its days begin and what else it is told apart by; `day_of`: the day of each.
    `pieces`: what is left of it before and after the whole UTC days, each within one day.
    """

    start: datetime
    end: datetime
    days: list[date]
    starts: list[datetime]
    day_of: list[date]
    whole: tuple[date, date]
    pieces: list[tuple[date, datetime, datetime]]

    @property
    def has_whole_hours(self) -> bool:
        return _is_whole_hour(self.start) and _is_whole_hour(self.end)

    @property
    def has_whole_starts(self) -> bool:
        return self.has_whole_hours and all(map(_is_whole_hour, self.starts))


def quantities_of(spans: Sequence[Span]) -> list[Quantity]:
    """How much each span used, in order: `usage_of` without days, at a small part of its cost."""
    calendars = _calendars(spans)
    found: list[Any] = [None] * len(spans)
    weighed_places = [place for place, span in enumerate(spans) if span.channel.is_weighed]
    if weighed_places:
        usages = usage_of([spans[place] for place in weighed_places])
        for place, usage in zip(weighed_places, usages, strict=True):
            found[place] = Quantity(usage.quantity, usage.last_at, usage.ready, usage.refused)
    for (is_delta, hours), grouped in _groups(spans, calendars, days=False).items():
        places = [place for place in grouped if not spans[place].channel.is_weighed]
        if not places:
            continue
        statement = statements.quantities(is_delta, hours)
        rows = _rows(statement, _parameters([spans[place] for place in places], calendars))
        for n, _, _, _, _, last_at, _, ready, quantity in rows:
            found[places[n - 1]] = Quantity(_ZERO if quantity is None else quantity, last_at, ready)
    return found


def usage_of(spans: Sequence[Span], *, evidence: bool = False) -> list[ChannelUsage]:
    """The usage of each span by local day, in order; at most four statements, however many.

    A channel whose meter was exchanged within the span costs three more.
    """
    spans = [_cut_by_meters(span) for span in spans]
    calendars = _calendars(spans)
    found: list[Any] = [None] * len(spans)
    for (is_delta, hours), places in _groups(spans, calendars, days=True).items():
        chosen = [spans[place] for place in places]
        statement = statements.days(is_delta, hours, evidence)
        for row in _rows(statement, _parameters(chosen, calendars)):
            span = chosen[row[0] - 1]
            usage = _usage(span, calendars[span[1:]], row)
            if evidence:
                _add_evidence(usage, span, row[12:])
            if span.channel.is_weighed:
                _weigh(usage, span, calendars[span[1:]])
            found[places[row[0] - 1]] = usage
    return found


def _cut_by_meters(span: Span) -> Span:
    cuts = meter_cuts(span.channel, span.start, span.end)
    return span._replace(cuts=tuple(sorted({*span.cuts, *cuts}))) if cuts else span


def _weigh(usage: ChannelUsage, span: Span, calendar: "_Calendar") -> None:
    """Bring the usage from what was counted to what it stands for."""
    period = Period(span.start, span.end)
    try:
        usage.pieces, usage.meters = weighed(
            span.channel, period, span.zone, usage.pieces, usage.jumps
        )
    except BadValue as error:
        usage.refused = error.reason
        return
    steps = [amount for _, amount in usage.pieces]
    usage.quantity, usage.daily = add(*steps), _daily(calendar, steps)


_Calendars = dict[tuple[datetime, datetime, str, tuple[datetime, ...]], _Calendar]


def _calendars(spans: Iterable[Span]) -> _Calendars:
    return {key: _calendar(*key) for key in {span[1:] for span in spans}}


def _calendar(start: datetime, end: datetime, zone: str, cuts: tuple[datetime, ...]) -> _Calendar:
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    days = local_days(Period(start, end), zone)
    first, last = _utc_midnight(start + _DAY - _INSTANT), _utc_midnight(end)
    pieces = []
    if start < first:
        pieces.append((start.date(), start, min(first, end)))
    if first <= last < end:
        pieces.append((last.date(), last, end))
    midnights = [midnight(day, zone) for day in days[1:]]
    starts = sorted({start, *midnights, *cuts})
    day_of = [days[bisect_right(midnights, instant)] for instant in starts]
    return _Calendar(start, end, days, starts, day_of, (first.date(), last.date()), pieces)


def _utc_midnight(instant: datetime) -> datetime:
    return datetime.combine(instant.date(), time(), UTC)


def _is_whole_hour(instant: datetime) -> bool:
    return instant.minute == instant.second == instant.microsecond == 0


def _groups(
    spans: Sequence[Span], calendars: _Calendars, *, days: bool
) -> dict[tuple[bool, bool], list[int]]:
    """Places of the spans by what asks for them: whether deltas, whether whole hours will do."""
    hours = {
        key: found.has_whole_starts if days else found.has_whole_hours
        for key, found in calendars.items()
    }
    groups: dict[tuple[bool, bool], list[int]] = {}
    for place, span in enumerate(spans):
        groups.setdefault((span.channel.kind == "delta", hours[span[1:]]), []).append(place)
    return groups


def _parameters(spans: Sequence[Span], calendars: _Calendars) -> dict[str, Any]:
    keys = [span[1:] for span in spans]
    numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    asked = [(number, calendars[key]) for key, number in numbers.items()]
    pieces = [(number, *piece) for number, calendar in asked for piece in calendar.pieces]
    days = [
        (number, since, until)
        for number, calendar in asked
        for since, until in pairwise([*calendar.starts, calendar.end])
    ]
    return {
        "channels": _integers(span.channel.pk for span in spans),
        "calendar_of": _integers(numbers[key] for key in keys),
        "expected": _integers(span.channel.expected_interval_seconds for span in spans),
        **_columns(("calendars", "since", "until", "whole_from", "whole_until"),
                   [(number, one.start, one.end, *one.whole) for number, one in asked]),
        **_columns(("piece_of", "piece_day", "piece_since", "piece_until"), pieces),
        **_columns(("day_of", "day_since", "day_until"), days),
    }  # fmt: skip


def _columns(names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> dict[str, list[Any]]:
    return {name: [row[place] for row in rows] for place, name in enumerate(names)}


def _integers(numbers: Iterable[int | None]) -> str:
    """int[] as text, a tenth of the cost of a list of thousands."""
    return "{" + ",".join("NULL" if one is None else str(one) for one in numbers) + "}"


def _usage(span: Span, calendar: _Calendar, row: tuple[Any, ...]) -> ChannelUsage:
    (_, opening_at, opening, first_at, first, closing_at, last, ready,
     jumped, kinds, amounts, values) = row[:12]  # fmt: skip
    before = _reading(opening_at, opening) or _reading(first_at, first)
    closing = _reading(closing_at, last)
    if span.channel.kind == "delta":
        steps = [value or _ZERO for value in values]
        daily, pieces = _daily(calendar, steps), list(zip(calendar.starts, steps, strict=True))
        return ChannelUsage(add(*steps), before, closing, (), daily, ready, pieces)
    jumps = tuple(map(Discontinuity, map(_universal, jumped or ()), amounts or (), kinds or ()))
    steps = _level_steps(before, values)
    for jump in jumps:
        place = max(bisect_left(calendar.starts, jump.measured_at) - 1, 0)
        steps[place] = add(steps[place], jump.amount)
    quantity = _level_quantity(before, closing, jumps)
    # A sum that is not the quantity is not worked in yet.
    ready = ready and add(*steps) == quantity
    daily, pieces = _daily(calendar, steps), list(zip(calendar.starts, steps, strict=True))
    return ChannelUsage(quantity, before, closing, jumps, daily, ready, pieces)


def _daily(calendar: _Calendar, steps: Sequence[Decimal]) -> dict[date, Decimal]:
    daily = dict.fromkeys(calendar.days, _ZERO)
    for day, step in zip(calendar.day_of, steps, strict=True):
        daily[day] = step if daily[day] is _ZERO else add(daily[day], step)
    return daily


def _level_steps(before: Reading | None, values: Iterable[Decimal | None]) -> list[Decimal]:
    """From a level's values at the ends of pieces to the steps between them."""
    value = before.value if before else None
    steps = []
    for at_end in values:
        same = value is None or at_end is None or at_end == value
        steps.append(_ZERO if same else subtract(at_end, value))  # type: ignore[arg-type]
        value = value if at_end is None or value is None else at_end
    return steps


def _level_quantity(
    opening: Reading | None, closing: Reading | None, jumps: Iterable[Discontinuity]
) -> Decimal:
    if opening is None or closing is None:
        return _ZERO
    return add(subtract(closing.value, opening.value), *(jump.amount for jump in jumps))


def _universal(instant: datetime) -> datetime:
    return instant.astimezone(UTC)


def _reading(instant: datetime | None, value: Decimal | None) -> Reading | None:
    return None if instant is None or value is None else Reading(instant.astimezone(UTC), value)


def _add_evidence(usage: ChannelUsage, span: Span, columns: tuple[Any, ...]) -> None:
    versions, count, digest, silent_from, silent_to = columns
    is_delta = span.channel.kind == "delta"
    usage.versions = versions or {}
    usage.reading_count = count or 0
    usage.digest = digest or readings_digest((), is_delta=is_delta)
    between = list(zip(silent_from or (), silent_to or (), strict=True))
    usage.gaps = _gaps(span, usage, is_delta, between)


def _gaps(
    span: Span, usage: ChannelUsage, is_delta: bool, between: list[tuple[datetime, datetime]]
) -> list[tuple[datetime, datetime]]:
    """Silences between readings, before the first and after the last one, cut to the span."""
    seconds = span.channel.expected_interval_seconds
    if seconds is None:
        return []
    expected, start, end = timedelta(seconds=seconds), span.start, span.end
    last = usage.closing.measured_at if usage.closing else None
    heard = last is not None and (last >= start if is_delta else True)
    tail = (last if heard and last is not None else start, end)
    silences = [*between, tail]
    return [
        (max(begin, start).astimezone(UTC), min(finish, end).astimezone(UTC))
        for begin, finish in silences
        if min(finish, end) - begin > expected and min(finish, end) > max(begin, start)
    ]


def channels_named(pairs: Iterable[tuple[Any, str]]) -> dict[tuple[Any, str], Channel]:
    """The current company's channels by (asset id, code); what does not exist is left out."""
    wanted = set(pairs)
    rows = Channel.objects.filter(asset_id__among={asset for asset, _ in wanted})
    return {(row.asset_id, row.code): row for row in rows if (row.asset_id, row.code) in wanted}


def _rows(statement: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    schema = connection.ops.quote_name(current_company().schema_name)
    connection.cursor().close()  # names company, role and search path where they changed
    with connection.wrap_database_errors, closing(psycopg.Cursor(connection.connection)) as cursor:
        # The schema's name is the company's own.
        cursor.execute(statement.replace("{schema}", schema), parameters, binary=True)
        return cursor.fetchall()
