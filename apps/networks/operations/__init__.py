"""Writes of networks: founding, inviting, answering, leaving."""

from apps.networks.operations.answering import answer_invitation, leave_network, note_answer
from apps.networks.operations.founding import (
    end_participation,
    found_network,
    invite_company,
    take_role,
)

__all__ = [
    "answer_invitation",
    "end_participation",
    "found_network",
    "invite_company",
    "leave_network",
    "note_answer",
    "take_role",
]
