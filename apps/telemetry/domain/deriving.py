"""One UTC day of a derived channel from its inputs' believed readings: a pure function of them.

Functions over time give amounts at UTC quarter hours, each belonging to the quarter it begins (a
day without any says zero, so that nothing used is told from nothing known);
formulas give a value at every instant of an input. What a day cannot know from its inputs alone
comes in by the carry of the day before and is handed on.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from apps.assets.domain.derived import TIMES, Derivation, SeriesFunction
from apps.assets.domain.derived_units import Ratio
from apps.common.formula import Formula, work_out
from apps.common.formula_nodes import rounded_to_step
from apps.common.period import Period, parse_instant
from apps.common.quantity import add, canonical, divide, multiply, subtract
from apps.telemetry.domain.belief import Reading
from apps.telemetry.domain.days import ONE_DAY, day_start
from apps.telemetry.domain.positions import Position, WayRule, way_of
from apps.telemetry.domain.runs import Rest, RunRule, runs_of
from apps.telemetry.domain.series import EdgeRule, edges_of, held_values

QUARTER = timedelta(minutes=15)
_TICK = timedelta(microseconds=1)
_SECOND = Decimal(1_000_000)
Carry = Mapping[str, Any]
Inputs = Mapping[str, Sequence[Reading]]


@dataclass(frozen=True, slots=True)
class DerivedDay:
    """What the day comes to: its readings in order, and what the next day needs (JSON-ready)."""

    readings: Sequence[Reading]
    carry: Carry = field(default_factory=dict)


def derive_day(
    derivation: Derivation, day: date, inputs: Inputs, ratio: Ratio | None, carry: Carry
) -> DerivedDay:
    """The day's readings. `inputs`: per code the last believed reading at or before the day's start,
    if there is one, then those up to and at its end. `ratio`: of a function over time.
    """
    definition = derivation.definition
    if isinstance(definition, Formula):
        return DerivedDay(_values(definition, derivation, day, inputs))
    assert ratio is not None
    amounts, handed_on = _amounts(definition, derivation.hold, day, inputs, carry)
    found = _rounded(amounts, ratio, derivation.step)
    return DerivedDay(found or _nothing_used(day, inputs), handed_on)


def _nothing_used(day: date, inputs: Inputs) -> list[Reading]:
    """A day that is known and has no amount says so: zero, at its first reading's quarter hour."""
    period = Period(day_start(day), day_start(day) + ONE_DAY)
    known = [
        reading.measured_at for readings in inputs.values() for reading in readings
        if reading.measured_at in period
    ]  # fmt: skip
    return [Reading(_quarter(min(known), period), Decimal(0))] if known else []


def _values(formula: Formula, derivation: Derivation, day: date, inputs: Inputs) -> list[Reading]:
    """A value at every instant of an input within the day (midnight belongs to the day it ends)."""
    start, last, found = day_start(day), {}, []
    moments = sorted(
        (reading.measured_at, code, reading.value)
        for code in formula.inputs for reading in inputs.get(code, ())
    )  # fmt: skip
    for place, (instant, code, value) in enumerate(moments):
        last[code] = Reading(instant, value)
        ends_instant = place + 1 == len(moments) or moments[place + 1][0] != instant
        if not ends_instant or not start < instant <= start + ONE_DAY:
            continue
        held = {
            name: reading.value for name, reading in last.items()
            if instant - reading.measured_at < derivation.hold
        }  # fmt: skip
        result = work_out(formula, held, derivation.step).value
        if result is not None:
            found.append(Reading(instant, result))
    return found


def _amounts(
    function: SeriesFunction, hold: timedelta, day: date, inputs: Inputs, carry: Carry
) -> tuple[dict[datetime, Decimal], Carry]:
    """Unrounded amounts by quarter hour, in the function's own measure."""
    period = Period(day_start(day), day_start(day) + ONE_DAY)
    if function.name == "distance":
        return _way(function, period, inputs, carry)
    readings = inputs.get(function.inputs[0], ())
    if function.name == "edges":
        return _edges(function, period, readings, carry)
    if function.name == "runs":
        return _runs(function, period, readings, carry)
    if function.name == "entries":
        return _entries(function, period, readings), {}
    return _held_amounts(readings, period, hold, _weight(function)), {}


def _weight(function: SeriesFunction) -> Callable[[Decimal], Decimal]:
    """What a value counts for as long as it holds."""
    if function.name not in TIMES:
        return lambda value: max(value, Decimal(0))
    level = function.numbers.get("level", function.numbers.get("state"))
    assert level is not None
    holds: dict[str, Callable[[Decimal], bool]] = {
        "time_above": lambda value: value > level,
        "time_below": lambda value: value < level,
        "time_in": lambda value: value == level,
    }
    counts = holds[function.name]
    return lambda value: Decimal(int(counts(value)))


