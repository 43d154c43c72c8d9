"""What one person asks for and another approves: the columns, the check and the words they share."""

from datetime import datetime
from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q

from apps.tenancy.fence import FencedModel


class TwoPeople(FencedModel):
    """Asked for by one person, approved by another; each such table says so with `not_alone`."""

    # Where it stands who asked, and what this person reads instead of a button.
    asker: ClassVar[str] = "drafted_by_id"
    told_asker: ClassVar[Any]

    approved_by_id = models.BigIntegerField(null=True)
    approved_by = models.CharField(max_length=200, blank=True)
    approved_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True

    def is_asked_by(self, person: Any) -> bool:
        return bool(getattr(self, self.asker) == person.pk)

    def note_approval(self, *, person: Any, state: str, now: datetime) -> None:
        """Saved with whatever else the approval sets."""
        self.approved_by_id, self.approved_by = person.pk, str(person)[:200]
        self.state, self.approved_at = state, now
        self.save()


def not_alone(name: str, asker: str = "drafted_by_id") -> models.CheckConstraint:
    """In the database as well: who approves is not who asked."""
    return models.CheckConstraint(
        condition=Q(approved_by_id=None) | ~Q(approved_by_id=F(asker)), name=name
    )
