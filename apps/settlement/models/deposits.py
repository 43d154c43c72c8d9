"""What happened to a contract's deposit: one frozen row a step, seen by provider and customer."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.common.fields import MinorField
from apps.settlement.domain.deposits import Step as StepCode
from apps.tenancy.fence import FencedModel


class DepositStep(FencedModel):
    """Asked for, received, returned or drawn; never revenue. `document_*`: what was paid by drawing."""

    class Step(models.TextChoices):
        ASKED = StepCode.ASKED, _("asked for")
        RECEIVED = StepCode.RECEIVED, _("received")
        RETURNED = StepCode.RETURNED, _("given back")
        DRAWN = StepCode.DRAWN, _("drawn")

    prefix = "dep"

    contract = models.ForeignKey(
        "contracts.Contract", on_delete=models.PROTECT, related_name="deposit_steps"
    )
    step = models.CharField(max_length=8, choices=Step)
    amount_minor = MinorField()
    currency = models.CharField(max_length=3)
    valued_on = models.DateField()
    note = models.CharField(max_length=200, blank=True)
    document_id = models.UUIDField(null=True)
    document_number = models.CharField(max_length=40, blank=True)
    noted_by = models.CharField(max_length=200)
    noted_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar[list[Any]] = ["-noted_at", "-id"]
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="settlement_deposit_amount"),
            models.CheckConstraint(
                condition=Q(step="drawn", document_id__isnull=False)
                | (~Q(step="drawn") & Q(document_id=None)),
                name="settlement_deposit_drawn",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.step} {self.amount_minor} {self.currency}"
