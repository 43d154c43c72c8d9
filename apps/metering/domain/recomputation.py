"""Figures computed again from the readings of the evidence, and what differs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise

from apps.common.canonical import instant_text
from apps.common.period import Period
from apps.common.quantity import add, canonical, subtract
from apps.metering.domain.components import (
    COMPONENT,
    STATES,
    HostReadings,
    component_figures,
    states_figures,
)
from apps.metering.domain.counting import counted_again, own_and_states
from apps.metering.domain.figures import UsageFigures, correction_to_dict
from apps.metering.domain.measured import MEASURED
from apps.metering.domain.measuring import measured_again
from apps.metering.domain.of_record import of_record_figures, window_of
from apps.metering.domain.parts import Part
from apps.metering.domain.record_parts import OF_RECORD
from apps.metering.domain.usage import counter_figures, delta_figures
from apps.telemetry.domain.belief import Reading, walk
from apps.telemetry.domain.meters import Weighing


@dataclass(frozen=True, slots=True)
class Difference:
    """Where a stated value is not the recomputed one; `path` as in the file."""

    path: str
    stated: str
    computed: str


def recompute(
    figures: UsageFigures, readings: Sequence[Reading], period: Period, zone: str
) -> list[Difference]:
    """What differs when the figures are computed again from the readings of the evidence."""
    # As whose member it is priced does not follow from readings: the lines are priced again with it.
    figures = replace(figures, group=None)
    if figures.method == COMPONENT:
        return _component_again(figures, readings, period, zone)
    if figures.method == OF_RECORD:
        return _of_record_again(figures, readings, period, zone)
    if figures.method in MEASURED:
        return _measure_again(figures, readings, period, zone)
    if figures.counting is not None:
        return _count_again(figures, readings, period, zone)
    misplaced = _misplaced(figures.method, readings, period)
    if misplaced:
        return misplaced
    if figures.method == "counter":
        again = _counter_again(figures, readings, period, zone)
    else:
        again = delta_figures(
            readings, figures.unit, period, zone, calendars=figures.calendars,
            meters=figures.meter_versions, counted_in=figures.counted_in,
        )  # fmt: skip
    stated, computed = figures.to_dict(), again.to_dict()
    # Gaps need the expected interval, versions the database and definitions the readings of other
    # channels: they are signed, not computed again.
    names = (name for name in stated if name not in ("gaps", "versions", "derived"))
    found = [
        item
        for name in names
        for item in differences(stated[name], computed.get(name), f"usage/{name}")
    ]
    return found + _belief_again(figures, readings)


def _measure_again(
    figures: UsageFigures, readings: Sequence[Reading], period: Period, zone: str
) -> list[Difference]:
    """Every figure, gaps too: they follow from for how long a value holds."""
    reach = period if figures.measure is None else figures.measure.measure.reach(period)
    until = None if figures.measure is None else figures.measure.until
    is_after = bool(readings) and until is not None and readings[-1].measured_at == until
    misplaced = _misplaced(figures.method, readings[:-1] if is_after else readings, reach)
    if misplaced:
        return misplaced
    meters = Weighing(figures.meter_versions).shares(period, zone)
    again = measured_again(figures, readings, period, zone)
    again = replace(again, derived=figures.derived, meters=meters)
    found = differences(figures.to_dict(), again.to_dict(), "usage")
    return found + _belief_again(figures, readings)


def _count_again(
    figures: UsageFigures, readings: Sequence[Reading], period: Period, zone: str
) -> list[Difference]:
    """What counts under rules, from the channel's readings and those of its conditions."""
    assert figures.counting is not None
    own, states = own_and_states(figures, readings)
    if figures.counting.states_since > period.start:
        return [Difference("usage/counting/states_since", "late", instant_text(period.start))]
    wrong = _out_of_order(figures.method, own)
    for number, read in enumerate(states):
        wrong += _misplaced_state(read, period, f"usage/sources/{number}")
    if wrong:
        return wrong
    again = replace(counted_again(figures, own, states, period, zone), derived=figures.derived)
    return differences(figures.to_dict(), again.to_dict(), "usage") + _disbelieved(figures, own)


