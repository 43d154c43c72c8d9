"""A fixed amount by the step that the quantity reaches; the quantity itself costs nothing.

An edge belongs to the step below it. Zero usage reaches no step: a line of quantity 0. What is
due without any usage is a flat fee beside it.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

from apps.common.quantity import canonical
from apps.pricing.included import billed_measures, read_included, write_included
from apps.pricing.registry import POOLINGS, Charge, PricingContext, charge_model
from apps.pricing.source import Source
from apps.pricing.tiers import MOST_TIERS, place_of, read_edge
from apps.pricing.values import Measure, PricedLine, step


@dataclass(frozen=True, slots=True)
class Stair:
    """Up to and including `up_to` (None: without end) the period costs `amount`."""

    up_to: Decimal | None
    amount: Decimal

    def write(self) -> dict[str, object]:
        edge = None if self.up_to is None else canonical(self.up_to)
        return {"up_to": edge, "amount": canonical(self.amount)}


@charge_model("stairstep")
@dataclass(frozen=True, slots=True)
class Stairstep(Charge):
    indexable: ClassVar[bool] = True
    unit: str
    stairs: tuple[Stair, ...]
    pooling: str
    included: Decimal

    @classmethod
    def read(cls, source: Source, head: dict[str, Any]) -> "Stairstep":
        return cls(
            **head,
            unit=source.unit("unit"),
            stairs=_read_stairs(source),
            pooling=source.choice("pooling", POOLINGS, "each"),
            included=read_included(source),
        )

    def write(self) -> dict[str, object]:
        stairs = [stair.write() for stair in self.stairs]
        written: dict[str, object] = {"unit": self.unit, "tiers": stairs, "pooling": self.pooling}
        return written | write_included(self.included)

    def price(self, context: PricingContext) -> list[PricedLine]:
        return [
            self._line(measure, context)
            for measure in billed_measures(
                context, self.code, self.unit, self.pooling, self.included
            )
        ]

    def _line(self, measure: Measure, context: PricingContext) -> PricedLine:
        place, lower = place_of([stair.up_to for stair in self.stairs], measure.quantity)
        stair = self.stairs[place]
        edge = "" if stair.up_to is None else canonical(stair.up_to)
        amount, how = self.indexed(stair.amount, context)
        reached = Decimal(1 if measure.quantity else 0)
        shown = (
            step("stair", tier=place + 1, above=lower, up_to=edge, quantity=measure.quantity,
                 unit=self.unit, flat=amount, currency=context.currency)
            if reached else step("no_stair")
        )  # fmt: skip
        return self.line(
            context, (*measure.steps, *how, shown), quantity=reached, unit="1",
            unit_price=amount, measure=measure,
        )  # fmt: skip


def _read_stairs(source: Source) -> tuple[Stair, ...]:
    stairs: list[Stair] = []
    sources = source.items("tiers", MOST_TIERS)
    for item in sources:
        edge = read_edge(item, stairs[-1].up_to if stairs else Decimal(0), item is sources[-1])
        stairs.append(Stair(edge, item.price("amount")))
        item.finish()
    return tuple(stairs)