def _held_amounts(
    readings: Sequence[Reading],
    period: Period,
    hold: timedelta,
    weight: Callable[[Decimal], Decimal],
) -> dict[datetime, Decimal]:
    """Σ weight × seconds by quarter hour."""
    ticks: dict[datetime, Decimal] = {}
    for held in held_values(readings, period, hold):
        weighed = weight(held.value)
        if not weighed:
            continue
        start = held.start
        while start < held.end:
            quarter = _quarter(start, period)
            end = min(quarter + QUARTER, held.end)
            amount = multiply(weighed, Decimal((end - start) // _TICK))
            ticks[quarter] = add(ticks.get(quarter, Decimal(0)), amount)
            start = end
    return {quarter: divide(amount, _SECOND) for quarter, amount in ticks.items()}


def _quarter(instant: datetime, period: Period) -> datetime:
    return period.start + (instant - period.start) // QUARTER * QUARTER


def _counted(instants: Iterable[datetime], period: Period) -> dict[datetime, Decimal]:
    counts: dict[datetime, Decimal] = {}
    for instant in instants:
        quarter = _quarter(instant, period)
        counts[quarter] = counts.get(quarter, Decimal(0)) + 1
    return counts


def _edges(
    function: SeriesFunction, period: Period, readings: Sequence[Reading], carry: Carry
) -> tuple[dict[datetime, Decimal], Carry]:
    rule = EdgeRule(function.numbers["level"], function.numbers["hysteresis"])
    armed, found = bool(carry.get("armed", False)), []
    within = [reading for reading in readings if reading.measured_at in period]
    for reading, edge, after in edges_of(within, rule, armed):
        armed = after
        if edge:
            found.append(reading.measured_at)
    return _counted(found, period), {"armed": armed}


def _runs(
    function: SeriesFunction, period: Period, readings: Sequence[Reading], carry: Carry
) -> tuple[dict[datetime, Decimal], Carry]:
    rule = RunRule(function.numbers["level"], function.numbers["pause"])
    above = carry.get("above")
    rest, found = Rest(parse_instant(above) if above else None, bool(carry.get("low"))), []
    within = [reading for reading in readings if reading.measured_at in period]
    for reading, begins, after in runs_of(within, rule, rest):
        rest = after
        if begins:
            found.append(reading.measured_at)
    handed_on = {"above": rest.above.isoformat()} if rest.above else {}
    return _counted(found, period), {**handed_on, "low": rest.low}


def _entries(
    function: SeriesFunction, period: Period, readings: Sequence[Reading]
) -> dict[datetime, Decimal]:
    state = function.numbers["state"]
    entered = (
        reading.measured_at for before, reading in pairwise(readings)
        if reading.measured_at in period and reading.value == state and before.value != state
    )  # fmt: skip
    return _counted(entered, period)


def _way(
    function: SeriesFunction, period: Period, inputs: Inputs, carry: Carry
) -> tuple[dict[datetime, Decimal], Carry]:
    """Metres by quarter hour. A position is a latitude and a longitude of the same instant."""
    north, east = (
        {
            item.measured_at: item.value
            for item in inputs.get(code, ())
            if item.measured_at in period
        }
        for code in function.inputs
    )
    positions = [Position(at, north[at], east[at]) for at in sorted(north.keys() & east.keys())]
    rule = WayRule(function.numbers["least_step"], function.numbers["fastest"])
    way = way_of(positions, rule, _position(carry))
    metres: dict[datetime, Decimal] = {}
    for instant, step in way.steps:
        quarter = _quarter(instant, period)
        metres[quarter] = add(metres.get(quarter, Decimal(0)), step)
    return metres, _position_carry(way.carry)


def _position(carry: Carry) -> Position | None:
    if "at" not in carry:
        return None
    return Position(parse_instant(carry["at"]), Decimal(carry["north"]), Decimal(carry["east"]))


def _position_carry(position: Position | None) -> Carry:
    if position is None:
        return {}
    return {
        "at": position.measured_at.isoformat(), "north": canonical(position.latitude),
        "east": canonical(position.longitude),
    }  # fmt: skip


def _rounded(amounts: Mapping[datetime, Decimal], ratio: Ratio, step: Decimal) -> list[Reading]:
    """The day's total is rounded at each quarter and the difference taken, so no error adds up."""
    total = before = Decimal(0)
    found = []
    for quarter in sorted(amounts):
        total = add(total, amounts[quarter])
        so_far = rounded_to_step(divide(multiply(total, ratio.times), ratio.parts), step)
        if so_far != before:
            found.append(Reading(quarter, subtract(so_far, before)))
        before = so_far
    return found
