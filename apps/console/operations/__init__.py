"""Writes of the console: acts of the platform's people, and each company's own health row."""

from apps.console.operations.agreements import set_agreement
from apps.console.operations.audit import note_act
from apps.console.operations.companies import set_company_state
from apps.console.operations.health import note_health
from apps.console.operations.helping import impersonate
from apps.console.operations.jobs import retry_jobs
from apps.console.operations.people import erase_person, export_person
from apps.console.operations.webhooks import hand_over_again, send_again

__all__ = [
    "erase_person",
    "export_person",
    "hand_over_again",
    "impersonate",
    "note_act",
    "note_health",
    "retry_jobs",
    "send_again",
    "set_agreement",
    "set_company_state",
]
