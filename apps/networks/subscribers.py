"""What networks do when a company answers."""

from datetime import datetime
from typing import Any
from uuid import UUID

from apps.events.domain.registry import subscribes
from apps.events.models import Job
from apps.networks.models import Participation
from apps.networks.operations import note_answer, show_profile
from apps.networks.queries import networks_run
from apps.subscriptions.domain.limits import Counted
from apps.subscriptions.domain.registry import counts

counts(Counted.NETWORKS)(networks_run)


@subscribes("networks.answered", kind="networks.note_answer")
def note(job: Job, now: datetime) -> dict[str, Any]:
    """In the founder's company: the member's yes, no or goodbye is noted."""
    key = UUID(str(job.payload["participation"]))
    try:
        return {"noted": note_answer(participation_id=key, now=now)}
    except Participation.DoesNotExist:
        return {"noted": False}


@subscribes("networks.joined", kind="networks.show_profile")
@subscribes("accounts.partner_added", kind="networks.show_profile_to_partner")
def show(job: Job, now: datetime) -> dict[str, Any]:
    """In both companies: who knows the other from now on may read its profile."""
    return {"shown": show_profile()}
