"""What a formula is made of, and how each part is worked out: bounded, exact, the same everywhere.

Every step is exact and then rounded half up to 60 digits after the point; a result of 10^36 and
more is no value. A truth is worked out as 1 or 0. Costs are counted in steps, not in time.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal, InvalidOperation

MOST_STEPS = 1000
KEPT_FRACTION = 60
LARGEST_POWER = 36
_PLACE = Decimal(1).scaleb(-KEPT_FRACTION)
_LIMIT = Decimal(1).scaleb(LARGEST_POWER)
_WIDE = Context(prec=220, rounding=ROUND_HALF_UP, traps=[InvalidOperation])
YES, NO = Decimal(1), Decimal(0)


class NoValue(Exception):
    """A formula has no value for these inputs: why, and at which character (from 1)."""

    def __init__(self, reason: str, position: int, params: Mapping[str, str] | None = None) -> None:
        self.reason, self.position, self.params = reason, position, dict(params or {})
        super().__init__(f"{reason} at {position}")


class Workings:
    """The inputs of one evaluation, and the steps it has taken."""

    def __init__(self, inputs: Mapping[str, Decimal | None]) -> None:
        self.inputs = inputs
        self.steps = 0

    def step(self, position: int) -> None:
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise NoValue("too_many_steps", position, {"steps": str(MOST_STEPS)})


def _kept(value: Decimal, position: int) -> Decimal:
    if value.adjusted() >= LARGEST_POWER:
        raise NoValue("too_large", position, {"power": str(LARGEST_POWER)})
    if int(value.as_tuple().exponent) < -KEPT_FRACTION:
        value = value.quantize(_PLACE, context=_WIDE)
    return value if value else NO


def rounded_to_step(value: Decimal, step: Decimal) -> Decimal:
    """The nearest multiple of a positive step; a half goes away from zero (commercial rounding)."""
    count = _WIDE.divide(value, step).quantize(YES, context=_WIDE)
    return _WIDE.multiply(count, step)


@dataclass(frozen=True, slots=True)
class Node(ABC):
    """A part of a formula; `position` is that of its first character or sign, from 1."""

    position: int

    @property
    def is_truth(self) -> bool:
        return False

    @abstractmethod
    def value(self, workings: Workings) -> Decimal:
        """What the part comes to. Raises NoValue where it has none."""


@dataclass(frozen=True, slots=True)
class Number(Node):
    number: Decimal

    def value(self, workings: Workings) -> Decimal:
        workings.step(self.position)
        return self.number


@dataclass(frozen=True, slots=True)
class Input(Node):
    name: str

    def value(self, workings: Workings) -> Decimal:
        workings.step(self.position)
        found = workings.inputs.get(self.name)
        if found is None:
            raise NoValue("missing_input", self.position, {"name": self.name})
        return found


@dataclass(frozen=True, slots=True)
class Negation(Node):
    of: Node

    def value(self, workings: Workings) -> Decimal:
        workings.step(self.position)
        found = self.of.value(workings)
        return found.copy_negate() if found else NO


@dataclass(frozen=True, slots=True)
class Arithmetic(Node):
    sign: str
    left: Node
    right: Node

    def value(self, workings: Workings) -> Decimal:
        workings.step(self.position)
        left, right = self.left.value(workings), self.right.value(workings)
        if self.sign == "/":
            if not right:
                raise NoValue("division_by_zero", self.position)
            return _kept(_WIDE.divide(left, right), self.position)
        work = {"+": _WIDE.add, "-": _WIDE.subtract, "*": _WIDE.multiply}[self.sign]
        return _kept(work(left, right), self.position)


@dataclass(frozen=True, slots=True)
class Power(Node):
    """A whole exponent of 0 to 9, by multiplication; x ** 0 is 1, 0 ** 0 too."""

    base: Node
    exponent: int

    def value(self, workings: Workings) -> Decimal:
        base, result = self.base.value(workings), YES
        for _ in range(self.exponent):
            workings.step(self.position)
            result = _kept(_WIDE.multiply(result, base), self.position)
        return result


@dataclass(frozen=True, slots=True)
class Truth(Node):
    """A part that is true (1) or false (0)."""

    @property
    def is_truth(self) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class Comparison(Truth):
    sign: str
    left: Node
    right: Node

    def value(self, workings: Workings) -> Decimal:
        workings.step(self.position)
        left, right = self.left.value(workings), self.right.value(workings)
        holds = {
            "<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right,
            "==": left == right, "!=": left != right,
        }[self.sign]  # fmt: skip
        return YES if holds else NO


@dataclass(frozen=True, slots=True)
class Not(Truth):
    of: Node

    def value(self, workings: Workings) -> Decimal:
        workings.step(self.position)
        return NO if self.of.value(workings) else YES


@dataclass(frozen=True, slots=True)
class Junction(Truth):
    """`and`, `or`: the right side is looked at only where the left one does not decide."""

    word: str
    left: Node
    right: Node

    def value(self, workings: Workings) -> Decimal:
        workings.step(self.position)
        left = self.left.value(workings)
        decided = not left if self.word == "and" else bool(left)
        return left if decided else self.right.value(workings)


@dataclass(frozen=True, slots=True)
class Choice(Node):
    """Only the side that is chosen is worked out."""

    condition: Node
    then: Node
    otherwise: Node

    def value(self, workings: Workings) -> Decimal:
        workings.step(self.position)
        side = self.then if self.condition.value(workings) else self.otherwise
        return side.value(workings)


@dataclass(frozen=True, slots=True)
class Fallback(Node):
    """The second where the first has no value, whatever the reason but its cost."""

    first: Node
    second: Node

    def value(self, workings: Workings) -> Decimal:
        workings.step(self.position)
        try:
            return self.first.value(workings)
        except NoValue as none:
            if none.reason == "too_many_steps":
                raise
            return self.second.value(workings)


@dataclass(frozen=True, slots=True)
class Rounding(Node):
    """round (half away from zero), floor, ceil, to `digits` after the point."""

    name: str
    of: Node
    digits: int = 0

    def value(self, workings: Workings) -> Decimal:
        workings.step(self.position)
        way = {"floor": ROUND_FLOOR, "ceil": ROUND_CEILING}.get(self.name, ROUND_HALF_UP)
        found = self.of.value(workings)
        place = Decimal(1).scaleb(-self.digits)
        return _kept(found.quantize(place, rounding=way, context=_WIDE), self.position)


@dataclass(frozen=True, slots=True)
class Pick(Node):
    """min, max of its arguments; abs of one."""

    name: str
    arguments: Sequence[Node]

    def value(self, workings: Workings) -> Decimal:
        workings.step(self.position)
        found = [argument.value(workings) for argument in self.arguments]
        if self.name == "abs":
            return found[0].copy_abs()
        return min(found) if self.name == "min" else max(found)
