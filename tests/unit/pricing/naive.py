"""Every charge model computed once more from the plan's dict, with fractions and no care for
speed: nothing here is shared with `apps.pricing`."""

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

Used = tuple[str, Fraction, Mapping[str, Fraction]]
Key = tuple[str, int | None, str | None]


def half_up(value: Fraction, digits: int) -> Fraction:
    scaled = abs(value) * 10**digits
    whole = math.floor(scaled + Fraction(1, 2))
    return Fraction(whole if value >= 0 else -whole, 10**digits)


class Naive:
    """Prices a plan's charges over the usage of one meter; `nets` by line, in order."""

    def __init__(
        self, usage: Sequence[Used], *, digits: int = 2, days: tuple[int, int] = (30, 30),
        values: Mapping[str, Fraction] | None = None, year: Any = None,
    ) -> None:  # fmt: skip
        self.usage, self.digits, self.days = usage, digits, Fraction(days[1], days[0])
        self.values, self.year = values or {}, year
        self.nets: list[tuple[Key, Fraction]] = []
        self.advance: set[str] = set()

    def run(self, charges: Sequence[Mapping[str, Any]]) -> dict[Key, int]:
        for charge in charges:
            getattr(self, charge["model"])(charge)
        return {key: int(net * 10**self.digits) for key, net in self.nets}

    def put(
        self, charge: Any, amount: Fraction, tier: int | None = None, asset: Any = None
    ) -> None:
        self.nets.append(((charge["code"], tier, asset), half_up(amount, self.digits)))

    def at(self, charge: Any, price: str) -> Fraction:
        index, value = charge.get("index"), Fraction(Decimal(price))
        if index is None:
            return value
        base, weight = Fraction(index["base"]), Fraction(index.get("weight", "1"))
        factor = half_up(1 + weight * (self.values[index["series"]] / base - 1), 12)
        if "low" in index:
            factor = max(factor, Fraction(index["low"]))
        if "high" in index:
            factor = min(factor, Fraction(index["high"]))
        return half_up(value * factor, 12)

    def amounts(self, charge: Any, default: str = "each") -> list[tuple[Any, Fraction]]:
        free = half_up(Fraction(charge.get("included", "0")) * self.days, 12)
        rows: list[tuple[Any, Fraction]] = [(asset, used) for asset, used, _ in self.usage]
        if charge.get("pooling", default) == "pooled":
            rows = [(None, sum((used for _, used in rows), Fraction(0)))]
        return [(asset, max(used - free, Fraction(0))) for asset, used in rows]

    def counted(self, charge: Any, asset: Any = None) -> Fraction:
        of = charge.get("of") or []
        return sum(
            (
                net
                for (code, _, owner), net in self.nets
                if code not in self.advance
                and (not of or code in of)
                and (asset is None or owner == asset)
            ),
            Fraction(0),
        )

    def flat_fee(self, charge: Any) -> None:
        if charge.get("timing") == "advance":
            self.advance.add(charge["code"])
        if self.days:
            self.put(charge, self.at(charge, charge["amount"]) * self.days)

    def per_unit(self, charge: Any) -> None:
        for asset, used in self.amounts(charge):
            self.put(charge, used * self.at(charge, charge["unit_price"]), None, asset)

    def graduated(self, charge: Any) -> None:
        for asset, used in self.amounts(charge):
            lower = Fraction(0)
            for number, tier in enumerate(charge["tiers"], 1):
                upper = used if tier["up_to"] is None else min(used, Fraction(tier["up_to"]))
                part = upper - lower
                if part > 0 or number == 1:
                    flat = self.at(charge, tier.get("flat", "0")) if part > 0 else Fraction(0)
                    amount = part * self.at(charge, tier["unit_price"]) + flat
                    self.put(charge, amount, number, asset)
                lower = max(upper, lower)

    def tier(self, charge: Any, used: Fraction) -> Any:
        tiers = charge["tiers"]
        return next(t for t in tiers if t["up_to"] is None or used <= Fraction(t["up_to"]))

    def volume(self, charge: Any) -> None:
        for asset, used in self.amounts(charge):
            tier = self.tier(charge, used)
            flat = self.at(charge, tier.get("flat", "0")) if used else Fraction(0)
            self.put(charge, used * self.at(charge, tier["unit_price"]) + flat, None, asset)

    def package(self, charge: Any) -> None:
        for asset, used in self.amounts(charge):
            count = math.ceil(used / Fraction(charge["size"]))
            self.put(charge, count * self.at(charge, charge["unit_price"]), None, asset)

    def stairstep(self, charge: Any) -> None:
        for asset, used in self.amounts(charge):
            amount = self.at(charge, self.tier(charge, used)["amount"]) if used else Fraction(0)
            self.put(charge, amount, None, asset)

    def time_of_use(self, charge: Any) -> None:
        for asset, _, parts in self.usage:
            used = [n for n, window in enumerate(charge["windows"]) if parts.get(window["code"])]
            for number in used or [0]:
                window = charge["windows"][number]
                part = parts.get(window["code"], Fraction(0))
                self.put(charge, part * self.at(charge, window["unit_price"]), number + 1, asset)

    def percentage(self, charge: Any) -> None:
        self.put(charge, self.counted(charge) * Fraction(charge["percent"]) / 100)

    def minimum(self, charge: Any) -> None:
        share = Fraction(1) if charge.get("proration") == "none" else self.days
        missing = self.at(charge, charge["amount"]) * share - self.counted(charge)
        if missing > 0 and self.days:
            self.put(charge, missing)

    def maximum(self, charge: Any) -> None:
        share = Fraction(1) if charge.get("proration") == "none" else self.days
        less = self.at(charge, charge["amount"]) * share - self.counted(charge)
        if less < 0:
            self.put(charge, less)

    def yearly_minimum(self, charge: Any) -> None:
        closes, share, before = self.year
        of = charge.get("of") or [code for code in before if code != charge["code"]]
        so_far = sum((before.get(code, Fraction(0)) for code in of), Fraction(0))
        missing = self.at(charge, charge["amount"]) * share - so_far - self.counted(charge)
        if closes and missing > 0:
            self.put(charge, missing)

    def availability(self, charge: Any) -> None:
        rows = [(asset, used) for asset, used, _ in self.usage]
        if charge.get("pooling", "pooled") == "pooled":
            rows = [(None, half_up(sum(used for _, used in rows) / Fraction(len(rows)), 12))]  # type: ignore[list-item]
        for asset, used in rows:
            band = [band for band in charge["bands"] if Fraction(band["from"]) <= used][-1]
            amount = Fraction(band.get("amount", "0"))
            if "percent" in band:
                amount = self.counted(charge, asset) * Fraction(band["percent"]) / 100
            self.put(charge, -amount if band["effect"] == "malus" else amount, None, asset)

    def shared_saving(self, charge: Any) -> None:
        baseline = half_up(Fraction(charge["baseline"]) * self.days, 12)
        for asset, used in self.amounts(charge):
            saved = baseline - used
            if charge.get("floor", "zero") == "zero":
                saved = max(saved, Fraction(0))
            worth = self.at(charge, charge["unit_price"]) * Fraction(charge["share"]) / 100
            self.put(charge, saved * half_up(worth, 12), None, asset)
