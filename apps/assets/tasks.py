"""Background work of assets: users read the data of their equipment."""

from datetime import datetime
from typing import Any

from apps.assets.operations import heal_use_grants
from apps.assets.queries.counting import assets_in_use
from apps.assets.queries.grants import given_grants
from apps.events.domain.registry import housekeeping
from apps.events.models import Job
from apps.subscriptions.domain.limits import Counted
from apps.subscriptions.domain.registry import counts, holds_leaving

holds_leaving(given_grants)
counts(Counted.ASSETS)(assets_in_use)


@housekeeping("assets.heal_use_grants", daily=True)
def heal(job: Job, now: datetime) -> dict[str, Any]:
    """Every user of an asset has the grant that is its right."""
    return {"grants": heal_use_grants(now=now)}