def _misplaced_state(readings: Sequence[Reading], period: Period, path: str) -> list[Difference]:
    found = _out_of_order(STATES, readings)
    late = [item for item in readings if item.measured_at > period.end]
    found += [Difference(path, instant_text(item.measured_at), "outside") for item in late[:1]]
    return found


def _out_of_order(method: str, readings: Sequence[Reading]) -> list[Difference]:
    return [
        Difference(f"readings/{number}", instant_text(reading.measured_at), "order")
        for number, (before, reading) in enumerate(pairwise(readings), start=1)
        if not _follows(method, before, reading)
    ][:1]


def _component_again(
    figures: UsageFigures, readings: Sequence[Reading], period: Period, zone: str
) -> list[Difference]:
    """Each host's figures from its own slice of the readings, then the parts from them."""
    counts = [source.figures.reading_count for source in figures.sources]
    if any(count < 0 for count in counts) or sum(counts) != len(readings):
        return [Difference("usage/sources", str(sum(counts)), str(len(readings)))]
    found, sources, start = [], [], 0
    for number, (source, count) in enumerate(zip(figures.sources, counts, strict=True)):
        own = readings[start : start + count]
        start += count
        found += [
            Difference(f"usage/sources/{number}/{item.path}", item.stated, item.computed)
            for item in _source_again(source.figures, own, period, zone)
        ]
        sources.append(
            HostReadings(source.asset, source.label, source.channel, source.figures, own)
        )
    found += _in_two_places(figures.parts)
    again = component_figures(
        [part.stay for part in figures.parts], sources, figures.unit, period, zone,
        figures.calendars,
    )  # fmt: skip
    stated, computed = figures.to_dict(), again.to_dict()
    names = (name for name in stated if name not in ("gaps", "versions"))
    return found + [
        item
        for name in names
        for item in differences(stated[name], computed[name], f"usage/{name}")
    ]


def _of_record_again(
    figures: UsageFigures, readings: Sequence[Reading], period: Period, zone: str
) -> list[Difference]:
    """Each source's figures from its own slice of the readings, then who counted when."""
    sources, record, start = figures.sources, figures.of_record, 0
    counts = [source.figures.reading_count for source in sources]
    if record is None or len(sources) != len(record.terms.sources) or not sources:
        return [Difference("usage/sources", str(len(sources)), "the agreed sources")]
    if any(count < 0 for count in counts) or sum(counts) != len(readings):
        return [Difference("usage/sources", str(sum(counts)), str(len(readings)))]
    window = window_of(sources[0].figures, period, record.origin)
    found, read = [], []
    for number, (source, count) in enumerate(zip(sources, counts, strict=True)):
        own = readings[start : start + count]
        start += count
        if source.figures.method not in ("counter", "delta"):
            return [Difference(f"usage/sources/{number}", source.figures.method, "counter")]
        found += [
            Difference(f"usage/sources/{number}/{item.path}", item.stated, item.computed)
            for item in recompute(source.figures, own, period if number == 0 else window, zone)
        ]
        read.append(HostReadings(source.asset, source.label, source.channel, source.figures, own))
    again = of_record_figures(
        record.terms, record.origin, read, figures.unit, period, zone, figures.calendars
    )
    stated, computed = figures.to_dict(), again.to_dict()
    return found + [
        item
        for name in stated if name not in ("gaps", "versions")
        for item in differences(stated[name], computed.get(name), f"usage/{name}")
    ]  # fmt: skip


def _source_again(
    figures: UsageFigures, readings: Sequence[Reading], period: Period, zone: str
) -> list[Difference]:
    if figures.method in (COMPONENT, OF_RECORD):
        return [Difference("method", figures.method, "counter")]
    if figures.method != STATES:
        return recompute(figures, readings, period, zone)
    again = states_figures(readings, figures.unit)
    return differences(figures.to_dict(), again.to_dict(), "usage")


def _in_two_places(parts: Sequence[Part]) -> list[Difference]:
    """Nothing is mounted twice at a time."""
    return [
        Difference(f"usage/parts/{number}", instant_text(later.stay.start), "overlap")
        for number, (before, later) in enumerate(pairwise(parts), start=1)
        if before.stay.end is None or later.stay.start < before.stay.end
    ]


