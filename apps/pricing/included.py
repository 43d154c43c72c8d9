"""A quantity that is included: it is taken off each measure before anything is priced."""

from decimal import Decimal

from apps.common.quantity import bounded, canonical, divide, multiply, subtract
from apps.pricing.registry import PricingContext
from apps.pricing.source import Source
from apps.pricing.values import Measure, ServiceDays, Step, measures, step


def read_included(source: Source) -> Decimal:
    return source.price("included", Decimal(0))


def write_included(included: Decimal) -> dict[str, object]:
    """Absent where nothing is included, so that older plans keep their hash."""
    return {"included": canonical(included)} if included else {}


def billed_measures(
    context: PricingContext, charge: str, unit: str, pooling: str, included: Decimal
) -> list[Measure]:
    """The measures with the included quantity taken off, never below zero.

    Where a part was used up elsewhere, in the period the contract came in, the rest of the whole.
    """
    found = measures(context.usage, unit, pooling)
    if not included:
        return found
    used = context.circumstances.included_used.get(charge)
    if used is None:
        free, steps = quantity_for_days(included, context.service, unit, "included_days")
    else:
        free = max(subtract(included, used), Decimal(0))
        steps = [step("included_used", whole=included, used=used, quantity=free, unit=unit)]
    return [_after(measure, free, steps, unit) for measure in found]


def quantity_for_days(
    quantity: Decimal, days: ServiceDays, unit: str, code: str
) -> tuple[Decimal, list[Step]]:
    """A quantity per period; in part by covered days, brought to 12 decimals half up."""
    if days.covered == days.in_period:
        return quantity, []
    part = bounded(divide(multiply(quantity, Decimal(days.covered)), Decimal(days.in_period)))
    shown = step(
        code, whole=quantity, covered=days.covered, days=days.in_period, quantity=part, unit=unit
    )
    return part, [shown]


def _after(measure: Measure, free: Decimal, steps: list[Step], unit: str) -> Measure:
    rest = max(subtract(measure.quantity, free), Decimal(0))
    shown = step("included", included=free, quantity=rest, unit=unit)
    return Measure(measure.asset_id, measure.label, rest, (*measure.steps, *steps, shown))
