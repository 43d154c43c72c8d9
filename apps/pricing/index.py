"""A published price index as a modifier of a charge's prices.

factor = (base + weight × (value − base)) ÷ base, to 12 decimals half up, then held within the
band; an indexed price is price × factor, to 12 decimals half up. Weight 0 leaves every price.
"""

import re
from dataclasses import dataclass
from decimal import Decimal

from apps.common.quantity import add, bounded, canonical, divide, multiply, subtract
from apps.pricing.circumstances import Circumstances, IndexValue
from apps.pricing.source import PlanError, Source
from apps.pricing.values import PricingError, Step, step

_SERIES = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")


@dataclass(frozen=True, slots=True)
class PriceIndex:
    """`low` and `high` bound the factor; None: no bound."""

    series: str
    base: Decimal
    weight: Decimal
    low: Decimal | None = None
    high: Decimal | None = None

    @classmethod
    def read(cls, source: Source) -> "PriceIndex":
        series = source.text("series")
        if not _SERIES.fullmatch(series):
            raise PlanError(source.at("series"), "bad_series", series=series[:40])
        low, high = (
            None if source.get(key) is None else source.price(key) for key in ("low", "high")
        )
        if low is not None and high is not None and high < low:
            raise PlanError(source.at("high"), "band_upside_down", low=canonical(low))
        index = cls(series, source.positive("base"), source.share("weight", Decimal(1)), low, high)
        source.finish()
        return index

    def write(self) -> dict[str, object]:
        written: dict[str, object] = {
            "series": self.series, "base": canonical(self.base), "weight": canonical(self.weight),
        }  # fmt: skip
        bounds = {"low": self.low, "high": self.high}
        return written | {key: canonical(edge) for key, edge in bounds.items() if edge is not None}

    def factor(self, circumstances: Circumstances) -> tuple[Decimal, list[Step]]:
        """The factor and its steps. Raises PricingError when the series has no value."""
        found = circumstances.index(self.series)
        if found is None:
            raise PricingError("no_index_value", series=self.series)
        moved = add(self.base, multiply(self.weight, subtract(found.value, self.base)))
        raw = bounded(divide(moved, self.base))
        held = max(raw, self.low) if self.low is not None else raw
        held = min(held, self.high) if self.high is not None else held
        return held, self._steps(found, raw, held)

    def _steps(self, found: IndexValue, raw: Decimal, held: Decimal) -> list[Step]:
        steps = [
            step(
                "index", name=found.name, series=found.series, value=found.value,
                reference=found.reference, published=found.published_on,
            ),
            step("index_factor", value=found.value, base_value=self.base, weight=self.weight,
                 factor=raw),
        ]  # fmt: skip
        if held != raw:
            steps.append(step("index_band", factor=held))
        return steps


def indexed(
    price: Decimal, index: PriceIndex | None, circumstances: Circumstances, currency: str
) -> tuple[Decimal, tuple[Step, ...]]:
    """A price after its index, and the steps that lead there; without an index as it was."""
    if index is None:
        return price, ()
    factor, steps = index.factor(circumstances)
    after = bounded(multiply(price, factor))
    last = step("indexed", price=price, factor=factor, unit_price=after, currency=currency)
    return after, (*steps, last)
