"""Writes of networks: founding, inviting, answering, leaving."""

from apps.networks.operations.answering import answer_invitation, leave_network, note_answer
from apps.networks.operations.founding import (
    end_participation,
    found_network,
    invite_company,
    take_role,
)
from apps.networks.operations.profiles import save_profile, show_profile

__all__ = [
    "answer_invitation",
    "end_participation",
    "found_network",
    "invite_company",
    "leave_network",
    "note_answer",
    "save_profile",
    "show_profile",
    "take_role",
]
