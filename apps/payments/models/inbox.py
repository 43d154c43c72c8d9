"""The inbox of the payment provider's messages."""

from typing import Any, ClassVar
from uuid import UUID, uuid5

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.common.ids import encode

INBOX = UUID("4f4d1c52-4f0e-5c62-9b0f-0f6b0a5f7a11")


def key_of(event_id: str) -> UUID:
    """The inbox key of the provider's event: the same event is the same row."""
    return uuid5(INBOX, event_id)


class WebhookEvent(models.Model):
    """A signed message as it came. Its policies let anybody put one in, the platform find the
    company it concerns, and only that company read it."""

    class State(models.TextChoices):
        RECEIVED = "received", _("received")
        ROUTED = "routed", _("handed over")
        WAITING = "waiting", _("waits for another")
        APPLIED = "applied", _("applied")
        REFUSED = "refused", _("refused")
        CLOSED = "closed", _("closed")

    prefix = "pme"
    # What still is applied when that on which it rests comes.
    UNFITTING: ClassVar[tuple[str, ...]] = (State.WAITING, State.CLOSED)

    id = models.UUIDField(primary_key=True, editable=False)
    event_id = models.CharField(max_length=120)
    kind = models.CharField(max_length=80)
    # The payment intent it is about, for messages that came before the one they rest on.
    subject = models.CharField(max_length=120, blank=True)
    body = models.JSONField()
    made_at = models.DateTimeField()
    received_at = models.DateTimeField()
    company_id = models.IntegerField(null=True)
    state = models.CharField(max_length=8, choices=State, default=State.RECEIVED)
    reason = models.CharField(max_length=200, blank=True)
    # Who gave up waiting for what it rests on; the reason is this person's.
    closed_by = models.CharField(max_length=200, blank=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["received_at", "id"]
        indexes: ClassVar[list[Any]] = [
            models.Index(
                fields=["received_at"], condition=Q(state="received"),
                name="payments_inbox_received",
            ),
            models.Index(fields=["company_id", "subject"], name="payments_inbox_subject"),
        ]  # fmt: skip
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                condition=~Q(state="closed")
                | (Q(closed_at__isnull=False) & ~Q(closed_by="") & ~Q(reason="")),
                name="payments_inbox_closed",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.event_id} {self.state}"

    @property
    def public_id(self) -> str:
        return encode(self.prefix, self.pk)
