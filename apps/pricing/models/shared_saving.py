"""A share of what was saved against a baseline: (baseline − measured) × price × share.

Never below zero unless the plan says so; then more usage than the baseline is a line of
negative quantity. Zero measured saves the whole baseline; nothing measured is refused, because
then the saving is not known. A part of the period has its share of the baseline by days.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

from apps.common.quantity import bounded, canonical, multiply, subtract
from apps.pricing.included import quantity_for_days
from apps.pricing.registry import POOLINGS, Charge, PricingContext, charge_model
from apps.pricing.source import Source
from apps.pricing.values import Measure, PricedLine, PricingError, Step, measures, step

FLOORS = ("zero", "none")


@charge_model("shared_saving")
@dataclass(frozen=True, slots=True)
class SharedSaving(Charge):
    """`unit_price`: what a saved unit is worth; `share`: the provider's part in percent."""

    indexable: ClassVar[bool] = True
    unit: str
    baseline: Decimal
    unit_price: Decimal
    share: Decimal
    floor: str
    pooling: str

    @classmethod
    def read(cls, source: Source, head: dict[str, Any]) -> "SharedSaving":
        return cls(
            **head,
            unit=source.unit("unit"),
            baseline=source.price("baseline"),
            unit_price=source.price("unit_price"),
            share=source.percent("share"),
            floor=source.choice("floor", FLOORS, "zero"),
            pooling=source.choice("pooling", POOLINGS, "each"),
        )

    def write(self) -> dict[str, object]:
        return {
            "unit": self.unit, "baseline": canonical(self.baseline),
            "unit_price": canonical(self.unit_price), "share": canonical(self.share),
            "floor": self.floor, "pooling": self.pooling,
        }  # fmt: skip

    def price(self, context: PricingContext) -> list[PricedLine]:
        if not context.usage:
            raise PricingError("nothing_measured", charge=self.code)
        baseline, prorated = quantity_for_days(
            self.baseline, context.service, self.unit, "baseline_days"
        )
        return [
            self._line(measure, baseline, prorated, context)
            for measure in measures(context.usage, self.unit, self.pooling)
        ]

    def _line(
        self, measure: Measure, baseline: Decimal, prorated: list[Step], context: PricingContext
    ) -> PricedLine:
        saved = subtract(baseline, measure.quantity)
        steps = [
            *measure.steps,
            *prorated,
            step("saved", baseline=baseline, used=measure.quantity, quantity=saved,
                 unit=self.unit),
        ]  # fmt: skip
        if saved < 0 and self.floor == "zero":
            saved = Decimal(0)
            steps.append(step("no_saving"))
        worth, how = self.indexed(self.unit_price, context)
        unit_price = bounded(multiply(worth, self.share, Decimal("0.01")))
        steps += [
            *how,
            step("share", price=worth, percent=self.share, unit_price=unit_price,
                 currency=context.currency),
            step("times", quantity=saved, unit=self.unit, unit_price=unit_price,
                 amount=multiply(saved, unit_price), currency=context.currency),
        ]  # fmt: skip
        return self.line(
            context, steps, quantity=saved, unit=self.unit, unit_price=unit_price, measure=measure
        )
