"""Formulas over exact decimals: `parse_formula` once, `work_out` for each set of inputs.

>>> formula = parse_formula("if(current > 12.5, 1, 0)", {"current", "speed"})
>>> work_out(formula, {"current": Decimal("13")}).value
Decimal('1')
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from apps.common.formula_grammar import BadFormula, parse_parts
from apps.common.formula_nodes import Node, NoValue, Workings, rounded_to_step
from apps.common.quantity import BadValue, bounded

FINEST_STEP = Decimal("0.000000000001")


@dataclass(frozen=True, slots=True)
class Formula:
    """A text that was understood, and the names of its inputs in order of their first use."""

    text: str
    inputs: tuple[str, ...]
    parts: Node = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class WorkedOut:
    """A formula's value, or why there is none and at which character; `steps` is its cost."""

    value: Decimal | None
    reason: str = ""
    position: int = 0
    params: Mapping[str, str] = field(default_factory=dict)
    steps: int = 0


def parse_formula(text: str, known: Collection[str] | None = None) -> Formula:
    """Understand a formula; `known`: the inputs there are (any name without it).

    Raises BadFormula with reason and position.
    """
    parts, inputs = parse_parts(text)
    for name, position in inputs.items():
        if known is not None and name not in known:
            raise BadFormula("unknown_name", position, {"name": name})
    return Formula(text, tuple(inputs), parts)


def work_out(
    formula: Formula, inputs: Mapping[str, Decimal | None], step: Decimal = FINEST_STEP
) -> WorkedOut:
    """The value for these inputs, rounded half up to a multiple of `step`; a truth is 1 or 0.

    A missing input, a division by zero, a value out of bounds: no value, with the reason.
    """
    if not FINEST_STEP <= step < 10**18:
        raise ValueError("a step lies between 10^-12 and 10^18")
    workings = Workings(inputs)
    try:
        exact = formula.parts.value(workings)
        value = bounded(rounded_to_step(exact, step))
    except NoValue as none:
        return WorkedOut(None, none.reason, none.position, none.params, workings.steps)
    except BadValue:
        return WorkedOut(None, "too_large", 1, {"power": "18"}, workings.steps)
    return WorkedOut(value, steps=workings.steps)
