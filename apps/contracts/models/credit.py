"""How much of a customer's credit is used, as billing last counted it."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q

from apps.common.fields import MinorField
from apps.tenancy.fence import FencedModel


class CreditUse(FencedModel):
    """Of one customer and currency; seen by the provider alone. Who counts it writes it (`note_credit_use`).

    `limit_minor` is the sum of the limits of its contracts in force.
    """

    prefix = "cru"

    customer = models.ForeignKey("tenancy.Company", on_delete=models.PROTECT, related_name="+")
    customer_name = models.CharField(max_length=120)
    currency = models.CharField(max_length=3)
    limit_minor = MinorField()
    open_minor = MinorField()
    overdue_minor = MinorField()
    unbilled_minor = MinorField()
    counted_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar[list[Any]] = ["customer_name", "currency"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["author", "customer", "currency"], name="contracts_credit_once"
            ),
            models.CheckConstraint(
                condition=Q(limit_minor__gte=0) & ~Q(author=F("customer")),
                name="contracts_credit_sums",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.customer_name} {self.currency}"

    @property
    def used_minor(self) -> int:
        """Open (what is overdue is part of it) and not billed yet."""
        return self.open_minor + self.unbilled_minor

    @property
    def is_above(self) -> bool:
        return self.used_minor > self.limit_minor
