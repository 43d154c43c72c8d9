"""What this app publishes. Payloads carry keys."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from apps.common.canonical import instant_text


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


@dataclass(frozen=True, slots=True)
class MemberEnded:
    """The company is no member in this role any more; for it, the founder and who saw it as a member.

    `has_left`: it plays no other role in the network either.
    """

    participation: UUID
    network: UUID
    company: int
    ended_at: datetime
    has_left: bool
    name: ClassVar[str] = "networks.ended"

    @property
    def payload(self) -> dict[str, Any]:
        return {
            "participation": str(self.participation), "network": str(self.network),
            "company": self.company, "ended_at": instant_text(self.ended_at),
            "has_left": self.has_left,
        }  # fmt: skip
