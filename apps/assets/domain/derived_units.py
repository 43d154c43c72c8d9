"""Whether a derived channel's kind and unit fit what it is made of, and how amounts become its unit."""

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from apps.assets.domain.derived import (
    COUNTS,
    MOST_INPUTS,
    TIMES,
    BadDefinition,
    Definition,
    SeriesFunction,
)
from apps.common.units import unit

LEVELS = ("counter", "gauge", "state")
_HOUR = Decimal(3600)
# What a rate becomes over time: a unit of it, seconds the rate counts by, its base in that of it.
_INTEGRALS: dict[str, tuple[str, Decimal, Decimal]] = {
    "power": ("kW.h", Decimal(1), Decimal(1)),
    "reactive power": ("kV.A{reactive}.h", _HOUR, Decimal(1)),
    "current": ("A.h", _HOUR, Decimal(1)),
    "speed": ("km", _HOUR, Decimal(1)),
    "flow": ("L", _HOUR, Decimal("0.001")),
}


class Measured(NamedTuple):
    """Kind and unit of a channel."""

    kind: str
    unit: str


class Ratio(NamedTuple):
    """An amount of the function (value · seconds, metres, a count) × times ÷ parts = the unit's."""

    times: Decimal
    parts: Decimal


def judge_definition(definition: Definition, own: Measured, others: Mapping[str, Measured]) -> None:
    """Raises BadDefinition: unknown_code, too_many_inputs, wrong_input, wrong_kind, wrong_unit."""
    if len(definition.inputs) > MOST_INPUTS:
        raise BadDefinition("too_many_inputs", 0, {"most": str(MOST_INPUTS)})
    for name in definition.inputs:
        if name not in others:
            raise BadDefinition("unknown_code", 0, {"name": name})
        if others[name].kind not in LEVELS:
            raise BadDefinition("wrong_input", 0, {"name": name})
    if not isinstance(definition, SeriesFunction):
        if own.kind not in LEVELS:
            raise BadDefinition("wrong_kind_formula")
        return
    if own.kind != "delta":
        raise BadDefinition("wrong_kind_function", 0, {"name": definition.name})
    ratio_of(definition, own, others)


def ratio_of(function: SeriesFunction, own: Measured, others: Mapping[str, Measured]) -> Ratio:
    """How amounts of the function become the channel's unit. Raises BadDefinition wrong_unit."""
    target = unit(own.unit)
    if function.name in TIMES:
        _must(target.dimension == "time", own, "h")
        return Ratio(Decimal(1), target.factor)
    if function.name in COUNTS:
        _must(own.unit == "1" or own.unit.startswith("{"), own, "{start}")
        return Ratio(Decimal(1), Decimal(1))
    if function.name == "distance":
        for name in function.inputs:
            _must(others[name].unit == "deg", others[name], "deg", name)
        _must(target.dimension == "length", own, "km")
        return Ratio(Decimal(1), target.factor)
    return _integral(function.inputs[0], own, others)


def _integral(name: str, own: Measured, others: Mapping[str, Measured]) -> Ratio:
    source, target = unit(others[name].unit), unit(own.unit)
    _must(source.dimension in _INTEGRALS, others[name], "kW", name)
    wanted, seconds, factor = _INTEGRALS[source.dimension]
    _must(target.dimension == unit(wanted).dimension, own, wanted)
    return Ratio(source.factor * factor, seconds * target.factor)


def _must(fits: bool, measured: Measured, wanted: str, name: str = "") -> None:
    if not fits:
        raise BadDefinition(
            "wrong_unit", 0, {"name": name, "unit": measured.unit, "wanted": wanted}
        )
