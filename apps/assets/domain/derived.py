"""How a channel is derived from others of the same asset: its text understood, and judged.

A definition is a formula over one instant (`voltage * current / 1000`, by `apps.common.formula`) or
one function over time:

    time_above(CHANNEL, level)   time_below(CHANNEL, level)   time_in(CHANNEL, state)
    edges(CHANNEL, level, hysteresis=0)   entries(CHANNEL, state)   integral(CHANNEL)
    runs(CHANNEL, level, pause)   (pause: seconds that end no run)
    distance(LATITUDE, LONGITUDE, fastest=70, least_step=25)
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

from apps.common.formula import Formula, parse_formula
from apps.common.formula_grammar import BadFormula
from apps.common.quantity import BadValue, canonical, parse_decimal

MOST_INPUTS = 8
MOST_DEPTH = 4
LONGEST_TEXT = 1000
LONGEST_HOLD = timedelta(days=1)
USUAL_HOLD_SECONDS = 900
USUAL_STEP = Decimal("0.0001")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_CODE = re.compile(r"[a-z][a-z0-9_]{0,39}")
_CALL = re.compile(r"\s*(?P<name>[a-z_]+)\s*\((?P<inside>[^()]*)\)\s*")
_NAMED = re.compile(r"(?P<name>[a-z_]+)\s*=\s*(?P<value>.*)")


@dataclass(frozen=True, slots=True)
class Signature:
    """How many channels a function takes, its numbers in order, and those it may be given."""

    inputs: int
    numbers: tuple[str, ...] = ()
    optional: Mapping[str, Decimal] = field(default_factory=dict)


FUNCTIONS: dict[str, Signature] = {
    "time_above": Signature(1, ("level",)),
    "time_below": Signature(1, ("level",)),
    "time_in": Signature(1, ("state",)),
    "edges": Signature(1, ("level",), {"hysteresis": Decimal(0)}),
    "entries": Signature(1, ("state",)),
    "runs": Signature(1, ("level", "pause")),
    "integral": Signature(1),
    "distance": Signature(2, (), {"fastest": Decimal(70), "least_step": Decimal(25)}),
}
TIMES = frozenset({"time_above", "time_below", "time_in"})
COUNTS = frozenset({"edges", "entries", "runs"})


class BadDefinition(ValueError):
    """A definition that cannot hold: of which channel, why, and at which character (0: none)."""

    def __init__(
        self,
        reason: str,
        position: int = 0,
        params: Mapping[str, str] | None = None,
        code: str = "",
    ) -> None:
        self.reason, self.position, self.code = reason, position, code
        self.params = dict(params or {})
        super().__init__(f"{code} {reason} at {position}")


@dataclass(frozen=True, slots=True)
class SeriesFunction:
    """A named function over time, its channels and its numbers by name."""

    name: str
    inputs: tuple[str, ...]
    numbers: Mapping[str, Decimal] = field(hash=False)


Definition = SeriesFunction | Formula


@dataclass(frozen=True, slots=True)
class Derivation:
    """One version of a definition. It holds from the UTC day `since`; None: from the beginning.

    `step`: results are multiples of it. `hold`: how long an input's value holds at most.
    """

    text: str
    step: Decimal = USUAL_STEP
    hold: timedelta = timedelta(seconds=USUAL_HOLD_SECONDS)
    since: date | None = None

    @property
    def definition(self) -> Definition:
        return parse_definition(self.text)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready; the step as text, the hold in seconds."""
        return {
            "text": self.text, "step": canonical(self.step),
            "hold": int(self.hold.total_seconds()),
            "since": None if self.since is None else self.since.isoformat(),
        }  # fmt: skip

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> "Derivation":
        since = row["since"]
        return cls(
            row["text"], Decimal(row["step"]), timedelta(seconds=row["hold"]),
            None if since is None else date.fromisoformat(since),
        )  # fmt: skip


def derivation_of(
    text: str, step: Decimal | None, hold_seconds: int | None, since: date | None
) -> Derivation:
    """A version as a person wrote it: without step or hold the usual ones."""
    return Derivation(
        text, USUAL_STEP if step is None else step,
        timedelta(seconds=USUAL_HOLD_SECONDS if hold_seconds is None else hold_seconds), since,
    )  # fmt: skip


