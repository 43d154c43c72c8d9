"""A fee per period, whatever was used; a part of the period costs its share of the days."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

from apps.common.quantity import canonical
from apps.pricing.named import for_days
from apps.pricing.registry import Charge, PricingContext, charge_model
from apps.pricing.source import Source
from apps.pricing.values import PricedLine, step

TIMINGS = ("arrears", "advance")
AT_END = ("credited", "kept")
PRORATION = ("days", "none")


@charge_model("flat_fee")
@dataclass(frozen=True, slots=True)
class FlatFee(Charge):
    """Zero covered days make no line; usage plays no part."""

    indexable: ClassVar[bool] = True
    amount: Decimal
    timing: str
    at_end: str
    # `none`: the whole sum however many days are covered, such as that of an order.
    proration: str

    @property
    def is_ahead(self) -> bool:
        return self.timing == "advance"

    @property
    def is_kept(self) -> bool:
        return self.at_end == "kept"

    @classmethod
    def read(cls, source: Source, head: dict[str, Any]) -> "FlatFee":
        return cls(
            **head,
            amount=source.price("amount"),
            timing=source.choice("timing", TIMINGS, "arrears"),
            at_end=source.choice("at_end", AT_END, "credited"),
            proration=source.choice("proration", PRORATION, "days"),
        )

    def write(self) -> dict[str, object]:
        kept = {"at_end": self.at_end} if self.is_kept else {}
        whole = {"proration": self.proration} if self.proration == "none" else {}
        return {"amount": canonical(self.amount), "timing": self.timing, **kept, **whole}

    def price(self, context: PricingContext) -> list[PricedLine]:
        days = context.advance if self.timing == "advance" else context.service
        if days.covered == 0:
            return []
        fee, how = self.indexed(self.amount, context)
        amount, prorated = for_days(fee, days, self.proration, context.currency)
        steps = (*how, *(prorated or [step("fee", fee=fee, currency=context.currency)]))
        return [self.amount_line(context, steps, amount, timing=self.timing)]
