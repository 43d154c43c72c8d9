"""Background work of contracts."""

from datetime import datetime
from typing import Any

from apps.accounts.domain.zones import counts_in_zone
from apps.contracts.operations import close_ended
from apps.contracts.queries.leaving import is_in_business, open_contracts
from apps.events.domain.registry import housekeeping
from apps.events.models import Job
from apps.subscriptions.domain.registry import holds_leaving

holds_leaving(open_contracts)
counts_in_zone(is_in_business)


@housekeeping("contracts.close_ended")
def close(job: Job, now: datetime) -> dict[str, Any]:
    """Contracts whose last day is over are ended."""
    return {"ended": close_ended(now=now)}
