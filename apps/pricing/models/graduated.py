"""Each part of the quantity costs the price of the tier it falls into.

Tiers touch: with an edge at 10, a quantity of 10.5 prices 10 in the first tier and 0.5 in the
second; exactly 10 stays in the first. A tier's flat amount is due once the quantity is above
the tier's lower edge; zero usage reaches no tier and makes one line of amount 0.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

from apps.common.quantity import multiply, subtract
from apps.pricing.included import billed_measures, read_included, write_included
from apps.pricing.registry import POOLINGS, Charge, PricingContext, charge_model
from apps.pricing.source import Source
from apps.pricing.tiers import Tier, read_tiers
from apps.pricing.values import Measure, PricedLine, step


@charge_model("graduated")
@dataclass(frozen=True, slots=True)
class Graduated(Charge):
    indexable: ClassVar[bool] = True
    unit: str
    tiers: tuple[Tier, ...]
    pooling: str
    included: Decimal

    @classmethod
    def read(cls, source: Source, head: dict[str, Any]) -> "Graduated":
        return cls(
            **head,
            unit=source.unit("unit"),
            tiers=read_tiers(source),
            pooling=source.choice("pooling", POOLINGS, "each"),
            included=read_included(source),
        )

    def write(self) -> dict[str, object]:
        tiers = [tier.write() for tier in self.tiers]
        written: dict[str, object] = {"unit": self.unit, "tiers": tiers, "pooling": self.pooling}
        return written | write_included(self.included)

    def price(self, context: PricingContext) -> list[PricedLine]:
        return [
            line
            for measure in billed_measures(
                context, self.code, self.unit, self.pooling, self.included
            )
            for line in self._lines(measure, context)
        ]

    def _lines(self, measure: Measure, context: PricingContext) -> list[PricedLine]:
        lines: list[PricedLine] = []
        lower = Decimal(0)
        for number, tier in enumerate(self.tiers, start=1):
            if lines and measure.quantity <= lower:
                break
            upper = measure.quantity if tier.up_to is None else min(measure.quantity, tier.up_to)
            lines.append(self._line(measure, number, lower, subtract(upper, lower), context))
            lower = upper if tier.up_to is None else tier.up_to
        return lines

    def _line(
        self,
        measure: Measure,
        number: int,
        lower: Decimal,
        quantity: Decimal,
        context: PricingContext,
    ) -> PricedLine:
        tier, currency = self.tiers[number - 1], context.currency
        unit_price, how = self.indexed(tier.unit_price, context)
        flat = Decimal(0)
        steps = [
            *(measure.steps if number == 1 else ()),
            step("tier", tier=number, above=lower, up_to=tier.edge, quantity=quantity,
                 unit=self.unit),
            *how,
            step("times", quantity=quantity, unit=self.unit, unit_price=unit_price,
                 amount=multiply(quantity, unit_price), currency=currency),
        ]  # fmt: skip
        if tier.flat and quantity:
            flat, how_flat = self.indexed(tier.flat, context)
            steps += [*how_flat[-1:], step("tier_flat", flat=flat, tier=number, currency=currency)]
        return self.line(
            context, steps, quantity=quantity, unit=self.unit, unit_price=unit_price, flat=flat,
            tier=number, measure=measure,
        )  # fmt: skip
