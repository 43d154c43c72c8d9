"""Published series that prices may follow."""

from typing import Any, ClassVar

from django.db import models

from apps.common.fields import QuantityField
from apps.tenancy.fence import FencedModel


class PriceIndexSeries(FencedModel):
    """A published series that prices may follow; seen by customers whose contract uses it."""

    prefix = "pix"

    code = models.CharField(max_length=40)
    name = models.CharField(max_length=120)
    source = models.CharField(max_length=300, blank=True)
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["code"]
        verbose_name_plural = "price index series"
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["author", "code"], name="contracts_series_code"),
        ]

    def __str__(self) -> str:
        return self.name


class PriceIndexValue(FencedModel):
    """One published value. Removed and entered again when it was mistyped, never changed."""

    prefix = "piv"

    series = models.ForeignKey(PriceIndexSeries, on_delete=models.CASCADE, related_name="values")
    reference = models.CharField(max_length=10)
    value = QuantityField()
    published_on = models.DateField()
    entered_at = models.DateTimeField()

    class Meta:
        ordering = ["series", "published_on", "reference"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["author", "series", "reference"], name="contracts_index_reference"
            ),
            models.CheckConstraint(condition=models.Q(value__gte=0), name="contracts_index_value"),
        ]

    def __str__(self) -> str:
        return f"{self.reference} {self.value}"