def in_force(versions: Sequence[Derivation], day: date) -> Derivation | None:
    """The version that holds on a UTC day; `versions`: the oldest first."""
    held = [item for item in versions if item.since is None or item.since <= day]
    return held[-1] if held else None


@lru_cache(maxsize=1024)
def parse_definition(text: str) -> Definition:
    """Understand a definition. Raises BadDefinition with reason and position."""
    call = _CALL.fullmatch(text)
    if len(text) <= LONGEST_TEXT and call is not None and call["name"] in FUNCTIONS:
        return _function(call)
    try:
        return parse_formula(text)
    except BadFormula as bad:
        raise BadDefinition(f"formula:{bad.reason}", bad.position, bad.params) from None


def _function(call: "re.Match[str]") -> SeriesFunction:
    name, signature = call["name"], FUNCTIONS[call["name"]]
    inputs: list[str] = []
    numbers = dict(signature.optional)
    given: list[str] = []
    for position, argument in _arguments(call):
        if len(inputs) < signature.inputs:
            inputs.append(_code(argument, position))
            continue
        key, text = _key_of(argument, position, signature, len(given))
        if key in given:
            raise BadDefinition("given_twice", position, {"name": key})
        given.append(key)
        numbers[key] = _number(text, position)
    missing = [key for key in signature.numbers if key not in numbers]
    if len(inputs) < signature.inputs or missing:
        raise BadDefinition("too_few_values", call.end("inside") + 1, {"name": name})
    _judge_numbers(name, numbers, call.start("name") + 1)
    return SeriesFunction(name, tuple(inputs), numbers)


def _arguments(call: "re.Match[str]") -> list[tuple[int, str]]:
    """(position of its first character, text) of each argument."""
    found, place = [], call.start("inside")
    for part in call["inside"].split(","):
        found.append((place + len(part) - len(part.lstrip()) + 1, part.strip()))
        place += len(part) + 1
    return found


def _code(text: str, position: int) -> str:
    if not _CODE.fullmatch(text):
        raise BadDefinition("no_code", position, {"text": text[:40]})
    return text


def _key_of(text: str, position: int, signature: Signature, place: int) -> tuple[str, str]:
    named = _NAMED.fullmatch(text)
    if named is not None:
        if named["name"] not in (*signature.numbers, *signature.optional):
            raise BadDefinition("unknown_value", position, {"name": named["name"][:40]})
        return named["name"], named["value"].strip()
    if place >= len(signature.numbers):
        raise BadDefinition("too_many_values", position)
    return signature.numbers[place], text


def _number(text: str, position: int) -> Decimal:
    try:
        if not _NUMBER.fullmatch(text):
            raise BadValue("not_a_number")
        return parse_decimal(text)
    except BadValue:
        raise BadDefinition("no_number", position, {"text": text[:40]}) from None


def _judge_numbers(name: str, numbers: Mapping[str, Decimal], position: int) -> None:
    low = [key for key in ("hysteresis", "least_step", "pause") if numbers.get(key, Decimal(0)) < 0]
    if numbers.get("fastest", Decimal(1)) <= 0:
        low.append("fastest")
    if low:
        raise BadDefinition("number_too_low", position, {"name": low[0], "function": name})


def depths_of(inputs: Mapping[str, Collection[str]]) -> dict[str, int]:
    """How deep each channel is derived: 0 for one that is sent, else 1 + its deepest input.

    Raises BadDefinition: circular, too_deep.
    """
    depths: dict[str, int] = {}
    for code in inputs:
        _deepen(code, inputs, depths, ())
    return depths


def _deepen(
    code: str, inputs: Mapping[str, Collection[str]], depths: dict[str, int], way: tuple[str, ...]
) -> int:
    if code in depths:
        return depths[code]
    if code in way:
        circle = " → ".join((*way[way.index(code) :], code))
        raise BadDefinition("circular", 0, {"circle": circle}, code)
    found = [_deepen(name, inputs, depths, (*way, code)) for name in sorted(inputs.get(code, ()))]
    depth = 1 + max(found) if found else 0
    if depth > MOST_DEPTH:
        raise BadDefinition("too_deep", 0, {"most": str(MOST_DEPTH)}, code)
    depths[code] = depth
    return depth
