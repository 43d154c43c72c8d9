"""What a person does to what is owed: notes a payment, writes the rest off."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from apps.billing.models.receivables import Receivable
from apps.common.fields import MinorField
from apps.tenancy.fence import FencedModel


class NotedPayment(FencedModel):
    """A payment a person saw on a bank statement; frozen, its key is the allocation's source."""

    prefix = "npm"

    receivable = models.ForeignKey(
        Receivable, on_delete=models.PROTECT, related_name="noted_payments"
    )
    amount_minor = MinorField()
    currency = models.CharField(max_length=3)
    received_on = models.DateField()
    bank = models.CharField(max_length=80, blank=True)
    reference = models.CharField(max_length=140, blank=True)
    noted_at = models.DateTimeField()
    noted_by = models.CharField(max_length=200)

    class Meta:
        ordering = ["received_on", "id"]
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0), name="billing_noted_payment_amount"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount_minor} {self.currency}"


class WriteOff(FencedModel):
    """The issuer gives up what is open. The customer sees that nothing is asked any more."""

    prefix = "wof"

    receivable = models.ForeignKey(Receivable, on_delete=models.PROTECT, related_name="write_offs")
    amount_minor = MinorField()
    currency = models.CharField(max_length=3)
    reason = models.CharField(max_length=500)
    written_off_at = models.DateTimeField()
    written_off_by = models.CharField(max_length=200)

    class Meta:
        ordering = ["written_off_at", "id"]
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0), name="billing_write_off_amount"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount_minor} {self.currency}"
