"""What a person wants to hear of, and how."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from apps.notifications.domain.topics import DAILY, NEVER
from apps.notifications.models import Choice, Notification
from apps.tenancy.context import current_company


@dataclass(frozen=True, slots=True)
class Chosen:
    in_app: bool
    mail_mode: str


@transaction.atomic
def save_choices(*, person: Any, choices: Mapping[str, Chosen]) -> None:
    """Write the choices by topic. What waits for a mail of the day and is no longer wanted stays out."""
    company = current_company()
    for topic, chosen in choices.items():
        Choice.objects.update_or_create(
            author=company, person=person, topic=topic,
            defaults={
                "parties": [company.pk], "in_app": chosen.in_app, "mail_mode": chosen.mail_mode,
            },
        )  # fmt: skip
    unwanted = [topic for topic, chosen in choices.items() if chosen.mail_mode == NEVER]
    waiting = Notification.objects.written_by(company).filter(
        person=person, topic__in=unwanted, mail_mode=DAILY, mail=None
    )
    waiting.update(mail_mode=NEVER)
