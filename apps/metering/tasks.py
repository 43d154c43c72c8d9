"""Background work of metering."""

from datetime import datetime
from typing import Any

from apps.assets.domain.use import knows_use
from apps.events.domain.registry import housekeeping
from apps.events.models import Job
from apps.metering.operations import open_periods
from apps.metering.queries import readings_needed_from
from apps.metering.queries.periods import metered_since
from apps.telemetry.operations import drop_old_months

knows_use(metered_since)


@housekeeping("metering.open_periods")
def begin_periods(job: Job, now: datetime) -> dict[str, Any]:
    """Running usage of periods that began without a reading."""
    return {"rows": open_periods(now=now)}


@housekeeping("metering.drop_old_readings", daily=True)
def drop_old_readings(job: Job, now: datetime) -> dict[str, Any]:
    """Months beyond the company's retention go once no bill and no proof needs them."""
    return {"months": drop_old_months(needed_from=readings_needed_from(now), now=now)}
