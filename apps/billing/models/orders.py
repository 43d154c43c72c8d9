"""A customer's purchase orders for a contract: until when and how much they allow to be billed."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q

from apps.common.fields import MinorField
from apps.tenancy.fence import FencedModel


class PurchaseOrder(FencedModel):
    """Noted by the provider. A contract that has one is billed only under a valid one."""

    prefix = "pon"

    contract = models.ForeignKey(
        "contracts.Contract", on_delete=models.PROTECT, related_name="purchase_orders"
    )
    number = models.CharField(max_length=80)
    valid_from = models.DateField()
    # The last day it covers; empty: until further notice.
    valid_until = models.DateField(null=True)
    # How much may be billed under it, net; empty: as much as there is.
    amount_minor = MinorField(null=True)
    currency = models.CharField(max_length=3)
    noted_at = models.DateTimeField()
    noted_by = models.CharField(max_length=200)

    class Meta:
        ordering = ["contract", "valid_from", "id"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["author", "contract", "number"], name="billing_order_once"
            ),
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gte=F("valid_from")),
                name="billing_order_span",
            ),
            models.CheckConstraint(
                condition=Q(amount_minor=None) | Q(amount_minor__gt=0),
                name="billing_order_amount",
            ),
        ]

    def __str__(self) -> str:
        return self.number
