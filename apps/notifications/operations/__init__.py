"""Writes of notifications: told, read, chosen, mailed."""

from apps.notifications.operations.choosing import Chosen, save_choices
from apps.notifications.operations.forgetting import drop_old
from apps.notifications.operations.mailing import DIGEST, SEND, send_mail, write_digest
from apps.notifications.operations.reading import mark_all_read, mark_read, send_again
from apps.notifications.operations.telling import tell_overdue, tell_people

__all__ = [
    "DIGEST",
    "SEND",
    "Chosen",
    "drop_old",
    "mark_all_read",
    "mark_read",
    "save_choices",
    "send_again",
    "send_mail",
    "tell_overdue",
    "tell_people",
    "write_digest",
]
