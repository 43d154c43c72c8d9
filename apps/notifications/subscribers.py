"""What notifications do when something happened anywhere below."""

from datetime import datetime
from typing import Any

from apps.events.domain.registry import subscribes
from apps.events.models import Job, OutboxEvent
from apps.notifications.operations import tell_people
from apps.notifications.queries.tellings import TELLERS


def tell(job: Job, now: datetime) -> dict[str, Any]:
    """In each company the event reaches: its people are told, in one transaction with “done”."""
    assert job.event_id is not None, "this kind of job follows an event"
    event = OutboxEvent.objects.select_related("author").get(pk=job.event_id)
    return {"notifications": tell_people(event=event, now=now)}


for name in TELLERS:
    subscribes(name, kind="notifications.tell")(tell)
