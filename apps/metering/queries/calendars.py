"""The windows of the week that a contract's plan versions price."""

from typing import Any

from apps.contracts.models import Contract, PlanVersion
from apps.metering.domain.calendars import calendars_of
from apps.pricing.plan import PricePlan


def calendars_by_meter(contract: Contract) -> dict[str, list[dict[str, Any]]]:
    """By meter what its orders hold; meters without windows are left out."""
    rows = PlanVersion.objects.filter(contract=contract).order_by("valid_from", "number")
    versions = [(row.valid_from, PricePlan.from_dict(row.plan)) for row in rows]
    meters = {meter for _, plan in versions for meter in plan.calendars}
    return {meter: calendars_of(versions, meter) for meter in sorted(meters)}
