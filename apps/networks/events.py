"""What this app publishes. Payloads carry keys."""

from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID


@dataclass(frozen=True, slots=True)
class ParticipationEvent:
    """Something happened to one participation."""

    participation: UUID
    name: ClassVar[str] = ""

    @property
    def payload(self) -> dict[str, Any]:
        return {"participation": str(self.participation)}


class CompanyInvited(ParticipationEvent):
    """The company may look at the network and answer; for the company."""

    name: ClassVar[str] = "networks.invited"


class InvitationAnswered(ParticipationEvent):
    """The company accepted, declined or left; for the founder."""

    name: ClassVar[str] = "networks.answered"


class MemberJoined(ParticipationEvent):
    """The founder's portal has noted the yes; for both."""

    name: ClassVar[str] = "networks.joined"


class MemberEnded(ParticipationEvent):
    """The company is no member in this role any more; for both."""

    name: ClassVar[str] = "networks.ended"
