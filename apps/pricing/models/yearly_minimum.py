"""At least this much per contract year: what is missing is a line in the year's last period.

The year so far comes in with the circumstances; this period's lines are added to it. A year
the contract covers in part owes its share of the days. Other periods make no line; a year
without any usage owes the whole minimum.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

from apps.common.money import Money
from apps.common.quantity import add, canonical, subtract
from apps.pricing.named import for_days, named_lines, net_of, read_named
from apps.pricing.registry import Charge, PricingContext, charge_model
from apps.pricing.source import Source
from apps.pricing.values import PricedLine, PricingError, step


@charge_model("yearly_minimum")
@dataclass(frozen=True, slots=True)
class YearlyMinimum(Charge):
    indexable: ClassVar[bool] = True
    yearly: ClassVar[bool] = True
    amount: Decimal
    of: tuple[str, ...]

    @classmethod
    def read(cls, source: Source, head: dict[str, Any]) -> "YearlyMinimum":
        return cls(**head, amount=source.price("amount"), of=read_named(source))

    def write(self) -> dict[str, object]:
        return {"amount": canonical(self.amount), "of": list(self.of)}

    def price(self, context: PricingContext) -> list[PricedLine]:
        year = context.circumstances.year
        if year is None:
            raise PricingError("no_contract_year", charge=self.code)
        if not year.closes:
            return []
        currency = context.currency
        whole, how = self.indexed(self.amount, context)
        least, prorated = for_days(whole, year.days, "days", currency)
        now, counted = net_of(named_lines(context, self.of), currency)
        before, elsewhere = (
            self._counted(nets, currency) for nets in (year.net_minor, year.elsewhere_minor)
        )
        net = add(before, elsewhere, now)
        if net >= least:
            return []
        missing = subtract(least, net)
        steps = (
            *how,
            *prorated,
            step("year_so_far", so_far=before, currency=currency),
            *([step("year_elsewhere", so_far=elsewhere, currency=currency)] if elsewhere else []),
            counted,
            step("top_up", minimum=least, base=net, amount=missing, currency=currency),
        )
        return [self.amount_line(context, steps, missing)]

    def _counted(self, nets: Mapping[str, int], currency: str) -> Decimal:
        """Net of the year's earlier periods; without names: of every charge but this one."""
        counted = [
            minor
            for code, minor in nets.items()
            if (code in self.of if self.of else code != self.code)
        ]
        return Money(sum(counted), currency).to_decimal()
