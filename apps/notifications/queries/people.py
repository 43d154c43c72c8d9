"""Who hears of a topic."""

from apps.accounts.domain.capabilities import CAPABILITIES
from apps.accounts.models import Membership, User
from apps.accounts.queries import members
from apps.notifications.domain.topics import Topic


def listeners(topic: Topic) -> list[User]:
    """People of the current company whose position lets them act on the topic."""
    able = [code for code, may in CAPABILITIES.items() if topic.capability in may]
    rows = members().filter(position__in=able, user__is_active=True)
    return [row.user for row in rows]


def still_hears(person_id: int) -> Membership | None:
    """The person's membership while it stands: who has left gets no more mail."""
    found: Membership | None = members().filter(user=person_id, user__is_active=True).first()
    return found
