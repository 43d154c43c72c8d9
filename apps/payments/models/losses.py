"""Payouts of a bank file that did not arrive: refused by the bank, or the file never reached it."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.payments.models.approving import TwoPeople, not_alone
from apps.payments.models.payouts import Payout


class PayoutLoss(TwoPeople):
    """One person says that it did not arrive, another confirms it; seen by the payer alone."""

    class State(models.TextChoices):
        ASKED = "asked", _("waits for approval")
        CONFIRMED = "confirmed", _("confirmed")
        DISCARDED = "discarded", _("discarded")

    prefix = "pls"
    asker = "asked_by_id"
    told_asker = _("You said that it did not arrive; a second person confirms it.")

    payout = models.ForeignKey(Payout, on_delete=models.PROTECT, related_name="losses")
    reason = models.CharField(max_length=180)
    state = models.CharField(max_length=9, choices=State, default=State.ASKED)
    asked_by_id = models.BigIntegerField()
    asked_by = models.CharField(max_length=200)
    asked_at = models.DateTimeField()

    class Meta:
        ordering = ["-asked_at", "-id"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["author", "payout"], condition=~Q(state="discarded"),
                name="payments_loss_once",
            ),
            not_alone("payments_loss_two_people", "asked_by_id"),
            models.CheckConstraint(
                condition=Q(state="confirmed", approved_by_id__isnull=False,
                            approved_at__isnull=False)
                | (~Q(state="confirmed") & Q(approved_by_id=None)),
                name="payments_loss_confirmed",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.payout_id} {self.state}"
