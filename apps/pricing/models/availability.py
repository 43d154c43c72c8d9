"""A bonus or malus by bands of a measured percentage, on named charges or as a fixed amount.

Bands touch: each holds from its lower edge, which belongs to it, to the next. A malus is a line
of quantity −1, never a negative price. 0 % measured lies in the lowest band; nothing measured is
refused, because it is not known. A band without effect makes a line of amount 0, so that
what was measured is seen.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from apps.common.quantity import add, bounded, canonical, divide
from apps.pricing.models.percentage import part_of
from apps.pricing.named import named_lines, net_of, read_named
from apps.pricing.registry import POOLINGS, Charge, PricingContext, charge_model
from apps.pricing.source import PlanError, Source
from apps.pricing.values import Measure, PricedLine, PricingError, Step, measures, step

MOST_BANDS = 50
EFFECTS = ("none", "bonus", "malus")


@dataclass(frozen=True, slots=True)
class Band:
    """From `lower` percent on: a part (`percent`) of the named charges, or an `amount`."""

    lower: Decimal
    effect: str
    percent: Decimal | None = None
    amount: Decimal | None = None

    def write(self) -> dict[str, object]:
        written: dict[str, object] = {"from": canonical(self.lower), "effect": self.effect}
        values = {"percent": self.percent, "amount": self.amount}
        return written | {key: canonical(item) for key, item in values.items() if item is not None}


@charge_model("availability")
@dataclass(frozen=True, slots=True)
class Availability(Charge):
    """Pooled: the mean over the assets, on all lines; each: an asset's own, on its own lines."""

    unit: str
    bands: tuple[Band, ...]
    of: tuple[str, ...]
    pooling: str

    @classmethod
    def read(cls, source: Source, head: dict[str, Any]) -> "Availability":
        return cls(
            **head,
            unit=source.unit("unit"),
            bands=_read_bands(source),
            of=read_named(source),
            pooling=source.choice("pooling", POOLINGS, "pooled"),
        )

    def write(self) -> dict[str, object]:
        bands = [band.write() for band in self.bands]
        return {"unit": self.unit, "bands": bands, "of": list(self.of), "pooling": self.pooling}

    def price(self, context: PricingContext) -> list[PricedLine]:
        each = [self._measured(item) for item in measures(context.usage, self.unit, "each")]
        if not each:
            raise PricingError("nothing_measured", charge=self.code)
        found = [self._mean(each)] if self.pooling == "pooled" else each
        return [self._line(measure, context) for measure in found]

    def _measured(self, measure: Measure) -> Measure:
        if measure.quantity > 100:
            quantity = canonical(measure.quantity)
            raise PricingError("not_a_percentage", asset=measure.label, quantity=quantity)
        shown = step(
            "measured", asset=measure.label, quantity=measure.quantity, unit=self.unit
        )  # fmt: skip
        group = [item for item in measure.steps if item.code.startswith("group_")]
        return Measure(measure.asset_id, measure.label, measure.quantity, (*group, shown))

    def _mean(self, each: list[Measure]) -> Measure:
        whole = add(*(measure.quantity for measure in each))
        mean = bounded(divide(whole, Decimal(len(each))))
        steps = [single for measure in each for single in measure.steps]
        if len(each) > 1:
            steps.append(step("mean", assets=len(each), quantity=mean, unit=self.unit))
        return Measure(None, "", mean, tuple(steps))

    def _line(self, measure: Measure, context: PricingContext) -> PricedLine:
        band = [band for band in self.bands if band.lower <= measure.quantity][-1]
        amount, how = self._amount(band, measure, context)
        shown = step(f"band_{band.effect}", quantity=measure.quantity, unit=self.unit,
                     lower=band.lower)  # fmt: skip
        signed = -amount if band.effect == "malus" else amount
        return self.amount_line(context, (*measure.steps, shown, *how), signed, measure)

    def _amount(
        self, band: Band, measure: Measure, context: PricingContext
    ) -> tuple[Decimal, list[Step]]:
        if band.effect == "none":
            return Decimal(0), []
        if band.percent is None:
            amount = band.amount or Decimal(0)
            return amount, [step("band_amount", amount=amount, currency=context.currency)]
        lines = named_lines(context, self.of, measure.asset_id)
        base, counted = net_of(lines, context.currency)
        amount, percent = part_of(base, band.percent, context.currency)
        return amount, [counted, percent]


def _read_bands(source: Source) -> tuple[Band, ...]:
    bands: list[Band] = []
    for item in source.items("bands", MOST_BANDS):
        lower = item.percent("from")
        if not bands and lower:
            raise PlanError(item.at("from"), "first_band_from_zero")
        if bands and lower <= bands[-1].lower:
            raise PlanError(item.at("from"), "edges_must_rise", above=canonical(bands[-1].lower))
        bands.append(_read_band(item, lower))
        item.finish()
    return tuple(bands)


def _read_band(source: Source, lower: Decimal) -> Band:
    effect = source.choice("effect", EFFECTS, "none")
    percent, amount = (
        None if source.get(key) is None else source.price(key) for key in ("percent", "amount")
    )
    given = (percent is not None) + (amount is not None)
    if given != (effect != "none"):
        raise PlanError(source.at("percent"), "one_effect")
    return Band(lower, effect, percent, amount)
