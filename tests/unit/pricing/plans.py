"""Plans of the tests."""

from decimal import Decimal
from typing import Any

from apps.pricing.circumstances import Circumstances, ContractYear, IndexValue
from apps.pricing.plan import NOTHING_ELSE, PricePlan, price
from apps.pricing.values import AssetUsage, PricedPeriod, ServiceDays

WHOLE_MONTH = ServiceDays(30, 30)


def flat(amount: str = "49", **more: Any) -> dict[str, Any]:
    return {"code": "base", "model": "flat_fee", "title": "Base", "amount": amount, **more}


def per_unit(unit_price: str = "0.067", **more: Any) -> dict[str, Any]:
    return {
        "code": "km", "model": "per_unit", "title": {"de": "Strecke", "en": "Distance"},
        "meter": "km", "unit": "km", "unit_price": unit_price, **more,
    }  # fmt: skip


def graduated(*tiers: tuple[str | None, str] | tuple[str | None, str, str], **more: Any) -> Any:
    names = ("up_to", "unit_price", "flat")
    return {
        "code": "energy", "model": "graduated", "title": "Energy", "meter": "energy",
        "unit": "kW.h", "tiers": [dict(zip(names, tier, strict=False)) for tier in tiers], **more,
    }  # fmt: skip


def plan(*charges: dict[str, Any], currency: str = "EUR") -> PricePlan:
    return PricePlan.from_dict({"name": "Plan", "currency": currency, "charges": list(charges)})


def priced(
    charge: dict[str, Any], *usage: AssetUsage, days: ServiceDays = WHOLE_MONTH, **more: Any
) -> PricedPeriod:
    value = plan(charge, **more)
    return price(value, {charge.get("meter", ""): usage}, days)


def metered(model: str, **more: Any) -> dict[str, Any]:
    return {"code": "use", "model": model, "title": "Use", "meter": "m", "unit": "h", **more}


def over(model: str, code: str = "over", **more: Any) -> dict[str, Any]:
    return {"code": code, "model": model, "title": {"de": "Über", "en": "Over"}, **more}


def tiers(*rows: tuple[str | None, str] | tuple[str | None, str, str]) -> list[dict[str, Any]]:
    names = ("up_to", "unit_price", "flat")
    return [dict(zip(names, row, strict=False)) for row in rows]


def index(**more: Any) -> dict[str, Any]:
    return {"series": "steel", "base": "100", "weight": "0.5", **more}


def circumstances(value: str = "120", year: ContractYear | None = None) -> Circumstances:
    steel = IndexValue("steel", "Producer prices, steel", Decimal(value), "2026-02", "2026-03-20")
    return Circumstances((steel,), year)


PEAK = {
    "code": "peak", "title": {"de": "Hochtarif", "en": "Peak"}, "unit_price": "0.30",
    "hours": [{"days": [1, 2, 3, 4, 5], "from": 6, "to": 22}],
}  # fmt: skip
REST = {"code": "rest", "title": {"de": "Niedertarif", "en": "Off-peak"}, "unit_price": "0.20"}


def time_of_use(**more: Any) -> dict[str, Any]:
    return metered("time_of_use", windows=[PEAK, REST], **more)


def used(quantity: str, asset: str = "a", unit: str | None = None, **windows: str) -> AssetUsage:
    """One asset's usage; windows are those of the charge `use`."""
    parts = {"use": {code: Decimal(text) for code, text in windows.items()}} if windows else None
    return AssetUsage(f"ast_{asset}", asset.upper(), Decimal(quantity), unit, parts)


def run(
    charges: list[dict[str, Any]], *usage: AssetUsage, days: ServiceDays = WHOLE_MONTH,
    around: Circumstances = NOTHING_ELSE, currency: str = "EUR",
) -> PricedPeriod:  # fmt: skip
    """Charges priced over the usage of meter `m`."""
    return price(plan(*charges, currency=currency), {"m": usage}, days, circumstances=around)


def minors(period: PricedPeriod) -> list[int]:
    return [line.net_minor for line in period.lines]
