"""Writes of people, memberships, invitations, entry codes and API keys."""

from apps.accounts.operations.company_facts import describe_company
from apps.accounts.operations.entries import Entry, consume_entry_code, issue_entry_code
from apps.accounts.operations.erasing import erase_person, is_erased
from apps.accounts.operations.impersonations import (
    end_impersonation,
    note_entry,
    start_impersonation,
)
from apps.accounts.operations.invitations import (
    INVITATION_LIFE,
    accept_invitation,
    invite,
    mail_invitation,
    withdraw_invitation,
)
from apps.accounts.operations.keys import make_key, note_use, revoke_key, rotate_key
from apps.accounts.operations.people import (
    add_membership,
    change_position,
    create_person,
    end_membership,
    set_language,
)

__all__ = [
    "INVITATION_LIFE",
    "Entry",
    "accept_invitation",
    "add_membership",
    "change_position",
    "consume_entry_code",
    "create_person",
    "describe_company",
    "end_impersonation",
    "end_membership",
    "erase_person",
    "invite",
    "is_erased",
    "issue_entry_code",
    "mail_invitation",
    "make_key",
    "note_entry",
    "note_use",
    "revoke_key",
    "rotate_key",
    "set_language",
    "start_impersonation",
    "withdraw_invitation",
]
