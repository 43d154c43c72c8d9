"""A price for every begun package of a size. Zero usage begins none: a line of quantity 0."""

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Any, ClassVar

from apps.common.quantity import add, canonical, divide, multiply, plain
from apps.pricing.included import billed_measures, read_included, write_included
from apps.pricing.registry import POOLINGS, Charge, PricingContext, charge_model
from apps.pricing.source import Source
from apps.pricing.values import Measure, PricedLine, step


@charge_model("package")
@dataclass(frozen=True, slots=True)
class Package(Charge):
    """The line counts packages, so that quantity × price is its amount."""

    indexable: ClassVar[bool] = True
    unit: str
    size: Decimal
    unit_price: Decimal
    pooling: str
    included: Decimal

    @classmethod
    def read(cls, source: Source, head: dict[str, Any]) -> "Package":
        return cls(
            **head,
            unit=source.unit("unit"),
            size=source.positive("size"),
            unit_price=source.price("unit_price"),
            pooling=source.choice("pooling", POOLINGS, "each"),
            included=read_included(source),
        )

    def write(self) -> dict[str, object]:
        written: dict[str, object] = {
            "unit": self.unit, "size": canonical(self.size),
            "unit_price": canonical(self.unit_price), "pooling": self.pooling,
        }  # fmt: skip
        return written | write_included(self.included)

    def price(self, context: PricingContext) -> list[PricedLine]:
        return [
            self._line(measure, context)
            for measure in billed_measures(
                context, self.code, self.unit, self.pooling, self.included
            )
        ]

    def _line(self, measure: Measure, context: PricingContext) -> PricedLine:
        count = begun(measure.quantity, self.size)
        unit_price, how = self.indexed(self.unit_price, context)
        steps = (
            *measure.steps,
            step("packages", quantity=measure.quantity, unit=self.unit, size=self.size,
                 count=count),
            *how,
            step("times", quantity=count, unit="1", unit_price=unit_price,
                 amount=multiply(count, unit_price), currency=context.currency),
        )  # fmt: skip
        return self.line(
            context, steps, quantity=count, unit="1", unit_price=unit_price, measure=measure
        )


def begun(quantity: Decimal, size: Decimal) -> Decimal:
    """How many packages hold the quantity; an exactly full one begins no other."""
    whole = divide(quantity, size).to_integral_value(rounding=ROUND_CEILING)
    # 60 digits may round a hair above a full package down to it.
    return plain(add(whole, Decimal(1)) if multiply(whole, size) < quantity else whole)
