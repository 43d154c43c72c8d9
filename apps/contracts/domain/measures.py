"""In which unit a contract bills what it measures of a gauge or a state."""

from apps.common.units import UNITS
from apps.pricing.plan import PricePlan
from apps.telemetry.domain.measures import LevelMeasure, unit_of_usage

_ONE = "1"


def billed_unit(measure: LevelMeasure, meter: str, plan: PricePlan) -> str:
    """Hours of times, what the meter's charge prices of entries, else the channel's unit."""
    return unit_of_usage(measure, counted_in(meter, plan))


def counted_in(meter: str, plan: PricePlan) -> str:
    """Entries are counted in what the charge prices: starts, washes, pieces."""
    for charge in plan.charges:
        unit = str(getattr(charge, "unit", _ONE))
        if charge.meter == meter and unit in UNITS and unit.startswith("{"):
            return unit
    return _ONE
