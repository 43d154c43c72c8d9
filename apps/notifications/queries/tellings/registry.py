"""What tellers share."""

from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

from apps.events.models import OutboxEvent
from apps.notifications.domain.told import Told
from apps.tenancy.context import current_company

Teller = Callable[[OutboxEvent], list[Told]]


def keys(texts: Iterable[Any]) -> list[UUID]:
    """Keys of a payload."""
    return [UUID(str(text)) for text in texts]


def from_others(teller: Teller) -> Teller:
    """The same, silent in the company that published: its people did it themselves."""

    def tell(event: OutboxEvent) -> list[Told]:
        return [] if event.author_id == current_company().pk else teller(event)

    return tell


def one_or_many(
    topic: str, message: str, subjects: list[str], company: str, first: dict[str, Any]
) -> list[Told]:
    """One message for all of an event: of a single thing with its facts, of several their number."""
    if not subjects:
        return []
    if len(subjects) > 1:
        return [Told(topic, message, "", {"company": company, "count": len(subjects)})]
    return [Told(topic, message, subjects[0], {"company": company, **first})]
