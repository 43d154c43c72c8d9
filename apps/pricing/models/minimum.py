"""At least this much per period over named charges: the missing part is a line of its own.

A part of the period owes its share of the days, unless the plan says `none`. Zero usage owes
the whole minimum; a minimum that is reached makes no line; no covered day owes nothing.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

from apps.common.quantity import canonical, subtract
from apps.pricing.named import PRORATIONS, for_days, named_lines, net_of, read_named
from apps.pricing.registry import Charge, PricingContext, charge_model
from apps.pricing.source import Source
from apps.pricing.values import PricedLine, step


@charge_model("minimum")
@dataclass(frozen=True, slots=True)
class Minimum(Charge):
    indexable: ClassVar[bool] = True
    amount: Decimal
    of: tuple[str, ...]
    proration: str

    @classmethod
    def read(cls, source: Source, head: dict[str, Any]) -> "Minimum":
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
        if context.service.covered == 0:
            return []
        currency = context.currency
        whole, how = self.indexed(self.amount, context)
        least, prorated = for_days(whole, context.service, self.proration, currency)
        net, counted = net_of(named_lines(context, self.of), currency)
        if net >= least:
            return []
        missing = subtract(least, net)
        shown = step("top_up", minimum=least, base=net, amount=missing, currency=currency)
        return [self.amount_line(context, (*how, *prorated, counted, shown), missing)]
