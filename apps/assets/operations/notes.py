"""What the host's collector says became of a mounting's counter value."""

from datetime import datetime
from decimal import Decimal

from django.db import transaction

from apps.assets.models import CounterNote, Mounting
from apps.tenancy.context import current_company


@transaction.atomic
def note_counter_value(
    *, mounting: Mounting, edge: str, outcome: str, now: datetime,
    standing: Decimal | None = None, reason: str = "",
) -> CounterNote:  # fmt: skip
    """In the collector's company: the value is a reading now, or why it is not. Twice is once."""
    note, _made = CounterNote.objects.update_or_create(
        author=current_company(), mounting=mounting, edge=edge,
        defaults={
            "parties": mounting.parties, "outcome": outcome, "standing": standing,
            "reason": reason[:200], "noted_at": now,
        },
    )  # fmt: skip
    return note
