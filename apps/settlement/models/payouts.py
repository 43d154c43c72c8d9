"""What is to be paid to a partner: the link between the ledger and a payout of `payments`."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.common.fields import MinorField
from apps.tenancy.fence import FencedModel


class PayoutRequest(FencedModel):
    """All that was payable to a partner and not frozen, in one currency at one moment. Its public id is the payout's
    reference."""

    class State(models.TextChoices):
        REQUESTED = "requested", _("being paid out")
        PAID = "paid", _("paid out")
        RETURNED = "returned", _("returned")

    prefix = "prq"

    partner = models.ForeignKey("tenancy.Company", on_delete=models.PROTECT, related_name="+")
    partner_name = models.CharField(max_length=120)
    owner_name = models.CharField(max_length=120)
    amount_minor = MinorField()
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=9, choices=State, default=State.REQUESTED)
    requested_at = models.DateTimeField()
    moved_at = models.DateTimeField()

    class Meta:
        ordering = ["-requested_at", "-id"]
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0) & ~Q(author=F("partner")),
                name="settlement_payout_amount",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.partner_name} {self.amount_minor} {self.currency}"
