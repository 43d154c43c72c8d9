"""Payouts of a bank file that did not arrive: refused by the bank, or the file never reached it."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.payments.models.payouts import Payout
from apps.tenancy.fence import FencedModel


class PayoutLoss(FencedModel):
    """One person says that it did not arrive, another confirms it; seen by the payer alone."""

    class State(models.TextChoices):
        ASKED = "asked", _("waits for approval")
        CONFIRMED = "confirmed", _("confirmed")
        DISCARDED = "discarded", _("discarded")

    prefix = "pls"

    payout = models.ForeignKey(Payout, on_delete=models.PROTECT, related_name="losses")
    reason = models.CharField(max_length=180)
    state = models.CharField(max_length=9, choices=State, default=State.ASKED)
    asked_by_id = models.BigIntegerField()
    asked_by = models.CharField(max_length=200)
    asked_at = models.DateTimeField()
    confirmed_by_id = models.BigIntegerField(null=True)
    confirmed_by = models.CharField(max_length=200, blank=True)
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-asked_at", "-id"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["author", "payout"], condition=~Q(state="discarded"),
                name="payments_loss_once",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by_id=None) | ~Q(confirmed_by_id=F("asked_by_id")),
                name="payments_loss_two_people",
            ),
            models.CheckConstraint(
                condition=Q(state="confirmed", confirmed_by_id__isnull=False,
                            confirmed_at__isnull=False)
                | (~Q(state="confirmed") & Q(confirmed_by_id=None)),
                name="payments_loss_confirmed",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.payout_id} {self.state}"