def _counter_again(
    figures: UsageFigures, readings: Sequence[Reading], period: Period, zone: str
) -> UsageFigures:
    return counter_figures(
        readings, figures.corrections, figures.unit, period, zone,
        rules=figures.rules, declarations=figures.declarations, calendars=figures.calendars,
        meters=figures.meter_versions, counted_in=figures.counted_in,
    )  # fmt: skip


def _belief_again(figures: UsageFigures, readings: Sequence[Reading]) -> list[Difference]:
    """Walk the rules over the readings: all are believed, with just the stated corrections."""
    if figures.rules is None or not readings:
        return _unexplained_falls(figures, readings)
    again = walk(readings[1:], figures.declarations, figures.rules, readings[0])
    found = _disbelieved(figures, readings)
    stated = [correction_to_dict(item) for item in figures.corrections]
    computed = [correction_to_dict(item) for item in again.discontinuities]
    return found + differences(stated, computed, "usage/corrections")


def _disbelieved(figures: UsageFigures, readings: Sequence[Reading]) -> list[Difference]:
    """Readings that the stated rules do not believe."""
    if figures.rules is None or not readings:
        return []
    again = walk(readings[1:], figures.declarations, figures.rules, readings[0])
    at = {reading.measured_at: number for number, reading in enumerate(readings)}
    return [
        Difference(f"readings/{at[item.reading.measured_at]}", "believed", item.reason)
        for item in again.disbelieved
    ]


def _misplaced(method: str, readings: Sequence[Reading], period: Period) -> list[Difference]:
    """Readings out of order or outside the period make every figure meaningless."""
    for number, reading in enumerate(readings):
        path, shown = f"readings/{number}", instant_text(reading.measured_at)
        if number and not _follows(method, readings[number - 1], reading):
            return [Difference(path, shown, "order")]
        outside = reading.measured_at > period.end
        if method == "delta" or (method in MEASURED and number > 0):
            outside = reading.measured_at not in period
        elif method in MEASURED:
            outside = reading.measured_at >= period.end
        elif number > 0 and reading.measured_at <= period.start:
            outside = True
        if outside:
            return [Difference(path, shown, "outside")]
    return []


def _follows(method: str, before: Reading, reading: Reading) -> bool:
    if method == "delta":
        return before.measured_at <= reading.measured_at
    return before.measured_at < reading.measured_at


def _unexplained_falls(figures: UsageFigures, readings: Sequence[Reading]) -> list[Difference]:
    """A counter's step that bills less than nothing has a correction that makes up for it."""
    if figures.method != "counter":
        return []
    jumps = {item.measured_at: item.amount for item in figures.corrections}
    found = []
    for number, (before, reading) in enumerate(pairwise(readings), start=1):
        jump = jumps.get(reading.measured_at, Decimal(0))
        if add(subtract(reading.value, before.value), jump) < 0:
            found.append(Difference(f"readings/{number}", canonical(reading.value), "falling"))
    return found


def differences(stated: object, computed: object, path: str) -> list[Difference]:
    """Leaf by leaf, where two JSON values differ."""
    if isinstance(stated, Mapping) and isinstance(computed, Mapping):
        keys = [*computed, *(key for key in stated if key not in computed)]
        pairs = [(key, stated.get(key), computed.get(key)) for key in keys]
        return [item for key, a, b in pairs for item in differences(a, b, f"{path}/{key}")]
    if isinstance(stated, (list, tuple)) and isinstance(computed, (list, tuple)):
        if len(stated) != len(computed):
            return [Difference(path, f"{len(stated)} entries", f"{len(computed)} entries")]
        both = enumerate(zip(stated, computed, strict=True))
        return [item for n, (a, b) in both for item in differences(a, b, f"{path}/{n}")]
    # True == 1 in Python, so the types are compared too.
    same = type(stated) is type(computed) and stated == computed
    return [] if same else [Difference(path, _leaf(stated), _leaf(computed))]


def _leaf(value: object) -> str:
    return "nothing" if value is None else str(value)
