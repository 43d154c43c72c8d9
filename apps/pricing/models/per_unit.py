"""One price for every unit. Zero usage makes a line of quantity 0 and amount 0."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

from apps.common.quantity import canonical, multiply
from apps.pricing.included import billed_measures, read_included, write_included
from apps.pricing.registry import POOLINGS, Charge, PricingContext, charge_model
from apps.pricing.source import Source
from apps.pricing.values import Measure, PricedLine, step


@charge_model("per_unit")
@dataclass(frozen=True, slots=True)
class PerUnit(Charge):
    indexable: ClassVar[bool] = True
    unit: str
    unit_price: Decimal
    pooling: str
    included: Decimal

    @classmethod
    def read(cls, source: Source, head: dict[str, Any]) -> "PerUnit":
        return cls(
            **head,
            unit=source.unit("unit"),
            unit_price=source.price("unit_price"),
            pooling=source.choice("pooling", POOLINGS, "each"),
            included=read_included(source),
        )

    def write(self) -> dict[str, object]:
        price = canonical(self.unit_price)
        written: dict[str, object] = {"unit": self.unit, "unit_price": price}
        return written | {"pooling": self.pooling} | write_included(self.included)

    def price(self, context: PricingContext) -> list[PricedLine]:
        return [
            self._line(measure, context)
            for measure in billed_measures(
                context, self.code, self.unit, self.pooling, self.included
            )
        ]

    def _line(self, measure: Measure, context: PricingContext) -> PricedLine:
        unit_price, how = self.indexed(self.unit_price, context)
        times = step(
            "times", quantity=measure.quantity, unit=self.unit, unit_price=unit_price,
            amount=multiply(measure.quantity, unit_price), currency=context.currency,
        )  # fmt: skip
        return self.line(
            context, (*measure.steps, *how, times), quantity=measure.quantity, unit=self.unit,
            unit_price=unit_price, measure=measure,
        )  # fmt: skip
