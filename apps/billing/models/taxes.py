"""Tax rates by country and date: data."""

from typing import Any, ClassVar

from django.db import models


class TaxRate(models.Model):
    """A country's standard rate from a date on. Data, read-mostly, exempt from the fence."""

    id = models.AutoField(primary_key=True)
    country = models.CharField(max_length=2)
    category = models.CharField(max_length=2)
    percent = models.DecimalField(max_digits=5, decimal_places=2)
    valid_from = models.DateField()

    class Meta:
        ordering = ["country", "category", "valid_from"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["country", "category", "valid_from"], name="billing_tax_rate_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.country} {self.category} {self.percent}"
