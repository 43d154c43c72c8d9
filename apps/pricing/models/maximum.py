"""At most this much per period over named charges: what is above is a line that takes it off.

A part of the period is capped at its share of the days, unless the plan says `none`. Zero
usage, and a maximum that is not reached, make no line.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

from apps.common.quantity import canonical, subtract
from apps.pricing.named import PRORATIONS, for_days, named_lines, net_of, read_named
from apps.pricing.registry import Charge, PricingContext, charge_model
from apps.pricing.source import Source
from apps.pricing.values import PricedLine, step


@charge_model("maximum")
@dataclass(frozen=True, slots=True)
class Maximum(Charge):
    """The line has quantity −1 and the excess as its price."""

    indexable: ClassVar[bool] = True
    amount: Decimal
    of: tuple[str, ...]
    proration: str

    @classmethod
    def read(cls, source: Source, head: dict[str, Any]) -> "Maximum":
        return cls(
            **head,
            amount=source.price("amount"),
            of=read_named(source),
            proration=source.choice("proration", PRORATIONS, "days"),
        )

    def write(self) -> dict[str, object]:
        return {
            "amount": canonical(self.amount),
            "of": list(self.of),
            "proration": self.proration,
        }

    def price(self, context: PricingContext) -> list[PricedLine]:
        currency = context.currency
        whole, how = self.indexed(self.amount, context)
        most, prorated = for_days(whole, context.service, self.proration, currency)
        net, counted = net_of(named_lines(context, self.of), currency)
        if net <= most:
            return []
        less = subtract(most, net)
        shown = step("capped", maximum=most, base=net, amount=less, currency=currency)
        return [self.amount_line(context, (*how, *prorated, counted, shown), less)]
