"""The whole quantity costs the price of the tier it lies in.

An edge belongs to the tier below it: with an edge at 10, a quantity of 10 costs the first
price, 10.5 costs the second for all of it, so a price may fall where the quantity rises. A
tier's flat amount is due once, when the quantity lies in that tier. Zero usage makes a line of
amount 0 in the first tier, without its flat amount. The line has no tier in its key: when a
correction crosses an edge it stays the same line.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

from apps.common.quantity import multiply
from apps.pricing.included import billed_measures, read_included, write_included
from apps.pricing.registry import POOLINGS, Charge, PricingContext, charge_model
from apps.pricing.source import Source
from apps.pricing.tiers import Tier, place_of, read_tiers
from apps.pricing.values import Measure, PricedLine, step


@charge_model("volume")
@dataclass(frozen=True, slots=True)
class Volume(Charge):
    indexable: ClassVar[bool] = True
    unit: str
    tiers: tuple[Tier, ...]
    pooling: str
    included: Decimal

    @classmethod
    def read(cls, source: Source, head: dict[str, Any]) -> "Volume":
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
            self._line(measure, context)
            for measure in billed_measures(
                context, self.code, self.unit, self.pooling, self.included
            )
        ]

    def _line(self, measure: Measure, context: PricingContext) -> PricedLine:
        place, lower = place_of([tier.up_to for tier in self.tiers], measure.quantity)
        tier, currency = self.tiers[place], context.currency
        unit_price, how = self.indexed(tier.unit_price, context)
        flat = Decimal(0)
        steps = [
            *measure.steps,
            step("whole_tier", tier=place + 1, above=lower, up_to=tier.edge,
                 quantity=measure.quantity, unit=self.unit),
            *how,
            step("times", quantity=measure.quantity, unit=self.unit, unit_price=unit_price,
                 amount=multiply(measure.quantity, unit_price), currency=currency),
        ]  # fmt: skip
        if tier.flat and measure.quantity:
            flat, how_flat = self.indexed(tier.flat, context)
            steps += [*how_flat[-1:], step("tier_flat", flat=flat, tier=place + 1,
                                           currency=currency)]  # fmt: skip
        return self.line(
            context, steps, quantity=measure.quantity, unit=self.unit, unit_price=unit_price,
            flat=flat, measure=measure,
        )  # fmt: skip
