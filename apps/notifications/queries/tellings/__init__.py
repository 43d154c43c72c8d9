"""What an event means to the people of the current company: by event name a function of the event."""

from apps.events.models import OutboxEvent
from apps.notifications.domain.told import Told
from apps.notifications.queries.tellings import contracts, data, documents, money, plans, supply
from apps.notifications.queries.tellings.registry import Teller

TELLERS: dict[str, Teller] = {
    **contracts.TELLERS, **documents.TELLERS, **money.TELLERS, **data.TELLERS, **supply.TELLERS,
    **plans.TELLERS,
}  # fmt: skip


def told_of(event: OutboxEvent) -> list[Told]:
    """Nothing where it is of no concern to this company, or what it was about is gone."""
    return TELLERS[event.name](event)
