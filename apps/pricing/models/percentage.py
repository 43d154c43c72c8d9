"""A percentage of the net of named charges. Nothing to count makes a line of amount 0."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from apps.common.quantity import canonical, multiply
from apps.pricing.named import named_lines, net_of, read_named
from apps.pricing.registry import Charge, PricingContext, charge_model
from apps.pricing.source import Source
from apps.pricing.values import PricedLine, Step, step

_HUNDREDTH = Decimal("0.01")


@charge_model("percentage")
@dataclass(frozen=True, slots=True)
class Percentage(Charge):
    """The named charges stand before it and are in arrears; `of` empty: all such."""

    percent: Decimal
    of: tuple[str, ...]

    @classmethod
    def read(cls, source: Source, head: dict[str, Any]) -> "Percentage":
        return cls(**head, percent=source.price("percent"), of=read_named(source))

    def write(self) -> dict[str, object]:
        return {"percent": canonical(self.percent), "of": list(self.of)}

    def price(self, context: PricingContext) -> list[PricedLine]:
        base, shown = net_of(named_lines(context, self.of), context.currency)
        amount, percent = part_of(base, self.percent, context.currency)
        return [self.amount_line(context, (shown, percent), amount)]


def part_of(base: Decimal, percent: Decimal, currency: str) -> tuple[Decimal, Step]:
    """percent of an amount, exact, and the step that shows it."""
    amount = multiply(base, percent, _HUNDREDTH)
    return amount, step("percent", percent=percent, base=base, amount=amount, currency=currency)
