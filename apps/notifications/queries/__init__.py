"""Reads of notifications."""

from apps.notifications.queries.inbox import (
    UNREAD_SHOWN,
    choices_of,
    doubtful_mails,
    inbox,
    to_mail_today,
    unread_count,
)
from apps.notifications.queries.people import listeners

__all__ = [
    "UNREAD_SHOWN",
    "choices_of",
    "doubtful_mails",
    "inbox",
    "listeners",
    "to_mail_today",
    "unread_count",
]
